"""DTLS and SRTP of one peer, by aiortc's RTCDtlsTransport.

aiortc expects an ICE transport under it that it can wait on for datagrams. It gets a small bounded
pipe that carries DTLS datagrams only: media never passes it, but goes to `unprotect` in the call in
which it arrived. `tests/relay/rtc/test_seam.py` checks every name of aiortc used here.
"""

import asyncio
import datetime
from collections.abc import Callable

import pylibsrtp
from aiortc.rtcdtlstransport import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
)

from relay.callbacks import ignore
from relay.rtc.protect import Protector

PIPE_MAX = 32
"""DTLS datagrams waiting at most; a handshake has some ten."""

_HANDSHAKE = 22
"""The record's content type (RFC 6347 §4.1); until the keys are agreed on it is readable."""
_P224 = bytes.fromhex("06052b81040021")
"""The curve secp224r1 (OID 1.3.132.0.33) as certificates name it (RFC 5480 §2.1.1.1)."""

SrtpError: type[Exception] = pylibsrtp.Error


class _Pipe:
    """What RTCDtlsTransport sees of ICE."""

    role = "controlled"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send_now = send
        # One place more than datagrams may take, so that the end always fits in.
        self._datagrams: asyncio.Queue[bytes | None] = asyncio.Queue(PIPE_MAX + 1)

    async def _recv(self) -> bytes:
        data = await self._datagrams.get()
        if data is None:
            raise ConnectionError("the session was closed")
        return data

    async def _send(self, data: bytes) -> None:
        self._send_now(data)

    def feed(self, data: bytes) -> bool:
        if self._datagrams.qsize() >= PIPE_MAX:
            return False
        self._datagrams.put_nowait(data)
        return True

    def close(self) -> None:
        """Nothing goes out any more; whoever waits in `_recv` gets a ConnectionError, now or behind
        what has arrived.
        """
        self._send_now = ignore
        if not self._datagrams.full():
            self._datagrams.put_nowait(None)


_certificate: RTCCertificate | None = None


def certificate() -> RTCCertificate:
    """This process's DTLS certificate (P-256), renewed well before it expires."""
    global _certificate
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=7)
    if _certificate is None or _certificate.expires < soon:
        _certificate = RTCCertificate.generateCertificate()
    return _certificate


def fingerprint() -> str:
    """The certificate's SHA-256 fingerprint as `a=fingerprint` has it."""
    return next(
        f"{item.algorithm} {item.value}"
        for item in certificate().getFingerprints()
        if item.algorithm == "sha-256"
    )


class DtlsSrtp:
    """The encrypted transport to one peer."""

    def __init__(self, send: Callable[[bytes], None], on_closed: Callable[[], None]) -> None:
        self._pipe = _Pipe(send)
        self._on_closed = on_closed
        self._refused_curve = False
        self._transport = RTCDtlsTransport(self._pipe, [certificate()])  # type: ignore[arg-type]
        self._transport.on("statechange", self._state_changed)

    @property
    def connected(self) -> bool:
        return self._transport.state == "connected"

    async def handshake(self, fingerprints: list[tuple[str, str]], *, client: bool) -> None:
        """Completes the handshake as client or server and checks that the peer is who its offer
        says. Raises ConnectionError if it is not.
        """
        self._transport._set_role("client" if client else "server")
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

    def _failure(self) -> str:
        """aiortc keeps OpenSSL's reason to itself, and OpenSSL has none for a certificate on a
        curve that it does not offer.
        """
        if self._transport.encrypted:
            return "the peer's certificate is not the one whose fingerprint its offer has"
        if self._refused_curve:
            return (
                "the peer's certificate is on the curve P-224, as FFmpeg makes itself one: "
                "give it one on P-256 with cert_file and key_file"
            )
        return "the peer refused it, hung up, or spoke something else"

    def receive(self, data: bytes) -> bool:
        """Takes a DTLS datagram; False where too many wait already."""
        if data[0] == _HANDSHAKE and not self._transport.encrypted and _P224 in data:
            self._refused_curve = True
        return self._pipe.feed(data)

    def unprotect_rtp(self, data: bytes) -> bytes:
        """Raises SrtpError on what the peer did not send, or sent before (replay)."""
        plain: bytes = self._transport._rx_srtp.unprotect(data)
        return plain

    def unprotect_rtcp(self, data: bytes) -> bytes:
        plain: bytes = self._transport._rx_srtp.unprotect_rtcp(data)
        return plain

    def protect_rtp(self, data: bytes) -> bytes:
        secret: bytes = self._transport._tx_srtp.protect(data)
        return secret

    def protector(self) -> Protector:
        """For many packets at a time. The tag of the GCM profiles is of 16 bytes (RFC 7714 §12),
        that of AES-CM with SHA1-80 of 10 (RFC 5764 §4.1.2).
        """
        assert self._transport._ssl is not None
        profile = self._transport._ssl.get_selected_srtp_profile()
        return Protector(self._transport._tx_srtp, 16 if b"AEAD" in profile else 10)

    def protect_rtcp(self, data: bytes) -> bytes:
        secret: bytes = self._transport._tx_srtp.protect_rtcp(data)
        return secret

    async def close(self) -> None:
        """Says goodbye to the peer and ends aiortc's task, and a handshake that is under way.
        Neither callback is held after this, so that no circle with their owner keeps OpenSSL's and
        libsrtp's memory until a full garbage collection.
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
