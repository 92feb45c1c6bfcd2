"""A transcoder in a separate process: `python -m server.ingest.transcoder_process CODEC BITRATE`.
The process ends when its standard input ends.

server/ingest/transcoder_messages.py describes the messages.
"""

import os
import sys
from collections.abc import Iterator

from server.ingest.transcoder import BrokenFrame, Transcoder, TranscoderError
from server.ingest.transcoder_messages import ANSWER, REQUEST, Kind, RequestFlag

NICE = 5
"""Niceness of the process. Publishers and viewers that need no transcoder have priority."""


def main() -> None:
    codec, bitrate = sys.argv[1:]
    os.nice(NICE)
    transcoder = Transcoder(codec, int(bitrate))
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    answers.write(ANSWER.pack(0, 0, Kind.READY))
    answers.flush()
    while len(head := requests.read(REQUEST.size)) == REQUEST.size:
        size, timestamp, flags = REQUEST.unpack(head)
        data = requests.read(size)
        try:
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
    try:
        for frame in transcoder.transcode(timestamp, data, key=key, skip=skip):
            kind = Kind.KEYFRAME if frame.key else Kind.FRAME
            yield ANSWER.pack(len(frame.data), frame.timestamp, kind) + frame.data
    except BrokenFrame:
        yield ANSWER.pack(0, timestamp, Kind.BROKEN)
    else:
        yield ANSWER.pack(0, timestamp, Kind.DONE)


if __name__ == "__main__":
    main()
