"""The messages between the server and a transcoder process. Pure.

For each frame, standard input carries a REQUEST and its access unit. Standard output carries
ANSWERs, each with its bytes. READY is sent once. Each request is answered by a FRAME or KEYFRAME
for each result and then DONE, or by BROKEN. FAILED, with a reason, is the last answer.
"""

from enum import IntEnum, IntFlag
from struct import Struct

REQUEST = Struct("!IqB")
"""Number of bytes that follow, timestamp, flags."""
ANSWER = Struct("!IqB")
"""Number of bytes that follow, timestamp, kind."""


class RequestFlag(IntFlag):
    NONE = 0
    KEYFRAME = 1
    """Encode the frame as an IDR."""
    SKIP = 2
    """Only decode the frame."""


class Kind(IntEnum):
    READY = 0
    FRAME = 1
    KEYFRAME = 2
    DONE = 3
    BROKEN = 4
    FAILED = 5
