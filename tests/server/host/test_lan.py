"""The self-signed certificate of --lan."""

import datetime
import socket
import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509

from server.host import lan


def load(certificate: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(certificate.read_bytes())


def test_the_certificate_is_valid_for_every_address(tmp_path: Path) -> None:
    certificate, key = lan.self_signed(tmp_path, ["192.168.1.2", "2606:4700::1111", "127.0.0.1"])
    names = load(certificate).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {str(ip) for ip in names.get_values_for_type(x509.IPAddress)} == {
        "192.168.1.2",
        "2606:4700::1111",
        "127.0.0.1",
    }
    assert {"localhost", socket.gethostname()} <= set(names.get_values_for_type(x509.DNSName))
    assert load(certificate).not_valid_after_utc - load(
        certificate
    ).not_valid_before_utc < datetime.timedelta(days=397)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    for name in ("127.0.0.1", "localhost", "2606:4700::1111"):
        handshake(certificate, key, name)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(certificate, key, "192.168.1.3")


def handshake(certificate: Path, key: Path, name: str) -> None:
    """A TLS handshake in memory, with a client that trusts this certificate and checks the name."""
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(certificate, key)
    upward, downward = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_context.wrap_bio(upward, downward, server_side=True)
    client = ssl.create_default_context(cafile=str(certificate)).wrap_bio(
        downward, upward, server_hostname=name
    )
    done: set[ssl.SSLObject] = set()
    for _ in range(10):
        for side in (client, server):
            try:
                side.do_handshake()
                done.add(side)
            except ssl.SSLWantReadError:
                pass
        if len(done) == 2:
            return
    raise AssertionError("the handshake did not end")


def test_a_certificate_is_kept_until_an_address_is_new(tmp_path: Path) -> None:
    first = lan.self_signed(tmp_path, ["192.168.1.2", "10.0.0.1"])[0].read_bytes()
    assert lan.self_signed(tmp_path, ["10.0.0.1"])[0].read_bytes() == first
    assert lan.self_signed(tmp_path, ["10.0.0.1", "10.0.0.2"])[0].read_bytes() != first


@pytest.mark.parametrize(
    ("days", "kept"), [(0, True), (388, True), (390, False), (400, False), (-2, False)]
)
def test_it_is_renewed_a_week_before_it_expires(tmp_path: Path, days: int, kept: bool) -> None:
    certificate, key = lan.self_signed(tmp_path, ["10.0.0.1"])
    at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
    assert lan._serves(certificate, key, ["10.0.0.1"], at) is kept


@pytest.mark.parametrize("name", [lan.CERTIFICATE_NAME, lan.KEY_NAME])
@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN CERTIFICATE-----\nAAAA"])
def test_a_missing_or_incomplete_file_is_replaced(
    tmp_path: Path, name: str, content: bytes | None
) -> None:
    first = lan.self_signed(tmp_path, ["127.0.0.1"])[0].read_bytes()
    if content is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(content)
    certificate, key = lan.self_signed(tmp_path, ["127.0.0.1"])
    assert certificate.read_bytes() != first
    handshake(certificate, key, "127.0.0.1")


def test_a_key_of_another_certificate_is_detected(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    certificate, key = lan.self_signed(tmp_path / "a", ["127.0.0.1"])
    lan.self_signed(tmp_path / "b", ["127.0.0.1"])[1].replace(key)
    handshake(*lan.self_signed(tmp_path / "a", ["127.0.0.1"]), "127.0.0.1")


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    with pytest.raises(OSError):
        lan._write(tmp_path / "target", b"x", 0o600)
    assert [path.name for path in tmp_path.iterdir()] == ["target"]
