"""A stream as HLS, while somebody asks for it."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress

from relay.channel.channel import Channel
from relay.errors import PlaylistError, RefusalCode
from relay.hls.muxer import Muxer
from relay.hls.playlist import SEGMENTS, Playlist
from relay.hls.segmenter import PART_ENOUGH, SCALE, TARGET_DURATION, Part
from relay.media.aac import FRAME, LOOKAHEAD
from relay.sample import TIMESCALE, Sample, Track, TrackInfo

logger = logging.getLogger(__name__)

TICK = 0.15
"""Seconds after which it is looked at a stream in which nothing happens."""
IDLE = 15.0
"""Seconds without a request, after which nobody is watching any more."""
LINGER = 30.0
"""Seconds that what has been listed stays after the end: as long as the playlist is, and some
more.
"""
BLOCK = 3.0 * TARGET_DURATION
"""Seconds that a request may wait (RFC 8216bis §6.2.5.2)."""
WATCHING = 6.0
"""Seconds that a client counts as a viewer after a request for a playlist."""
CLIENTS = 10_000
PENDING = 6_000
"""Samples that may wait for the executor: a minute of a stream. Past it something is wrong, and the
rendition ends.
"""
NEEDED = (LOOKAHEAD + FRAME) * SCALE // TIMESCALE[Track.AUDIO]
"""Ticks of sound that must be here beyond a part's end to encode it."""


class Rendition:
    """Listens to one stream and keeps its playlist. Ends by itself when nobody asks any more, when
    the stream has ended, and by `close()`.
    """

    def __init__(self, channel: Channel, executor: Executor) -> None:
        self.channel = channel
        self.stream = channel.stream
        edge = self.stream.edge // 1_000
        # Segments are longer than half a second, so that a later rendition of this stream begins
        # with a higher number than this one ends with.
        self.playlist = Playlist(secrets.token_hex(4), edge // 500 + 1)
        self._executor = executor
        self._loop = asyncio.get_running_loop()
        self._muxer = Muxer()
        self._pending: list[Sample | TrackInfo] = []
        self._due = asyncio.Event()
        self._news = asyncio.Event()
        self._cut_at = 0
        self._cut_picture: int | None = None
        self._edge = 0
        self._heard_at = self._loop.time()
        self._asked_at = self._loop.time()
        self._stream_over = False
        self._clients: dict[str, float] = {}
        self.viewers = 0
        """Clients seen lately, or requests that the last part answered: behind one address there
        may be many, and behind a CDN nobody is seen.
        """
        self.waiting = 0
        """Requests that wait for a part."""
        self._task = self._loop.create_task(self._run())

    @property
    def over(self) -> bool:
        """Nothing is answered from it any more: another must be made."""
        return self._task.done()

    def on_over(self, call: Callable[["Rendition"], None]) -> None:
        self._task.add_done_callback(lambda _: call(self))

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])

    # Requests

    def asked(self, client: str | None = None) -> bool:
        """Somebody wants it; `client` tells who, if that makes them a viewer. Whether they are a
        new one.
        """
        self._asked_at = self._loop.time()
        if client is None or (client not in self._clients and len(self._clients) >= CLIENTS):
            return False
        before = len(self._clients)
        self._clients[client] = self._asked_at
        return len(self._clients) > before

    async def playable(self) -> None:
        """Returns when there is something to play. Raises PlaylistError (503) if that takes too
        long.
        """
        await self._until(lambda: bool(self.playlist), lambda: True)

    async def reach(self, number: int, part: int, listens: Callable[[], bool]) -> None:
        """Returns when the playlist has come to that part.

        Raises PlaylistError: 400 for what is too far ahead, 503 when it does not come in time;
        ConnectionResetError when `listens` says, at the next part, that the client has left.
        """
        self.playlist.require_near(number, part)
        await self._until(lambda: self.playlist.contains(number, part), listens)

    async def _until(self, condition: Callable[[], bool], listens: Callable[[], bool]) -> None:
        deadline = self._loop.time() + BLOCK
        self.waiting += 1
        try:
            while not condition():
                if self.over or self._loop.time() >= deadline:
                    raise PlaylistError(
                        503, RefusalCode.NOTHING_NEW, "nothing new has come: try again", 1
                    )
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(deadline):
                        await self._news.wait()
                if not listens():
                    raise ConnectionResetError
        finally:
            self.waiting -= 1
            self._asked_at = self._loop.time()

    # The stream (SampleReader)

    def receive_track(self, info: TrackInfo) -> None:
        if info.track is Track.VIDEO:
            self._pending.append(info)

    def receive_sample(self, sample: Sample) -> None:
        self._pending.append(sample)
        self._edge = max(self._edge, sample.media_time)
        self._heard_at = self._loop.time()
        if sample.track is Track.VIDEO:
            if self._cut_picture is None and (sample.key or sample.dts >= self._cut_at):
                self._cut_picture = sample.dts
        elif (
            self._cut_picture is not None
            and (sample.dts + sample.duration) * SCALE // TIMESCALE[Track.AUDIO]
            >= self._cut_picture + NEEDED
        ):
            self._due.set()

    def end(self) -> None:
        self._stream_over = True
        self._due.set()

    # The work

    async def _run(self) -> None:
        try:
            self._begin()
            await self._advance()
            self.stream.demand_fresh_keyframe(time.time_ns() // 1_000)
            while not self._stream_over and (
                self.waiting or self._loop.time() - self._asked_at < IDLE
            ):
                with suppress(TimeoutError):
                    async with asyncio.timeout(TICK):
                        await self._due.wait()
                await self._advance()
            if self._stream_over:
                self._add(await self._loop.run_in_executor(self._executor, self._muxer.end))
                self.playlist.end()
                self._tell()
                await asyncio.sleep(LINGER)
        except Exception:
            logger.exception("HLS of %s ended", self.channel.name)
        finally:
            self.stream.remove_reader(self)
            self.channel.remove_output(self)
            self._tell()

    def _begin(self) -> None:
        picture = self.stream.tracks.get(Track.VIDEO)
        history = self.stream.history(SEGMENTS * TARGET_DURATION)
        if picture:
            self._pending.append(picture)
        self._pending += history
        if history:
            self._edge = max(sample.media_time for sample in history)
            self._heard_at -= max(0.0, time.time() - history[-1].publish / 1_000_000)
        self.stream.add_reader(self)
        self.channel.add_output(self)

    async def _advance(self) -> None:
        self._due.clear()
        if len(self._pending) > PENDING:
            raise OverflowError(f"{len(self._pending)} samples wait to be encoded")
        items, self._pending = self._pending, []
        self._cut_picture = None
        ahead = self._loop.time() - self._heard_at
        media_now = round((self._edge / 1_000_000 + ahead) * SCALE)
        self._add(
            await self._loop.run_in_executor(self._executor, self._muxer.receive, items, media_now)
        )
        self._cut_at = self._muxer.began + PART_ENOUGH
        if self._muxer.wants_key:
            self.stream.demand_keyframe()

    def _add(self, parts: list[Part]) -> None:
        for part in parts:
            self.playlist.add(part)
        if parts:
            self._tell()

    def _tell(self) -> None:
        self._count()
        self._news.set()
        self._news = asyncio.Event()

    def _count(self) -> None:
        since = self._loop.time() - WATCHING
        self._clients = {client: asked for client, asked in self._clients.items() if asked >= since}
        viewers = max(len(self._clients), self.waiting)
        if viewers != self.viewers:
            self.viewers = viewers
            self.channel.viewers_changed()
