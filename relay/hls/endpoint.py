"""Answers to requests below `/hls/{room}/` (RFC 8216bis §6.2).

| path | content |
|---|---|
| `index.m3u8` | the multivariant playlist |
| `live.m3u8` | the media playlist; a request waits for the part given by `_HLS_msn`, `_HLS_part` |
| `NAME/I.mp4` | an init segment; NAME is the name of the rendition |
| `NAME/N.m4s` | a segment |
| `NAME/N.P.m4s` | a part; a request for the part in the preload hint waits until the part exists |

A part contains both audio and video, so that a player fetches both with one request. A file below a
NAME never changes, so a CDN may keep the file.
"""

import asyncio
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import hdrs, web

from relay.channel.channel import Channel, ChannelState
from relay.client_address import UNKNOWN, ClientAddress
from relay.errors import PlaylistError, RefusalCode
from relay.hls.places import Place, place_to_free
from relay.hls.playlist import MAX_BYTES, multivariant
from relay.hls.rendition import Rendition
from relay.hls.segmenter import TARGET_DURATION
from relay.hls.sliced_body import SlicedBody, body_size
from relay.hls.starts import Start, may_wait, time_to_start
from relay.media.aac import BITRATE, TRACK
from relay.sample import Track
from relay.stream.stream import Stream
from relay.worker.workers import Workers

PLAYLIST, MEDIA = "application/vnd.apple.mpegurl", "video/mp4"
MULTIVARIANT, LIVE = "index.m3u8", "live.m3u8"
NO_FILE = "the file does not exist, or no longer exists: load the playlist again"
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
PEAK = 2
"""Assumed ratio of the peak bit rate, measured over one part, to the mean bit rate of the stream.
"""
LEAST_BANDWIDTH = 500_000
"""Lowest bandwidth that the playlist announces for the video, bit/s. This value is announced until
the bit rate is measured.
"""

_N = r"(0|[1-9]\d{0,11})"  # no leading zeros, so that each file has one address
_MEDIA = re.compile(rf"([0-9a-f]{{8}})/(?:{_N}\.mp4|{_N}(?:\.{_N})?\.m4s)")
_NUMBER = re.compile(r"\d{1,12}")

FOREVER = f"public, max-age={60 * TARGET_DURATION}, immutable"
"""Cache-Control header of segments, parts and init segments. These files never change. `max-age`
is short nevertheless, because no client requests these files after this time.
"""
BLOCKED = f"public, max-age={6 * TARGET_DURATION}"
"""Cache-Control header of a playlist that was requested with a delivery directive. The answer stays
valid, because it contains the requested part.
"""
FRESH = "public, max-age=0, s-maxage=1"


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
        response = await _find(request, rendition, path)
        self.counters.octets += body_size(response)
        return response

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


async def _find(request: web.Request, rendition: Rendition, path: str) -> web.Response:
    if path == MULTIVARIANT:
        return await _multivariant(rendition)
    if path == LIVE:
        return await _media_playlist(request, rendition)
    return await _media(request, rendition, path)


async def _multivariant(rendition: Rendition) -> web.Response:
    rendition.note_request()
    await rendition.playable()
    stream = rendition.stream
    bandwidth = max(LEAST_BANDWIDTH, round(stream.bitrate * PEAK)) + BITRATE
    return _answer(
        multivariant(LIVE, stream.tracks[Track.VIDEO], TRACK, bandwidth, _fps(stream)).encode(),
        PLAYLIST,
        FRESH,
    )


def _fps(stream: Stream) -> float:
    """Returns the mean frame rate over the last two seconds, in frames per second; 0 if there are
    fewer than two frames.
    """
    times = [sample.media_time for sample in stream.history(2.0) if sample.track is Track.VIDEO]
    return (
        (len(times) - 1) * 1_000_000 / (times[-1] - times[0])
        if len(times) > 1 and times[-1] > times[0]
        else 0.0
    )


async def _media_playlist(request: web.Request, rendition: Rendition) -> web.Response:
    number, part = (None, None) if rendition.playlist.ended else _directives(request)
    await rendition.playable()
    if number is not None:
        # Without _HLS_part, wait only for the first part of the segment. Safari requests the next
        # segment without _HLS_part, and would freeze if the answer waited for the whole segment.
        await rendition.reach(number, part or 0, lambda: _connected(request))
    caching = BLOCKED if number is not None else FRESH
    if "gzip" not in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
        return _answer(rendition.playlist.text.encode(), PLAYLIST, caching)
    response = _answer(rendition.playlist.zipped, PLAYLIST, caching)
    response.headers[hdrs.CONTENT_ENCODING] = "gzip"
    return response


async def _media(request: web.Request, rendition: Rendition, path: str) -> web.Response:
    found = _MEDIA.fullmatch(path)
    if found is None or found[1] != rendition.playlist.name:
        raise PlaylistError(404, RefusalCode.FILE_NOT_FOUND, NO_FILE)
    rendition.note_request()
    playlist = rendition.playlist
    if found[2]:
        data: bytes | list[bytes] | None = playlist.init(int(found[2]))
    elif found[4] is None:
        data = playlist.segment(int(found[3]))
    else:
        number, index = int(found[3]), int(found[4])
        if (number, index) == playlist.position and not playlist.ended:
            await rendition.reach_hint(lambda: _connected(request))
        data = playlist.part(number, index)
    if data is None:
        raise PlaylistError(
            404,
            RefusalCode.FILE_NOT_FOUND,
            NO_FILE,
        )
    return _answer(data, MEDIA, FOREVER)


def _directives(request: web.Request) -> tuple[int | None, int | None]:
    """Returns the segment number and the part index in the request (RFC 8216bis §6.2.5.2); None for
    a missing number. Raises PlaylistError (400) if a directive is invalid.
    """
    number, part = _directive(request, "_HLS_msn"), _directive(request, "_HLS_part")
    if number is None and part is not None:
        raise PlaylistError(
            400,
            RefusalCode.BAD_DIRECTIVE,
            "_HLS_part needs _HLS_msn, the number of the segment",
        )
    return number, part


def _directive(request: web.Request, name: str) -> int | None:
    """Returns the value of a delivery directive; None if the directive is missing. Raises
    PlaylistError (400) if the value is not a decimal integer.
    """
    value = request.query.get(name)
    if value is None:
        return None
    if not _NUMBER.fullmatch(value):
        raise PlaylistError(400, RefusalCode.BAD_DIRECTIVE, f"{name} is not a decimal integer")
    return int(value)


def _connected(request: web.Request) -> bool:
    return request.transport is not None and not request.transport.is_closing()


def _answer(body: bytes | Sequence[bytes], content_type: str, caching: str) -> web.Response:
    headers = {hdrs.CACHE_CONTROL: caching}
    if content_type == PLAYLIST:
        headers[hdrs.VARY] = hdrs.ACCEPT_ENCODING
    content = body if isinstance(body, bytes) else SlicedBody(body)
    return web.Response(body=content, content_type=content_type, headers=headers)
