"""A transcoder in a process of its own: `python -m server.ingest.transcoder_process CODEC BITRATE`.
Ends when standard input does.

On standard input a REQUEST and its access unit for each picture. On standard output an ANSWER and
its bytes: READY once; then for each request a PICTURE for everything that it brought about, and
DONE; or BROKEN in place of both. FAILED, with a reason, is the last word.
"""

import os
import sys
from collections.abc import Iterator
from enum import IntEnum, IntFlag
from struct import Struct

from server.ingest.transcoder import BrokenPicture, Transcoder, TranscoderError

REQUEST = Struct("!IqB")
"""Bytes that follow, timestamp, flags."""
ANSWER = Struct("!IqB")
"""Bytes that follow, timestamp, kind."""
NICE = 5
"""Whoever publishes or watches without a transcoder comes first."""


class Wish(IntFlag):
    NONE = 0
    KEY = 1
    """An IDR, please."""
    SKIP = 2
    """Only decode: there are newer pictures to show."""


class Kind(IntEnum):
    READY = 0
    PICTURE = 1
    KEY_PICTURE = 2
    DONE = 3
    BROKEN = 4
    FAILED = 5


def main() -> None:
    codec, bitrate = sys.argv[1:]
    os.nice(NICE)
    transcoder = Transcoder(codec, int(bitrate))
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    answers.write(ANSWER.pack(0, 0, Kind.READY))
    answers.flush()
    while len(head := requests.read(REQUEST.size)) == REQUEST.size:
        size, timestamp, wish = REQUEST.unpack(head)
        data = requests.read(size)
        try:
            for answer in answer_to(transcoder, timestamp, data, Wish(wish)):
                answers.write(answer)
            answers.flush()
        except TranscoderError as error:
            reason = str(error).encode()
            answers.write(ANSWER.pack(len(reason), timestamp, Kind.FAILED) + reason)
            answers.flush()
            return


def answer_to(transcoder: Transcoder, timestamp: int, data: bytes, wish: Wish) -> Iterator[bytes]:
    """What is said to one request."""
    try:
        for picture in transcoder.transcode(
            timestamp, data, key=bool(wish & Wish.KEY), skip=bool(wish & Wish.SKIP)
        ):
            yield (
                ANSWER.pack(
                    len(picture.data),
                    picture.timestamp,
                    Kind.KEY_PICTURE if picture.key else Kind.PICTURE,
                )
                + picture.data
            )
    except BrokenPicture:
        yield ANSWER.pack(0, timestamp, Kind.BROKEN)
    else:
        yield ANSWER.pack(0, timestamp, Kind.DONE)


if __name__ == "__main__":
    main()
