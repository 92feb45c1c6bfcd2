"""The HLS output of one stream. A rendition exists while clients request it."""

import asyncio
import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress

from relay.channel.channel import Channel
from relay.client_address import UNKNOWN, ClientAddress
from relay.errors import PlaylistError, RefusalCode
from relay.hls.aac_process import AacProcess
from relay.hls.muxer import Muxer
from relay.hls.playlist import MAX_BYTES, Playlist
from relay.hls.segmenter import PART_ENOUGH, SCALE, TARGET_DURATION, Part
from relay.media.aac import FRAME, LOOKAHEAD, OpusPacket
from relay.sample import TIMESCALE, Sample, Track, TrackInfo
from relay.worker.workers import WorkerFailed, Workers

logger = logging.getLogger(__name__)

HISTORY = 4.0 * TARGET_DURATION
"""Duration of the earlier media with which the playlist starts, seconds. Players that do not
support parts need three segments. More media would delay the first answer.
"""
PROMPT = 0.5
"""Duration of a call of the muxer that shows that the rendition has caught up with the stream,
seconds.
"""
CATCHING_UP = 3
"""Maximum number of calls of the muxer until the first playlist is sent."""
TICK = 0.15
"""Maximum time between two calls of the muxer, seconds. The muxer is called even if no media
arrives.
"""
IDLE = 15.0
"""Time without a request after which a rendition ends, seconds."""
LINGER = 30.0
"""Time for which clients can still request the media after the stream has ended, seconds. This time
is longer than the duration of the playlist.
"""
BLOCK = 3.0 * TARGET_DURATION
"""Maximum time that a request waits for a part, seconds (RFC 8216bis §6.2.5.2)."""
WATCHING = 6.0
"""Time for which a client counts as a viewer after its last playlist request, seconds."""
CLIENTS = 10_000
"""Maximum number of clients that are counted individually."""
RANKED_EACH = 3
"""Maximum number of viewers at one address that count for the rank of the room in the list of
rooms.
"""
PENDING = 6_000
"""Maximum number of samples that wait for the executor: about one minute of a stream. If more
samples wait, the rendition ends.
"""
PENDING_BYTES = 32 * 1024 * 1024
"""Maximum number of bytes of the samples that wait for the executor. If more bytes wait, the
rendition ends.
"""
RESTART_INTERVAL = 1.0
"""Minimum time between two starts of an encoder after failures, seconds."""
MAX_SILENCE = 60.0
"""Maximum duration of the gap that the playlist shows if the publisher was silent when the
rendition started, seconds. The silence is measured with the system's clock. Without a maximum, a
clock that was set forward would cause a very long gap.
"""
NEEDED = (LOOKAHEAD + FRAME) * SCALE // TIMESCALE[Track.AUDIO]
"""Duration of the audio that the encoder needs beyond the end of a part to complete the part, in 90
kHz ticks.
"""


