"""The messages between the server and a transcoder process. Pure.

The server writes requests to the process's standard input: for each frame, a REQUEST header and the
access unit. The process writes answers to its standard output, each an ANSWER header and its
payload. It sends READY once, at the start. It answers each request with a FRAME or KEYFRAME for
each result and then DONE, or with BROKEN if the frame cannot be decoded. FAILED is its last answer;
the payload is the reason.
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


class Kind(IntEnum):
    READY = 0
    FRAME = 1
    KEYFRAME = 2
    DONE = 3
    BROKEN = 4
    FAILED = 5
