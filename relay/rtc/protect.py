"""SRTP in place: a whole frame for one viewer without a Python object for each packet.

`Session.protect` of pylibsrtp copies a packet into its own buffer and back out, which costs as much
as the encryption. Here libsrtp works on one buffer that all sessions of the process share; what is
in it is sent before the next viewer's turn. `tests/relay/rtc/test_seam.py` checks the names.
"""

from struct import Struct

import pylibsrtp
from pylibsrtp._binding import ffi, lib

from relay.rtc.batch import Batch

_SCRATCH = bytearray(65_536)
_VIEW = memoryview(_SCRATCH)
_BASE = ffi.from_buffer(_SCRATCH)
_LENGTH = ffi.new("int *")
_PACK = Struct("!BHI").pack_into
_PROTECT = lib.srtp_protect


class Protector:
    """One peer's outgoing SRTP. `tag`: bytes that protection adds to a packet."""

    def __init__(self, session: pylibsrtp.Session, tag: int) -> None:
        self._session = session
        self._context = session._srtp[0]
        self.tag = tag

    def protect(self, batch: Batch, payload_type: int, sequence: int, timestamp: int) -> memoryview:
        """The batch's packets, numbered from `sequence`, valid until the next call of any
        Protector. Raises pylibsrtp.Error.
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