class Rendition:
    """Makes the parts and the playlist of one stream. The rendition ends IDLE seconds after the
    last request, or after the end of the stream, or when `close()` is called.
    """

    def __init__(
        self,
        channel: Channel,
        executor: Executor,
        workers: Workers,
        *,
        max_bytes: int = MAX_BYTES,
        creator: ClientAddress = UNKNOWN,
    ) -> None:
        """`max_bytes`: maximum memory of the playlist; `creator`: address of the creator who
        publishes the stream.
        """
        self.channel = channel
        self.creator = creator
        self.stream = channel.stream
        edge = self.stream.edge // 1_000
        # The first segment number is the media time in units of half a second. Segments are longer,
        # so a later rendition of this stream starts with a higher number.
        self.playlist = Playlist(secrets.token_hex(4), edge // 500 + 1, max_bytes)
        self._executor = executor
        self._loop = asyncio.get_running_loop()
        self._muxer = Muxer()
        self._encoder = AacProcess(workers)
        self._encoder_failed_at = -RESTART_INTERVAL
        self._pending: list[Sample | TrackInfo] = []
        self._pending_bytes = 0
        self._due = asyncio.Event()
        self._grown = asyncio.Event()
        self._cut_at = 0
        self._cut_frame: int | None = None
        self._edge = 0
        self._arrived_at = self._loop.time()
        self._began_at = self._requested_at = self._loop.time()
        self._stream_over = False
        self._caught_up = False
        self._clients: dict[str, tuple[float, str]] = {}
        """For each recent client: the time of its last request, and its address."""
        self.viewers = 0
        """Number of viewers: the larger of the number of recent clients and the number of waiting
        playlist requests. Viewers that share one address may count as one client. Viewers behind a
        CDN are not counted.
        """
        self.ranked_viewers = 0
        """Number of viewers that count for the rank of the room. At most RANKED_EACH viewers at one
        address count, because one client can pretend to be many viewers.
        """
        self.waiting = 0
        """Number of requests that wait for a part."""
        self._hinted = 0
        """Number of requests for the part in the preload hint that wait."""
        self._when_playable: Callable[[Rendition], None] | None = None
        self._task = self._loop.create_task(self._run())

    @property
    def over(self) -> bool:
        """Whether the rendition has ended and can answer no more requests."""
        return self._task.done()

    def on_over(self, call: Callable[["Rendition"], None]) -> None:
        self._task.add_done_callback(lambda _: call(self))

    def on_playable(self, call: Callable[["Rendition"], None]) -> None:
        """Calls `call` when the playlist gets its first segment that can be played."""
        self._when_playable = call

    @property
    def age(self) -> float:
        """Time since the rendition was created, seconds."""
        return self._loop.time() - self._began_at

    @property
    def audience(self) -> int:
        """Number of viewers. The number is at least 1 during the first seconds, because the client
        for which the rendition was created has not requested the media playlist yet.
        """
        return max(self.viewers, self._reloading, int(self.age < WATCHING))

    @property
    def _reloading(self) -> int:
        """Number of playlist requests that wait. A viewer has at most one of these, and at the same
        time often one for the part in the preload hint.
        """
        return self.waiting - self._hinted

    @property
    def held(self) -> int:
        """Memory of the playlist and of the samples that wait, bytes."""
        return self.playlist.size + self._pending_bytes

    def cancel(self) -> None:
        """Makes the rendition end, but does not wait until it has ended."""
        self._task.cancel()

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])

    def end_if_unwatched(self) -> None:
        """Makes the rendition end soon if it has no viewers."""
        self._count()
        if not self.viewers:
            self._requested_at = self._loop.time() - IDLE
            self._due.set()

    # Requests

    def note_request(self, client: str | None = None, address: str = "") -> bool:
        """Records a request, which keeps the rendition alive. `client`: identifies the viewer at
        `address`; None if the request must not be counted as a viewer. Returns whether the client
        is new.
        """
        self._requested_at = self._loop.time()
        if client is None or (client not in self._clients and len(self._clients) >= CLIENTS):
            return False
        before = len(self._clients)
        self._clients[client] = self._requested_at, address
        return len(self._clients) > before

    async def playable(self) -> None:
        """Waits until the playlist has a segment that can be played. Raises PlaylistError (503) if
        there is no such segment within BLOCK seconds.
        """
        await self._until(lambda: self._caught_up and bool(self.playlist), lambda: True)

    async def reach(self, number: int, part: int, connected: Callable[[], bool]) -> None:
        """Waits until the playlist has reached a part.

        Raises PlaylistError: 400 if the part is too far ahead, 503 if the part is not complete
        within BLOCK seconds. Raises ConnectionResetError if the client has left. `connected`:
        returns False after the client has left.
        """
        self.playlist.require_near(number, part)
        await self._until(lambda: self.playlist.contains(number, part), connected)

    async def reach_hint(self, connected: Callable[[], bool]) -> None:
        """Waits until the playlist has reached the part in its preload hint. Raises as `reach`
        does.
        """
        number, part = self.playlist.position
        self._hinted += 1
        try:
            await self._until(lambda: self.playlist.contains(number, part), connected)
        finally:
            self._hinted -= 1

    async def _until(self, condition: Callable[[], bool], connected: Callable[[], bool]) -> None:
        deadline = self._loop.time() + BLOCK
        self.waiting += 1
        try:
            while not condition():
                if self.over or self._loop.time() >= deadline:
                    raise PlaylistError(
                        503, RefusalCode.NOTHING_NEW, "no new media has arrived: try again", 1
                    )
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(deadline):
                        await self._grown.wait()
                if not connected():
                    raise ConnectionResetError
        finally:
            self.waiting -= 1
            self._requested_at = self._loop.time()

    # Calls from the stream (implements SampleReader)

    def receive_track(self, info: TrackInfo) -> None:
        if info.track is Track.VIDEO:
            self._pending.append(info)

    def receive_sample(self, sample: Sample) -> None:
        if self._overflowed:
            return
        self._pending.append(sample)
        self._pending_bytes += len(sample.data)
        self._edge = max(self._edge, sample.media_time)
        self._arrived_at = self._loop.time()
        if sample.track is Track.VIDEO:
            if self._cut_frame is None and (sample.key or sample.dts >= self._cut_at):
                self._cut_frame = sample.dts
        elif (
            self._cut_frame is not None
            and (sample.dts + sample.duration) * SCALE // TIMESCALE[Track.AUDIO]
            >= self._cut_frame + NEEDED
        ):
            self._due.set()

    def end(self) -> None:
        self._stream_over = True
        self._due.set()

    # Making parts

    async def _run(self) -> None:
        try:
            self._begin()
            await self._catch_up()
            self.stream.demand_fresh_keyframe(time.time_ns() // 1_000)
            while not self._stream_over and (
                self.waiting or self._loop.time() - self._requested_at < IDLE
            ):
                with suppress(TimeoutError):
                    async with asyncio.timeout(TICK):
                        await self._due.wait()
                await self._advance()
            if self._stream_over:
                await self._make_parts(self._muxer.end())
                self.playlist.end()
                self._notify()
                await self._encoder.close()
                await asyncio.sleep(LINGER)
        except WorkerFailed as error:
            logger.error("the HLS rendition of %s ends: %s", self.channel.name, error)
        except Exception:
            logger.exception("the HLS rendition of %s failed", self.channel.name)
        finally:
            self.stream.remove_reader(self)
            self.channel.remove_output(self)
            self._pending.clear()
            self._notify()
            await self._encoder.close()

    def _begin(self) -> None:
        video = self.stream.tracks.get(Track.VIDEO)
        history = self.stream.history(HISTORY)
        if video:
            self._pending.append(video)
        self._pending += history
        if history:
            self._edge = max(sample.media_time for sample in history)
            silence = time.time() - history[-1].publish / 1_000_000
            self._arrived_at -= min(max(0.0, silence), MAX_SILENCE)
        self.stream.add_reader(self)
        self.channel.add_output(self)

    async def _catch_up(self) -> None:
        """Makes the parts of the earlier media, and of the media that arrives meanwhile. A player
        that starts with an old playlist stays behind.
        """
        for _ in range(CATCHING_UP):
            began = self._loop.time()
            await self._advance()
            if self._loop.time() - began < PROMPT:
                break
        self._caught_up = True
        self._notify()

    async def _advance(self) -> None:
        self._due.clear()
        if self._overflowed:
            raise OverflowError(f"{len(self._pending)} samples wait for the encoder")
        items, self._pending, self._pending_bytes = self._pending, [], 0
        self._cut_frame = None
        ahead = self._loop.time() - self._arrived_at
        media_now = round((self._edge / 1_000_000 + ahead) * SCALE)
        await self._make_parts(self._muxer.receive(items, media_now))
        self._cut_at = self._muxer.began + PART_ENOUGH
        if self._muxer.wants_key:
            self.stream.demand_keyframe()

    @property
    def _overflowed(self) -> bool:
        return len(self._pending) > PENDING or self._pending_bytes > PENDING_BYTES

    async def _make_parts(self, packets: list[OpusPacket]) -> None:
        encoded = await self._encode(packets)
        parts: list[Part] = await self._loop.run_in_executor(
            self._executor, self._muxer.parts, encoded
        )
        for part in parts:
            self.playlist.add(part)
        if parts:
            self._notify()
        if self._when_playable and self.playlist:
            self._when_playable(self)
            self._when_playable = None

    async def _encode(self, packets: list[OpusPacket]) -> list[list[bytes]]:
        """Encodes the packets, or silence if the encoder fails. Raises WorkerFailed if silence
        cannot be encoded either.
        """
        try:
            return await self._encoder.encode(packets)
        except WorkerFailed as error:
            logger.warning("room %s: %s", self.channel.name, error)
        # Wait before the next start. Otherwise a publisher whose packets crash each encoder would
        # make the server start encoders continuously.
        await asyncio.sleep(self._encoder_failed_at + RESTART_INTERVAL - self._loop.time())
        self._encoder_failed_at = self._loop.time()
        return await self._encoder.encode(self._muxer.replace())

    def _notify(self) -> None:
        self._count()
        self._grown.set()
        self._grown = asyncio.Event()

    def _count(self) -> None:
        since = self._loop.time() - WATCHING
        self._clients = {
            client: noted for client, noted in self._clients.items() if noted[0] >= since
        }
        addresses = Counter(address for _, address in self._clients.values())
        self.ranked_viewers = sum(min(RANKED_EACH, number) for number in addresses.values())
        viewers = max(len(self._clients), self._reloading)
        if viewers != self.viewers:
            self.viewers = viewers
            self.channel.viewers_changed()
