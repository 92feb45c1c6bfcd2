"""A transcoder in a confined worker process (relay/worker).

server/ingest/transcoder_messages.py describes the messages.
"""

from collections.abc import Iterator
from typing import BinaryIO

from relay.worker.confinement import cpu_limit
from server.ingest.transcoder import BrokenFrame, Transcoder, TranscoderError
from server.ingest.transcoder_messages import ANSWER, REQUEST, Kind, RequestFlag

MEMORY = 512 << 20
"""Maximum bytes for the decoder and the encoder. H.264 with 16 reference frames of 1920 × 1088
needs the most.
"""
NICE = 5
CPU_SECONDS = 1.0
"""Maximum CPU time for one access unit, seconds. The largest usual access unit takes a tenth of
this time.
"""


def main(requests: BinaryIO, answers: BinaryIO, codec: str, bitrate: str) -> None:
    transcoder = Transcoder(codec, int(bitrate))
    answers.write(ANSWER.pack(0, 0, Kind.READY))
    answers.flush()
    while len(head := requests.read(REQUEST.size)) == REQUEST.size:
        size, timestamp, flags = REQUEST.unpack(head)
        data = requests.read(size)
        try:
            with cpu_limit(CPU_SECONDS):
                for answer in answers_to(transcoder, timestamp, data, RequestFlag(flags)):
                    answers.write(answer)
            answers.flush()
        except TranscoderError as error:
            reason = str(error).encode()
            answers.write(ANSWER.pack(len(reason), timestamp, Kind.FAILED) + reason)
            answers.flush()
            return


def answers_to(
    transcoder: Transcoder, timestamp: int, data: bytes, flags: RequestFlag
) -> Iterator[bytes]:
    """Yields the answers to one request."""
    key, skip = RequestFlag.KEYFRAME in flags, RequestFlag.SKIP in flags
    shown = RequestFlag.SHOWN in flags
    try:
        for frame in transcoder.transcode(timestamp, data, key=key, skip=skip, shown=shown):
            if not frame.data:
                yield ANSWER.pack(0, frame.timestamp, Kind.DECODED)
                continue
            kind = Kind.KEYFRAME if frame.key else Kind.FRAME
            yield ANSWER.pack(len(frame.data), frame.timestamp, kind) + frame.data
    except BrokenFrame:
        yield ANSWER.pack(0, timestamp, Kind.BROKEN)
    else:
        yield ANSWER.pack(0, timestamp, Kind.DONE)
