"""The HLS exit: what is answered below `/hls/{room}/` (RFC 8216bis §6.2).

| path | what |
|---|---|
| `index.m3u8` | the multivariant playlist |
| `live.m3u8` | the media playlist; `_HLS_msn` and `_HLS_part` make it wait |
| `NAME/I.mp4` | an init segment |
| `NAME/N.m4s`, `NAME/N.P.m4s` | a segment, a part of one; the hinted part makes the request wait |

Sound and picture are in one file: one request for each part, and nothing to keep together. What has
a NAME never changes, so that a CDN may keep it.
"""

import gzip
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from aiohttp import hdrs, web

from relay.channel.channel import Channel
from relay.errors import PlaylistError, RefusalCode
from relay.hls.playlist import multivariant
from relay.hls.rendition import Rendition
from relay.hls.segmenter import TARGET_DURATION
from relay.media.aac import BITRATE, TRACK
from relay.sample import Track
from relay.stream.stream import Stream

PLAYLIST, MEDIA = "application/vnd.apple.mpegurl", "video/mp4"
MULTIVARIANT, LIVE = "index.m3u8", "live.m3u8"
NO_FILE = "there is no such file, or no longer: read the playlist again"
WAITING = 10_000
"""Requests that may wait in this process; past it they are told to come back."""
RENDITIONS = 40
"""Streams that are made into HLS at a time: each takes some 2 % of a core, and all of them have one
thread.
"""
PEAK = 2
"""How much of the mean bit rate a part may take."""
LEAST_BANDWIDTH = 500_000
"""bit/s claimed of a stream whose rate is not measured yet."""

_N = r"(0|[1-9]\d{0,11})"  # one way to write a number: each thing has one address
_MEDIA = re.compile(rf"([0-9a-f]{{8}})/(?:{_N}\.mp4|{_N}(?:\.{_N})?\.m4s)")
_NUMBER = re.compile(r"\d{1,12}")

FOREVER = f"public, max-age={60 * TARGET_DURATION}, immutable"
"""What has a name of its own never changes; longer than it can be asked for it need not be kept."""
BLOCKED = f"public, max-age={6 * TARGET_DURATION}"
"""The answer to a directive stays true: that part is in it."""
FRESH = "public, max-age=0, s-maxage=1"
NEVER = "no-store"


@dataclass(slots=True)
class HlsCounters:
    """What happened on this exit since the process began."""

    joined: int = 0
    """Clients seen that were not seen just before; behind a CDN nobody is seen."""
    octets: int = 0
    """Bytes of playlists and media, as they were sent."""


class Renditions:
    """Owns the renditions; `close()` ends them."""

    def __init__(self) -> None:
        self.counters = HlsCounters()
        self._renditions: dict[str, Rendition] = {}
        self._executor: ThreadPoolExecutor | None = None

    def find(self, name: str) -> Rendition | None:
        """The rendition of the stream of that name, if there is one; it outlives its stream by a
        while.
        """
        return self._renditions.get(name)

    def open(self, channel: Channel, path: str) -> Rendition:
        """The rendition of a stream in which `path` is to be found. A playlist begins one: whoever
        plays asks for that first.

        Raises PlaylistError: 404 for anything else while there is none, 503 when there are too
        many, or nothing was published.
        """
        stream = channel.stream
        found = self._renditions.get(channel.name)
        if found and found.stream is stream and not found.over:
            return found
        if path not in (MULTIVARIANT, LIVE):
            raise PlaylistError(404, RefusalCode.FILE_NOT_FOUND, NO_FILE)
        if Track.VIDEO not in stream.tracks:
            raise PlaylistError(
                503, RefusalCode.ROOM_NOT_LIVE, "this room is not live: try again when it is", 1
            )
        if len(self._renditions) >= RENDITIONS:
            raise PlaylistError(
                503,
                RefusalCode.TOO_MANY_STREAMS,
                "too many streams are watched by HLS at the moment",
                1,
            )
        # One thread for all: parts of a stream must not overtake each other, and a core is all that
        # this may take.
        self._executor = self._executor or ThreadPoolExecutor(1, "hls")
        made = self._renditions[channel.name] = Rendition(channel, self._executor)
        made.on_over(self._forget)
        return made

    async def close(self) -> None:
        for rendition in list(self._renditions.values()):
            await rendition.close()
        if self._executor:
            self._executor.shutdown(wait=True)

    @property
    def audiences(self) -> list[tuple[Stream, int]]:
        """Each stream that is watched this way, and by how many."""
        return [(rendition.stream, rendition.viewers) for rendition in self._renditions.values()]

    @property
    def waiting(self) -> int:
        """Requests that wait for a part."""
        return sum(rendition.waiting for rendition in self._renditions.values())

    async def respond(
        self, request: web.Request, rendition: Rendition, path: str, client: str
    ) -> web.Response:
        """Answers a request for `path`. `client` tells viewers apart. Raises PlaylistError."""
        if self.waiting >= WAITING:
            raise PlaylistError(
                503, RefusalCode.TOO_MANY_REQUESTS, "too many requests are waiting", 1
            )
        response = await self._find(request, rendition, path, client)
        self.counters.octets += response.content_length or 0
        return response

    async def _find(
        self, request: web.Request, rendition: Rendition, path: str, client: str
    ) -> web.Response:
        if path == MULTIVARIANT:
            return await _multivariant(rendition)
        if path == LIVE:
            self.counters.joined += rendition.asked(client)
            return await _media_playlist(request, rendition)
        return await _media(request, rendition, path)

    def _forget(self, rendition: Rendition) -> None:
        if self._renditions.get(rendition.channel.name) is rendition:
            del self._renditions[rendition.channel.name]


