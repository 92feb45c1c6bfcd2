"""DTLS and SRTP of one peer, with aiortc's RTCDtlsTransport.

aiortc reads its datagrams from an ICE transport. This module replaces the ICE transport with a
small queue for DTLS datagrams. Media datagrams skip the queue: the call that delivers a media
datagram decrypts it with `unprotect_rtp`.

`tests/relay/rtc/test_seam.py` checks every private name of aiortc that this module uses.
"""

import asyncio
import datetime
from collections.abc import Callable
from typing import Final

import pylibsrtp
from aiortc.rtcdtlstransport import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    SRTPProtectionProfile,
    State,
)
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL

from relay.callbacks import ignore
from relay.rtc.protect import Protector, Unprotector

PIPE_MAX = 32
"""Maximum number of DTLS datagrams in the queue. A handshake needs about ten datagrams."""

_HANDSHAKE = 22
"""Content type of handshake records (RFC 6347 §4.1). The records that contain the peer's
certificate are not encrypted.
"""
_P224 = bytes.fromhex("06052b81040021")
"""OID of the curve secp224r1 (1.3.132.0.33), as encoded in certificates (RFC 5480 §2.1.1.1)."""

_CONNECTED: Final = State.CONNECTED

SrtpError: type[Exception] = pylibsrtp.Error


class _Pipe:
    """A queue of DTLS datagrams that replaces the ICE transport of an RTCDtlsTransport."""

    role = "controlled"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send_now = send
        # The queue has one place more than PIPE_MAX, so that the end marker always fits.
        self._datagrams: asyncio.Queue[bytes | None] = asyncio.Queue(PIPE_MAX + 1)
        self.used = asyncio.Event()
        """Event that is set as soon as the first datagram arrives or the pipe is closed."""
        self.abandoned = False
        """Whether the pipe was closed before the first datagram."""

    async def _recv(self) -> bytes:
        data = await self._datagrams.get()
        if data is None:
            raise ConnectionError("the session was closed")
        return data

    async def _send(self, data: bytes) -> None:
        self._send_now(data)

    def put(self, data: bytes) -> bool:
        if self._datagrams.qsize() >= PIPE_MAX:
            return False
        self._datagrams.put_nowait(data)
        self.used.set()
        return True

    def close(self) -> None:
        """Stops sending. `_recv` returns the datagrams that are still in the queue, and then raises
        ConnectionError.
        """
        self._send_now = ignore
        self.abandoned = not self.used.is_set()
        self.used.set()
        if not self._datagrams.full():
            self._datagrams.put_nowait(None)


class _Certificate(RTCCertificate):
    """A certificate with one OpenSSL context, which all connections share. A separate context would
    take 19 KB for each connection.
    """

    def __init__(self, key: ec.EllipticCurvePrivateKey, cert: x509.Certificate) -> None:
        super().__init__(key, cert)
        self._context: SSL.Context | None = None

    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> SSL.Context:
        if self._context is None:
            self._context = super()._create_ssl_context(srtp_profiles)
            # Disable session resumption. A resumed session would not check the peer's certificate,
            # and a session cache would keep memory for each past connection.
            self._context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        return self._context


_certificate: RTCCertificate | None = None


def certificate() -> RTCCertificate:
    """Returns the DTLS certificate (P-256) of this process. A new certificate is made a week before
    the old certificate expires.
    """
    global _certificate
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=7)
    if _certificate is None or _certificate.expires < soon:
        _certificate = _Certificate.generateCertificate()
    return _certificate


def fingerprint() -> str:
    """Returns the SHA-256 fingerprint of this process's certificate, in the format of the SDP
    attribute `fingerprint`.
    """
    return next(
        f"{item.algorithm} {item.value}"
        for item in certificate().getFingerprints()
        if item.algorithm == "sha-256"
    )


