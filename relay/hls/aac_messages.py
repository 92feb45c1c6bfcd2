"""The messages between the server and an AAC encoder process. Pure.

The server sends requests. A request consists of the number of packets (COUNT) and, for each packet,
a PACKET header and the Opus packet. The process sends one answer to each request. The answer begins
with the number of bytes that follow (COUNT). After this number, the answer contains a FRAME header
and the frame for each AAC frame.
"""

from collections.abc import Sequence
from struct import Struct, error

from relay.errors import BitstreamError
from relay.media.aac import FRAME, OpusPacket

COUNT = Struct("!I")
PACKET = Struct("!HHB")
"""Header of a packet: length in bytes, duration in 48 kHz ticks, whether the encoder restarts."""
_FRAME = Struct("!HH")
"""Header of an AAC frame: index of the packet that completed the frame, length in bytes."""

MAX_PACKETS = 50
"""Maximum number of packets in a request: usually a second of audio."""
MAX_FRAME = 1_536
"""Maximum size of an AAC frame, bytes: 6,144 bits for each of two channels (ISO/IEC 14496-3
§4.5.1.1).
"""
HELD_FRAMES = 4
"""Maximum number of frames that the encoder holds back and returns with a later request."""


def request(packets: Sequence[OpusPacket]) -> bytes:
    """Returns a request for at most MAX_PACKETS packets."""
    parts = [COUNT.pack(len(packets))]
    for packet in packets:
        restarts = packet.restart is not None
        parts += (PACKET.pack(len(packet.data), packet.duration, restarts), packet.data)
    return b"".join(parts)


def answer(frames: Sequence[tuple[int, bytes]]) -> bytes:
    """Returns an answer. `frames`: AAC frames, each with the index of the packet that completed the
    frame.
    """
    body = b"".join(_FRAME.pack(index, len(frame)) + frame for index, frame in frames)
    return COUNT.pack(len(body)) + body


def max_answer(packets: Sequence[OpusPacket]) -> int:
    """Returns the maximum size of the answer to a request for `packets`, without COUNT, bytes."""
    frames = sum(packet.duration for packet in packets) // FRAME + HELD_FRAMES
    return frames * (_FRAME.size + MAX_FRAME)


def read_answer(body: bytes, packets: int) -> list[list[bytes]]:
    """Returns the AAC frames of an answer, grouped by packet. `packets`: number of packets in the
    request. Raises BitstreamError.
    """
    frames: list[list[bytes]] = [[] for _ in range(packets)]
    at = 0
    while at < len(body):
        try:
            index, size = _FRAME.unpack_from(body, at)
            frames[index].append(body[at + _FRAME.size : at + _FRAME.size + size])
        except (error, IndexError) as problem:
            raise BitstreamError(f"the AAC encoder's answer is invalid: {problem}") from problem
        at += _FRAME.size + size
    if at != len(body):
        raise BitstreamError("the AAC encoder's answer is truncated")
    return frames
