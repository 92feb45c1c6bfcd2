"""Answers the requests of viewers who jump back in a live. The work runs in a thread of its own, so
that no live viewer waits for it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from relay.rewind.index import Index
from relay.rewind.segments import Segment
from relay.sample import Track
from relay.stream.stream import Stream

INDEX_AGE = 0.5
"""Time for which all viewers of a stream share one index, seconds."""
FILES = 64
"""Maximum number of files that are kept for further viewers."""
FILE_BYTES = 16 * 1024 * 1024
"""Maximum memory of all kept files, bytes."""

T = TypeVar("T")


class Replays:
    """The indexes and the latest files of the windows of all streams. `close()` ends the thread."""

    def __init__(self) -> None:
        self._executor: ThreadPoolExecutor | None = None
        self._indexes: dict[str, asyncio.Future[Index]] = {}
        """The indexes that viewers share, by the id of the stream."""
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._files: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        """Files by stream and start, the least recently used first."""
        self._held = 0

    @property
    def held(self) -> int:
        """Memory of the files that are kept, bytes."""
        return self._held

    def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._indexes.clear()
        self._files.clear()
        self._held = 0
        if self._executor:
            self._executor.shutdown(wait=True)
            self._executor = None

    async def index(self, stream: Stream) -> Index:
        """Returns the index of the window of a stream, at most INDEX_AGE seconds old."""
        found = self._indexes.get(stream.id)
        if found is None:
            read = partial(
                Index,
                stream.id,
                stream.window.snapshot(),
                stream.video_tracks,
                stream.tracks.get(Track.AUDIO),
                stream.edge,
            )
            found = self._indexes[stream.id] = asyncio.ensure_future(self._run(read))
            self._timers[stream.id] = asyncio.get_running_loop().call_later(
                INDEX_AGE, self._forget, stream.id
            )
        return await asyncio.shield(found)

    async def file(self, index: Index, segment: Segment) -> bytes:
        """Returns the file of a segment of `index`."""
        key = (index.stream, segment.start)
        data = self._files.get(key)
        if data is None:
            data = await self._run(partial(index.write, segment))
            self._keep(key, data)
        else:
            self._files.move_to_end(key)
        return data

    async def _run(self, work: Callable[[], T]) -> T:
        # One thread: viewers who jump back use at most one core.
        self._executor = self._executor or ThreadPoolExecutor(1, "rewind")
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def _forget(self, stream: str) -> None:
        self._timers.pop(stream, None)
        self._indexes.pop(stream, None)

    def _keep(self, key: tuple[str, int], data: bytes) -> None:
        if key in self._files:  # Another request has made the same file meanwhile.
            return
        self._files[key] = data
        self._held += len(data)
        while self._held > FILE_BYTES or len(self._files) > FILES:
            _, dropped = self._files.popitem(last=False)
            self._held -= len(dropped)
