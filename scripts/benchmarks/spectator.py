"""A viewer that records everything it receives. After the recording, the viewer decodes the media
and counts every error.
"""

import asyncio
import io
import time
from collections.abc import Iterator
from contextlib import suppress

import aiohttp
import av
import numpy as np

from relay.message import Kind, Record, read_init_body, unpack_records
from relay.sample import TIMESCALE, Track
from scripts.benchmarks import timecode
from scripts.benchmarks.decoded import Array, Decoded

COLUMNS, ROWS, SQUARE, HEIGHT = 16, 2, 40, 360
"""Number of columns and rows of the time code, side of a square in pixels, and height of the frame
in pixels (pages/timecode.js).
"""


class Spectator:
    """A viewer that records a room. Use `async with Spectator(url, room)`. `records` holds each
    record and its arrival time in seconds of `time.monotonic`.
    """

    def __init__(self, url: str, room: str) -> None:
        self.records: list[tuple[float, Record]] = []
        self._url = f"{url.replace('http', 'ws', 1)}/ws/{room}?player=bench"
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Spectator":
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _watch(self) -> None:
        async with (
            aiohttp.ClientSession() as http,
            http.ws_connect(self._url, max_msg_size=0) as ws,
        ):
            async for message in ws:
                if message.type is aiohttp.WSMsgType.BINARY:
                    now = time.monotonic()
                    self.records += [(now, record) for record in unpack_records(message.data)]

    def frames(self) -> list[tuple[float, Record]]:
        return [
            (at, record)
            for at, record in self.records
            if record.kind is Kind.MEDIA and record.track == Track.VIDEO
        ]

    def decode(self) -> Decoded:
        """Decodes the recording. Decoding takes seconds of CPU time, so call this only after the
        measurement.
        """
        errors: list[str] = []
        frames = [
            (float(frame.pts or 0) / TIMESCALE[Track.VIDEO], word)
            for frame in self._frames(Track.VIDEO, errors)
            if isinstance(frame, av.VideoFrame) and (word := _word(frame)) is not None
        ]
        pieces = [
            (frame.pts or 0, _mono(frame))
            for frame in self._frames(Track.AUDIO, errors)
            if isinstance(frame, av.AudioFrame)
        ]
        start = pieces[0][0] if pieces else 0
        sound = np.zeros(
            (pieces[-1][0] + len(pieces[-1][1]) - start) if pieces else 0, dtype=np.float32
        )
        for ticks, piece in pieces:
            sound[ticks - start : ticks - start + len(piece)] = piece
        return Decoded(frames, sound, start / TIMESCALE[Track.AUDIO], errors)

    def _frames(self, track: Track, errors: list[str]) -> Iterator[av.VideoFrame | av.AudioFrame]:
        for part in self._parts(track):
            with av.open(io.BytesIO(part), "r") as container:
                stream = container.streams[0]
                stream.codec_context.options = {"err_detect": "explode"}
                for packet in container.demux(stream):
                    try:
                        for frame in packet.decode():
                            if isinstance(frame, av.VideoFrame | av.AudioFrame):
                                if frame.is_corrupt:
                                    errors.append(f"{track.name.lower()} at {frame.pts}: corrupt")
                                yield frame
                    except av.FFmpegError as error:
                        errors.append(f"{track.name.lower()} at {packet.pts}: {error}")

    def _parts(self, track: Track) -> list[bytes]:
        """Returns the media of a track. Each item is an init segment, followed by the fragments
        that need this init segment.
        """
        parts: list[list[bytes]] = []
        for _, record in self.records:
            if record.track == track and record.kind is Kind.INIT:
                parts.append([read_init_body(record.body)[1]])
            elif record.track == track and record.kind is Kind.MEDIA and parts:
                parts[-1].append(record.body)
        return [b"".join(part) for part in parts if len(part) > 1]


def _mono(frame: av.AudioFrame) -> Array:
    samples: Array = frame.to_ndarray()
    channels = (
        samples if frame.format.is_planar else samples.reshape(-1, len(frame.layout.channels)).T
    )
    mixed: Array = channels.mean(axis=0)
    return mixed


def _word(frame: av.VideoFrame) -> int | None:
    """Returns the time code in a frame, ms. Returns None if the time code is unreadable."""
    plane = frame.planes[0]
    luma = np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(-1, plane.line_size)
    scale = frame.height / HEIGHT
    word = 0
    for number in range(COLUMNS * ROWS):
        x = int(((number % COLUMNS) + 0.5) * SQUARE * scale)
        y = int((number // COLUMNS + 0.5) * SQUARE * scale)
        word = word << 1 | int(luma[y - 2 : y + 2, x - 2 : x + 2].mean() > 127)
    return timecode.decode(word)
