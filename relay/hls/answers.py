"""Answers to requests below `/hls/{room}/` (RFC 8216bis §6.2).

| path | content |
|---|---|
| `index.m3u8` | the multivariant playlist |
| `live.m3u8` | the media playlist; a request waits for the part given by `_HLS_msn`, `_HLS_part` |
| `NAME/I.mp4` | an init segment; NAME is the name of the rendition |
| `NAME/N.m4s` | a segment |
| `NAME/N.P.m4s` | a part; a request for the part in the preload hint waits until the part exists |

With `_HLS_skip`, the media playlist is a delta update without its older segments.

A part contains both audio and video, so that a player fetches both with one request. A file below a
NAME never changes, so a CDN may keep the file.
"""

import hashlib
import re

from aiohttp import hdrs, web

from relay.errors import PlaylistError, RefusalCode
from relay.hls.multivariant import frame_rate, multivariant
from relay.hls.rendition import Rendition
from relay.hls.segmenter import TARGET_DURATION
from relay.hls.sliced_body import SlicedBody
from relay.media.aac import BITRATE, TRACK
from relay.sample import Track

PLAYLIST, MEDIA = "application/vnd.apple.mpegurl", "video/mp4"
MULTIVARIANT, LIVE = "index.m3u8", "live.m3u8"
NO_FILE = "the file does not exist, or no longer exists: load the playlist again"
PEAK = 2
"""Assumed ratio of the peak bit rate, measured over one part, to the mean bit rate of the stream.
"""
LEAST_BANDWIDTH = 500_000
"""Lowest bandwidth that the playlist announces for the video, bit/s. This value is announced until
the bit rate is measured.
"""

_N = r"(0|[1-9][0-9]{0,11})"  # no leading zeros, so that each file has one address
_MEDIA = re.compile(rf"([0-9a-f]{{8}})/(?:{_N}\.mp4|{_N}(?:\.{_N})?\.m4s)")
_NUMBER = re.compile(r"[0-9]{1,12}")
SKIP = ("YES", "v2")
"""Values of _HLS_skip that ask for a delta update (RFC 8216bis §6.2.5.1)."""

FOREVER = f"public, max-age={60 * TARGET_DURATION}, immutable"
"""Cache-Control header of segments, parts and init segments. These files never change. `max-age`
is short nevertheless, because no client requests these files after this time.
"""
FRESH = "public, max-age=0, s-maxage=1"
"""Cache-Control header of playlists. A CDN answers all clients that ask for the same part with one
playlist. RFC 8216bis (appendix B) suggests six target durations, but video.js requests an address
up to four times in a row, and needs a newer playlist each time. Browsers must always ask again.
"""


async def answer(request: web.Request, rendition: Rendition, path: str) -> web.Response:
    """Returns the whole answer (200) to a request for `path`, with its entity tag. May wait for
    media. Raises PlaylistError, or ConnectionResetError if the client has left.
    """
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
    frames = [sample for sample in stream.history(2.0) if sample.track is Track.VIDEO]
    rate = frame_rate([frame.media_time for frame in frames])
    text = multivariant(LIVE, stream.tracks[Track.VIDEO], TRACK, bandwidth, rate)
    return _playlist(text.encode(), hashlib.sha256(text.encode()).hexdigest()[:16])


async def _media_playlist(request: web.Request, rendition: Rendition) -> web.Response:
    playlist = rendition.playlist
    number, part = (None, None) if playlist.ended else _directives(request)
    await rendition.playable()
    if number is not None:
        # Without _HLS_part, wait only for the first part of the segment. Safari requests the next
        # segment without _HLS_part, and would freeze if the answer waited for the whole segment.
        await rendition.reach(number, part or 0, lambda: _connected(request))
    # If a delta update would lack the requested segment, the client has an old playlist and gets a
    # whole one (RFC 8216bis §6.2.5.2).
    delta = request.query.get("_HLS_skip") in SKIP and playlist.delta_serves(number)
    zipped = "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, "")
    tag = f"{playlist.tag}{'-delta' * delta}{'-gzip' * zipped}"
    response = _playlist(playlist.body(delta=delta, zipped=zipped), tag)
    if zipped:
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
        raise PlaylistError(404, RefusalCode.FILE_NOT_FOUND, NO_FILE)
    headers = {
        hdrs.CONTENT_TYPE: MEDIA,
        hdrs.CACHE_CONTROL: FOREVER,
        hdrs.ETAG: f'"{path}"',
        hdrs.ACCEPT_RANGES: "bytes",
    }
    parts = [data] if isinstance(data, bytes) else data
    return web.Response(body=SlicedBody(parts), headers=headers)


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


def _playlist(body: bytes, tag: str) -> web.Response:
    headers = {
        hdrs.CONTENT_TYPE: PLAYLIST,
        hdrs.CACHE_CONTROL: FRESH,
        hdrs.ETAG: f'"{tag}"',
        hdrs.VARY: hdrs.ACCEPT_ENCODING,
    }
    return web.Response(body=body, headers=headers)
