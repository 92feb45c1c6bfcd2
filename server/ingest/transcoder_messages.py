"""The messages between the server and a transcoder process. Pure.

The server sends requests to the process. A request consists of a REQUEST header and the access unit
of a frame. The process sends answers. An answer consists of an ANSWER header and a payload.

The first answer is READY. For each request, the process sends a FRAME or KEYFRAME for each
transcoded frame, then DONE. If the process cannot decode the frame, it sends BROKEN instead of
DONE. If the process decodes a picture and drops the picture because of SHOWN, it sends DECODED
before DONE. FAILED is the last answer. The payload of FAILED is the reason.
"""

from enum import IntEnum, IntFlag
from struct import Struct

REQUEST = Struct("!IqB")
"""Header of a request: payload length in bytes, timestamp, flags (RequestFlag)."""
ANSWER = Struct("!IqB")
"""Header of an answer: payload length in bytes, timestamp, kind (Kind)."""


class RequestFlag(IntFlag):
    NONE = 0
    KEYFRAME = 1
    """The process encodes the frame as an IDR."""
    SKIP = 2
    """The process decodes the frame but does not encode it."""
    SHOWN = 4
    """Viewers have seen the frame or a later one. The process encodes only pictures with later
    timestamps.
    """


class Kind(IntEnum):
    READY = 0
    FRAME = 1
    KEYFRAME = 2
    DONE = 3
    BROKEN = 4
    FAILED = 5
    DECODED = 6