class DtlsSrtp:
    """The encrypted transport to one peer. `on_closed` is called when the peer closes the
    connection.
    """

    def __init__(self, send: Callable[[bytes], None], on_closed: Callable[[], None]) -> None:
        self._pipe = _Pipe(send)
        self._on_closed = on_closed
        self._refused_curve = False
        self._unprotector: Unprotector | None = None
        """Decrypts RTP packets; None until the handshake is complete."""
        self._transport = RTCDtlsTransport(self._pipe, [certificate()])  # type: ignore[arg-type]
        self._transport.on("statechange", self._state_changed)

    @property
    def connected(self) -> bool:
        # This code runs for each packet that the server sends. aiortc's property `state` would
        # create a string each time.
        return self._transport._state is _CONNECTED

    async def handshake(self, fingerprints: list[tuple[str, str]], *, client: bool) -> None:
        """Performs the handshake and checks that the peer's certificate matches the fingerprint in
        the peer's offer.

        Raises ConnectionError if the handshake or the check fails.
        """
        self._transport._set_role("client" if client else "server")
        if not client:
            # OpenSSL allocates 58 KB for a connection. Wait for the first DTLS datagram, so that a
            # peer that sends only STUN does not cost this memory.
            await self._pipe.used.wait()
            if self._pipe.abandoned:
                raise ConnectionError("the session was closed")
        await self._transport.start(
            RTCDtlsParameters(
                fingerprints=[
                    RTCDtlsFingerprint(algorithm=algorithm, value=value)
                    for algorithm, value in fingerprints
                ]
            )
        )
        if self._transport.state != "connected":
            raise ConnectionError(f"the DTLS handshake failed: {self._failure()}")
        self._unprotector = Unprotector(self._transport._rx_srtp)

    def _failure(self) -> str:
        """Returns the likely reason why the handshake failed. aiortc does not report OpenSSL's
        reason. For a certificate on an unsupported curve, OpenSSL reports no reason at all.
        """
        if self._transport.encrypted:
            return "the peer's certificate does not match the fingerprint in its offer"
        if self._refused_curve:
            return (
                "the peer's certificate is on the curve P-224, FFmpeg's default: give FFmpeg one "
                "on P-256 with cert_file and key_file"
            )
        return "the peer refused the handshake, closed the connection, or sent other data"

    def receive(self, data: bytes) -> bool:
        """Takes a DTLS datagram from the peer. Returns False if the queue is full."""
        if data[0] == _HANDSHAKE and not self._transport.encrypted and _P224 in data:
            self._refused_curve = True
        return self._pipe.put(data)

    def unprotect_rtp(self, data: bytes) -> bytes:
        """Decrypts an RTP packet. Raises SrtpError if the packet is forged or was received before
        (replay), and ValueError if the packet is too long. Call this after the handshake.
        """
        unprotector = self._unprotector
        assert unprotector is not None
        return unprotector.unprotect(data)

    def unprotect_rtcp(self, data: bytes) -> bytes:
        plain: bytes = self._transport._rx_srtp.unprotect_rtcp(data)
        return plain

    def protect_rtp(self, data: bytes) -> bytes:
        secret: bytes = self._transport._tx_srtp.protect(data)
        return secret

    def protector(self) -> Protector:
        """Returns an object that encrypts outgoing packets. Call this after the handshake."""
        assert self._transport._ssl is not None
        # The authentication tag has 16 bytes with GCM (RFC 7714 §12) and 10 bytes with AES-CM and
        # SHA1-80 (RFC 5764 §4.1.2).
        profile = self._transport._ssl.get_selected_srtp_profile()
        return Protector(self._transport._tx_srtp, 16 if b"AEAD" in profile else 10)

    def protect_rtcp(self, data: bytes) -> bytes:
        secret: bytes = self._transport._tx_srtp.protect_rtcp(data)
        return secret

    async def close(self) -> None:
        """Closes the connection, aborts a handshake in progress, and ends aiortc's task.

        Drops the callbacks: a callback references the owner of this object, and the owner
        references this object. This reference cycle would keep the memory of OpenSSL and libsrtp
        until a full garbage collection.
        """
        self._transport.remove_all_listeners()
        self._on_closed = ignore
        task = self._transport._task
        await self._transport.stop()
        self._pipe.close()
        if task is not None:
            await asyncio.wait([task])

    def _state_changed(self) -> None:
        if self._transport.state in ("closed", "failed"):
            self._on_closed()
