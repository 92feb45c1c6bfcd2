"""The names in a certificate."""

import datetime
import socket
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from server.host.certificate import names_in
from server.host.lan import self_signed


def test_names_and_addresses(tmp_path: Path) -> None:
    certificate, _ = self_signed(tmp_path, ["192.168.1.2", "2001:db8::1"])
    assert set(names_in(certificate)) == {
        "192.168.1.2",
        "2001:db8::1",
        "localhost",
        socket.gethostname(),
    }


def test_the_first_certificate_of_a_chain_counts(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
    first, _ = self_signed(tmp_path / "a", ["192.168.1.2"])
    second, _ = self_signed(tmp_path / "b", ["10.0.0.1"])
    chain = tmp_path / "chain.pem"
    chain.write_bytes(first.read_bytes() + second.read_bytes())
    assert "192.168.1.2" in names_in(chain) and "10.0.0.1" not in names_in(chain)


def test_a_certificate_without_names(tmp_path: Path) -> None:
    """Browsers accept no certificate whose only name is in its subject."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "live.example")])
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now).sign(
        key, hashes.SHA256()
    )
    path = tmp_path / "a.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    assert names_in(path) == []


def test_no_certificate(tmp_path: Path) -> None:
    path = tmp_path / "a.pem"
    path.write_text("none")
    with pytest.raises(ValueError):
        names_in(path)
