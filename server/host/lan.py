"""Access for a phone on the same Wi-Fi: a certificate for the addresses of this machine.

A page may use the camera in a secure context only, so the phone needs HTTPS. No authority signs
certificates for 192.168.x.y, so the certificate is self-signed, and the phone shows a warning once.
"""

import datetime
import ipaddress
import os
import socket
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CERTIFICATE_NAME = "lan-certificate.pem"
KEY_NAME = "lan-key.pem"

VALID = datetime.timedelta(
    days=397
    # The maximum validity that browsers accept (CA/Browser Forum Baseline Requirements §6.3.2).
    # Apple applies this limit to every certificate.
)
RENEW_BEFORE = datetime.timedelta(days=7)


def self_signed(data: Path, addresses: Sequence[str]) -> tuple[Path, Path]:
    """Returns the paths of two PEM files in `data`: a certificate and its key. The certificate is
    self-signed and covers `addresses`, the host name and `localhost`.

    A stored certificate is reused while it covers every address and is valid for another week, so
    that a phone shows its warning only once. Raises OSError.
    """
    certificate, key = data / CERTIFICATE_NAME, data / KEY_NAME
    now = datetime.datetime.now(datetime.UTC)
    if not _serves(certificate, key, addresses, now):
        _make(certificate, key, addresses, now)
    return certificate, key


def _serves(certificate: Path, key: Path, addresses: Sequence[str], now: datetime.datetime) -> bool:
    try:
        made = x509.load_pem_x509_certificate(certificate.read_bytes())
        private = serialization.load_pem_private_key(key.read_bytes(), password=None)
        named = made.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        ).value.get_values_for_type(x509.IPAddress)
    except (
        FileNotFoundError,
        ValueError,
        TypeError,
        x509.ExtensionNotFound,
    ):  # missing or incomplete
        return False
    return (
        made.public_key() == private.public_key()
        and {ipaddress.ip_address(address) for address in addresses} <= set(named)
        and made.not_valid_before_utc <= now
        and made.not_valid_after_utc - now > RENEW_BEFORE
    )


def _make(certificate: Path, key: Path, addresses: Sequence[str], now: datetime.datetime) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "microlive on this network")])
    begin = now - datetime.timedelta(days=1)  # for a phone whose clock is behind
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(
            begin + VALID - datetime.timedelta(seconds=1)
        )  # the last second is included (RFC 5280 §4.1.2.5)
        .add_extension(x509.SubjectAlternativeName(_names(addresses)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
        )  # iOS requires it
        .sign(private, hashes.SHA256())
    )
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    # A crash between the two writes leaves a key and a certificate that do not match. `_serves`
    # detects this mismatch.
    _write(key, pem, 0o600)
    _write(certificate, made.public_bytes(serialization.Encoding.PEM), 0o644)


def _names(addresses: Sequence[str]) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = [
        x509.IPAddress(ipaddress.ip_address(address)) for address in addresses
    ]
    for host in dict.fromkeys(["localhost", socket.gethostname()]):
        with suppress(ValueError):  # a certificate cannot contain a host name that is not ASCII
            names.append(x509.DNSName(host))
    return names


def _write(path: Path, content: bytes, mode: int) -> None:
    """Replaces the file atomically. The file never has wider permissions than `mode`."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # mode 0600
    try:
        with open(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
