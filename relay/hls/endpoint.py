"""Creates the renditions that clients request, and answers the requests below `/hls/{room}/`."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import web

from relay.channel.channel import Channel, ChannelState
from relay.client_address import UNKNOWN, ClientAddress
from relay.errors import PlaylistError, RefusalCode
from relay.hls.answers import LIVE, MULTIVARIANT, NO_FILE, answer
from relay.hls.places import Place, place_to_free
from relay.hls.playlist import MAX_BYTES
from relay.hls.rendition import Rendition
from relay.hls.starts import Start, may_wait, time_to_start
from relay.sample import Track
from relay.stream.stream import Stream
from relay.worker.workers import Workers

WAITING = 10_000
"""Maximum number of waiting requests in this process. Further requests are refused with
Retry-After.
"""
RENDITIONS = 40
"""Maximum number of renditions that exist at the same time. The audio of a rendition takes about 2
% of a core.
"""
START_WITHIN = 2.0
"""Maximum time that a request waits for the start of a rendition, seconds."""


@dataclass(slots=True)
class HlsCounters:
    """Totals of the HLS endpoint since the process began."""

    joined: int = 0
    """Number of new clients. Clients behind a CDN are not counted."""
    displaced: int = 0
    """Number of renditions that were ended early, because another room needed a rendition and the
    maximum number was reached.
    """
    refused: int = 0
    """Number of renditions that were refused, because too many other renditions were starting or
    existed already.
    """
    octets: int = 0
    """Number of bytes of playlists and media sent, after compression."""


@dataclass(slots=True)
class _Opening:
    """A rendition that waits for its start. All requests for the room of this rendition wait for
    the same task.
    """

    creator: ClientAddress
    task: asyncio.Task[Rendition]
    requests: int = 0
    """Number of requests that wait for the rendition to start."""


class Renditions:
    """Creates renditions and answers the HLS requests for them. `close()` ends all renditions."""

    def __init__(self, workers: Workers) -> None:
        """`workers` starts the audio encoders."""
        self._workers = workers
        self.counters = HlsCounters()
        self._max_bytes = MAX_BYTES
        self._renditions: dict[str, Rendition] = {}
        self._starting: set[Rendition] = set()
        """The renditions that do not have a playable segment yet."""
        self._start_ended = asyncio.Event()
        self._openings: dict[str, _Opening] = {}
        """The renditions that wait for their start. The keys are the names of the channels."""
        self._executor: ThreadPoolExecutor | None = None

    def find(self, name: str) -> Rendition | None:
        """Returns the rendition of the channel with this name; None if there is no rendition. A
        rendition remains for a while after its stream has ended.
        """
        return self._renditions.get(name)

    def limit(self, max_bytes: int) -> None:
        """Sets the maximum memory of each playlist, bytes."""
        if max_bytes != self._max_bytes:
            self._max_bytes = max_bytes
            for rendition in self._renditions.values():
                rendition.playlist.limit(max_bytes)

    @property
    def held(self) -> dict[str, int]:
        """Memory used by each rendition, bytes. The keys are the names of the channels."""
        return {name: rendition.held for name, rendition in self._renditions.items()}

    async def open(
        self, channel: Channel, path: str, creator: ClientAddress = UNKNOWN
    ) -> Rendition:
        """Returns the rendition of a channel's stream. If the rendition does not exist, a request
        for a playlist creates the rendition, because players start with a playlist. The request may
        wait up to START_WITHIN seconds for the start. `creator`: address of the creator who
        publishes the stream.

        Raises PlaylistError: 404 if there is no rendition and `path` is not a playlist; 503 if
        there are too many renditions, if too many start, or if the room is not live.
        """
        if found := self._present(channel):
            return found
        if path not in (MULTIVARIANT, LIVE):
            raise PlaylistError(404, RefusalCode.FILE_NOT_FOUND, NO_FILE)
        _require_live(channel)
        if time_to_start(self._starts, creator):
            self._require_waiting()
            return await self._wait(channel, creator)
        return self._start(channel, creator)

    def close_idle(self) -> None:
        """Ends the renditions that no viewer plays."""
        for rendition in self._renditions.values():
            rendition.end_if_unwatched()

    async def close(self) -> None:
        openings = [opening.task for opening in self._openings.values()]
        for opening in openings:
            opening.cancel()
        await asyncio.gather(*openings, return_exceptions=True)
        for rendition in list(self._renditions.values()):
            await rendition.close()
        if self._executor:
            self._executor.shutdown(wait=True)

    @property
    def audiences(self) -> list[tuple[Stream, int]]:
        """All streams that have a rendition, each with its number of HLS viewers."""
        return [(rendition.stream, rendition.viewers) for rendition in self._renditions.values()]

    @property
    def waiting(self) -> int:
        """Number of requests that wait for a part, or for the start of a rendition."""
        parts = sum(rendition.waiting for rendition in self._renditions.values())
        return parts + sum(opening.requests for opening in self._openings.values())

    async def respond(
        self,
        request: web.Request,
        rendition: Rendition,
        path: str,
        client: str,
        address: str = "",
    ) -> web.Response:
        """Answers a request for `path`. `client` identifies the viewer at `address`. Raises
        PlaylistError.
        """
        self._require_waiting()
        if path == LIVE:
            self.counters.joined += rendition.note_request(client, address)
        return await answer(request, rendition, path)

    def _require_waiting(self) -> None:
        """Raises PlaylistError (503) if no further request may wait."""
        if self.waiting >= WAITING:
            raise PlaylistError(
                503, RefusalCode.TOO_MANY_REQUESTS, "too many requests are waiting", 1
            )

    # Starting renditions

    def _present(self, channel: Channel) -> Rendition | None:
        """Returns the rendition of the stream that is in slot 0 of the channel; None if that stream
        has no rendition.
        """
        found = self._renditions.get(channel.name)
        return found if found and found.stream is channel.stream and not found.over else None

    def _start(self, channel: Channel, creator: ClientAddress) -> Rendition:
        """Starts a rendition. Raises PlaylistError (503) if there are too many renditions."""
        if len(self._renditions) >= RENDITIONS:
            self._free_place(creator)
        # A single thread keeps the parts of a stream in order and limits HLS to one core.
        self._executor = self._executor or ThreadPoolExecutor(1, "hls")
        made = self._renditions[channel.name] = Rendition(
            channel, self._executor, self._workers, max_bytes=self._max_bytes, creator=creator
        )
        self._starting.add(made)
        made.on_playable(self._end_start)
        made.on_over(self._forget)
        return made

    async def _wait(self, channel: Channel, creator: ClientAddress) -> Rendition:
        """Waits for the start of a rendition, and returns it. If all requests that wait for the
        start are cancelled, the start is cancelled too. Raises PlaylistError (503).
        """
        name = channel.name
        opening = self._openings.get(name)
        if opening is None:
            if not may_wait([opening.creator for opening in self._openings.values()], creator):
                raise self._too_many_start()
            task = asyncio.create_task(self._start_in_turn(channel, creator))
            opening = self._openings[name] = _Opening(creator, task)
        opening.requests += 1
        try:
            return await asyncio.shield(opening.task)
        finally:
            opening.requests -= 1
            if not opening.requests:
                opening.task.cancel()
                if self._openings.get(name) is opening:
                    del self._openings[name]

    async def _start_in_turn(self, channel: Channel, creator: ClientAddress) -> Rendition:
        """Starts a rendition as soon as `time_to_start` permits. Raises PlaylistError (503) if the
        start is not permitted within START_WITHIN seconds.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + START_WITHIN
        while left := time_to_start(self._starts, creator):
            now = loop.time()
            if now >= deadline:
                raise self._too_many_start()
            with suppress(TimeoutError):
                async with asyncio.timeout_at(min(now + left, deadline)):
                    await self._start_ended.wait()
        _require_live(channel)
        return self._present(channel) or self._start(channel, creator)

    @property
    def _starts(self) -> list[Start]:
        return [Start(rendition.creator, rendition.age) for rendition in self._starting]

    def _end_start(self, rendition: Rendition) -> None:
        """Records that the start of a rendition is over. Wakes the renditions that wait for their
        start.
        """
        if rendition in self._starting:
            self._starting.remove(rendition)
            self._start_ended.set()
            self._start_ended = asyncio.Event()

    def _free_place(self, creator: ClientAddress) -> None:
        """Ends the rendition of another room, so that a new room of `creator` can have one. Raises
        PlaylistError (503) if no other room must end its rendition.
        """
        places = [
            Place(name, rendition.creator, rendition.audience)
            for name, rendition in self._renditions.items()
        ]
        freed = place_to_free(places, creator)
        if freed is None:
            raise self._too_many_streams("too many streams are played over HLS at the moment")
        self.counters.displaced += 1
        self._renditions.pop(freed.room).cancel()

    def _too_many_start(self) -> PlaylistError:
        return self._too_many_streams("too many streams start over HLS at the moment")

    def _too_many_streams(self, text: str) -> PlaylistError:
        """Counts a refused start. Returns the refusal."""
        self.counters.refused += 1
        return PlaylistError(503, RefusalCode.TOO_MANY_STREAMS, text, 1)

    def _forget(self, rendition: Rendition) -> None:
        if self._renditions.get(rendition.channel.name) is rendition:
            del self._renditions[rendition.channel.name]
        self._end_start(rendition)


def _require_live(channel: Channel) -> None:
    """Raises PlaylistError (503) if the channel has no video, or is no longer open."""
    if channel.state is not ChannelState.OPEN or Track.VIDEO not in channel.stream.tracks:
        raise PlaylistError(
            503, RefusalCode.ROOM_NOT_LIVE, "this room is not live: try again later", 1
        )