async def _multivariant(rendition: Rendition) -> web.Response:
    rendition.asked()
    await rendition.playable()
    stream = rendition.stream
    bandwidth = max(LEAST_BANDWIDTH, round(stream.bitrate * PEAK)) + BITRATE
    return _answer(
        multivariant(LIVE, stream.tracks[Track.VIDEO], TRACK, bandwidth, _fps(stream)).encode(),
        PLAYLIST,
        FRESH,
    )


def _fps(stream: Stream) -> float:
    """Pictures a second, of the last two or so; 0 where there are not enough to tell."""
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
        # Without a part it is the first: Safari asks so for the next segment, and would freeze
        # until the whole of it is there.
        await rendition.reach(number, part or 0, lambda: _listens(request))
    text = rendition.playlist.text.encode()
    return _zipped(request, text, BLOCKED if number is not None else FRESH)


async def _media(request: web.Request, rendition: Rendition, path: str) -> web.Response:
    found = _MEDIA.fullmatch(path)
    if found is None or found[1] != rendition.playlist.name:
        raise PlaylistError(404, RefusalCode.FILE_NOT_FOUND, NO_FILE)
    rendition.asked()
    playlist = rendition.playlist
    if found[2]:
        data = playlist.init(int(found[2]))
    elif found[4] is None:
        data = playlist.segment(int(found[3]))
    else:
        number, index = int(found[3]), int(found[4])
        if (number, index) == playlist.position and not playlist.ended:
            await rendition.reach(number, index, lambda: _listens(request))
        data = playlist.part(number, index)
    if data is None:
        raise PlaylistError(
            404,
            RefusalCode.FILE_NOT_FOUND,
            "there is no such part, or no longer: read the playlist again",
        )
    return _answer(data, MEDIA, FOREVER)


def _directives(request: web.Request) -> tuple[int | None, int | None]:
    """Segment and part that are waited for (§6.2.5.2). Raises PlaylistError (400)."""
    number, part = _directive(request, "_HLS_msn"), _directive(request, "_HLS_part")
    if number is None and part is not None:
        raise PlaylistError(
            400,
            RefusalCode.BAD_DIRECTIVE,
            "_HLS_part needs _HLS_msn: say which segment the part is of",
        )
    return number, part


def _directive(request: web.Request, name: str) -> int | None:
    """A delivery directive. Raises PlaylistError (400) where it is no decimal integer."""
    value = request.query.get(name)
    if value is None:
        return None
    if not _NUMBER.fullmatch(value):
        raise PlaylistError(400, RefusalCode.BAD_DIRECTIVE, f"{name} is not a decimal integer")
    return int(value)


def _listens(request: web.Request) -> bool:
    return request.transport is not None and not request.transport.is_closing()


def _zipped(request: web.Request, text: bytes, caching: str) -> web.Response:
    if "gzip" not in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
        return _answer(text, PLAYLIST, caching)
    response = _answer(gzip.compress(text, 5, mtime=0), PLAYLIST, caching)
    response.headers[hdrs.CONTENT_ENCODING] = "gzip"
    return response


def _answer(body: bytes, content_type: str, caching: str) -> web.Response:
    headers = {
        hdrs.CACHE_CONTROL: caching,
        hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: "*",
        hdrs.ACCESS_CONTROL_EXPOSE_HEADERS: "Age, Date",
    }
    if content_type == PLAYLIST:
        headers[hdrs.VARY] = hdrs.ACCEPT_ENCODING
    return web.Response(body=body, content_type=content_type, headers=headers)
