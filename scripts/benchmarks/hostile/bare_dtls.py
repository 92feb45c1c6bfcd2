"""The client end of a DTLS handshake. The handshake may stop at any message. The certificate may
have an unknown version.
"""

import contextlib

from aiortc.rtcdtlstransport import generate_certificate
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL, crypto

PROFILES = b"SRTP_AES128_CM_SHA1_80"
VERSION_3, VERSION_6 = b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x05"
"""Version field of an X.509 certificate (RFC 5280 §4.1.2.1): the usual version, and version 6."""
DATAGRAM_MAX = 1_500


class StrangeCertificate:
    """A certificate whose version field says version 6. The private key is valid."""

    def __init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        usual = generate_certificate(key)
        der = usual.public_bytes(serialization.Encoding.DER)
        self.certificate = crypto.load_certificate(
            crypto.FILETYPE_ASN1, der.replace(VERSION_3, VERSION_6, 1)
        )
        self.key = crypto.PKey.from_cryptography_key(key)
        self.fingerprint = self.certificate.digest("sha256").decode()


class BareDtls:
    """The client end of a DTLS connection. Takes and returns datagrams, and needs no socket."""

    def __init__(self, strange: StrangeCertificate | None = None) -> None:
        context = SSL.Context(SSL.DTLS_METHOD)
        context.set_verify(SSL.VERIFY_NONE, lambda *_: True)
        context.set_tlsext_use_srtp(PROFILES)
        if strange:
            context.use_certificate(strange.certificate)
            context.use_privatekey(strange.key)
        self._connection = SSL.Connection(context)
        self._connection.set_connect_state()

    def start(self) -> list[bytes]:
        """Returns the first datagrams of the handshake."""
        return self._continue()

    def receive(self, data: bytes) -> list[bytes]:
        """Takes a datagram of the server. Returns the datagrams to send."""
        self._connection.bio_write(data)
        return self._continue()

    def _continue(self) -> list[bytes]:
        with contextlib.suppress(SSL.Error):
            self._connection.do_handshake()
        found = []
        with contextlib.suppress(SSL.Error):
            while True:
                found.append(self._connection.bio_read(DATAGRAM_MAX))
        return found


def client_hello() -> bytes:
    """Returns the first datagram of a DTLS handshake. Any number of handshakes may begin with the
    same datagram.
    """
    return BareDtls().start()[0]
