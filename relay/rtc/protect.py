"""Encrypts all RTP packets of a frame in place, without a Python object for each packet. Decrypts
single packets with fewer steps than pylibsrtp's `Session.unprotect`.

pylibsrtp's `Session.protect` copies every packet twice, which costs as much as the encryption. This
module calls libsrtp on one buffer that all sessions of the process share. So a session must send
its encrypted packets before any session encrypts or decrypts again.

`tests/relay/rtc/test_protect.py` checks the private names of pylibsrtp that this module uses.
"""

from struct import Struct
from typing import Final

import pylibsrtp
from pylibsrtp._binding import ffi, lib

from relay.rtc.batch import Batch

_SCRATCH = bytearray(65_536)
_VIEW = memoryview(_SCRATCH)
_BASE = ffi.from_buffer(_SCRATCH)
_BUFFER = ffi.buffer(_BASE, len(_SCRATCH))
_LENGTH = ffi.new("int *")
_PACK = Struct("!BHI").pack_into
_PROTECT = lib.srtp_protect
_UNPROTECT = lib.srtp_unprotect

PACKET_MAX: Final = 1_500
"""Maximum size of a packet to decrypt, bytes."""


class Protector:
    """Encrypts the packets that the server sends to one peer. `tag`: number of bytes that SRTP adds
    to each packet.
    """

    def __init__(self, session: pylibsrtp.Session, tag: int) -> None:
        self._session = session
        self._context = session._srtp[0]
        self.tag = tag

    def protect(self, batch: Batch, payload_type: int, sequence: int, timestamp: int) -> memoryview:
        """Returns the encrypted packets of a batch, with sequence numbers from `sequence` on.

        The returned view is valid until any Protector encrypts the next batch. Raises
        pylibsrtp.Error if the encryption fails.
        """
        size = len(batch.template)
        _SCRATCH[:size] = batch.template
        context, segment, at = self._context, batch.segment, 0
        for length, marker in batch.packets:
            _PACK(_SCRATCH, at + 1, payload_type | marker, sequence & 0xFFFF, timestamp)
            _LENGTH[0] = length
            if _PROTECT(context, _BASE + at, _LENGTH):
                raise pylibsrtp.Error("libsrtp could not protect a packet")
            sequence += 1
            at += segment
        return _VIEW[:size]


class Unprotector:
    """Decrypts the RTP packets of one peer."""

    __slots__ = ("_context", "_session")

    def __init__(self, session: pylibsrtp.Session) -> None:
        self._session = session
        self._context = session._srtp[0]

    def unprotect(self, data: bytes) -> bytes:
        """Returns the decrypted packet. Raises pylibsrtp.Error if the packet is forged or was
        received before (replay), and ValueError if the packet is longer than PACKET_MAX.
        """
        size = len(data)
        if size > PACKET_MAX:
            raise ValueError("packet is too long")
        _BUFFER[0:size] = data
        _LENGTH[0] = size
        if _UNPROTECT(self._context, _BASE, _LENGTH):
            raise pylibsrtp.Error("libsrtp could not decrypt a packet")
        plain: bytes = _BUFFER[0 : _LENGTH[0]]
        return plain
