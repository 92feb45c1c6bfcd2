"""`/replays/{room}/…`: the playlist and the media of replays, as HLS with H.264 and AAC. Below
`/replays/{room}/opus/`, the same with Opus.
"""

from aiohttp import hdrs, web

from relay.errors import RefusalCode
from relay.hls.answers import MEDIA, PLAYLIST
from server.errors import TooManyRequests
from server.http.connections import send
from server.http.limits import ConnectionLimiter
from server.http.ranged import ranged
from server.http.request import client_of, connection_of
from server.recordings.replay_files import ReplayMedia
from server.recordings.replays import Replays
from server.recordings.stored_replay import StoredReplay
from server.settings import Settings

OPUS = "opus"
"""Folder of the files whose audio is Opus. The playlist there is the same."""
KEPT = 3_600
"""Seconds for which caches may keep the media of a replay that is not private. Caches do not learn
that a replay was deleted.
"""


class ReplaysEndpoint:
    """The endpoint `/replays/{room}/…`."""

    def __init__(self, replays: Replays, requests: ConnectionLimiter, settings: Settings) -> None:
        """`requests`: limiter of the number of simultaneous requests of each address."""
        self._replays = replays
        self._settings = settings
        self.requests = requests

    def routes(self) -> list[web.RouteDef]:
        return [
            route
            for folder in ("/replays/{room}", f"/replays/{{room}}/{OPUS}")
            for route in (
                web.get(f"{folder}/index.m3u8", self.playlist),
                web.get(rf"{folder}/{{piece:\d{{1,9}}}}.mp4", self.init),
                web.get(rf"{folder}/{{sequence:\d{{1,9}}}}.m4s", self.segment),
            )
        ]

    async def playlist(self, request: web.Request) -> web.Response:
        replay = await self._replays.find(request.match_info["room"])
        body = replay.playlist
        headers: dict[str, str] = {hdrs.VARY: hdrs.ACCEPT_ENCODING}
        headers[hdrs.CACHE_CONTROL] = "no-store" if replay.private else "no-cache"
        if "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
            body, headers[hdrs.CONTENT_ENCODING] = replay.zipped, "gzip"
        return web.Response(body=body, content_type=PLAYLIST, headers=headers)

    async def init(self, request: web.Request) -> web.Response:
        replay = await self._replays.find(request.match_info["room"])
        number, opus = _number(request, "piece"), _wants_opus(request)
        media = self._replays.files.init(replay, number, opus=opus)
        return _answer(request, replay, media)

    async def segment(self, request: web.Request) -> web.Response:
        address = client_of(request, self._settings).address
        refusal = TooManyRequests(
            RefusalCode.TOO_MANY_REQUESTS, "too many requests at a time from this address"
        )
        with connection_of(self.requests, address, refusal):
            replay = await self._replays.find(request.match_info["room"])
            number, opus = _number(request, "sequence"), _wants_opus(request)
            media = await self._replays.files.segment(replay, number, opus=opus)
            response = _answer(request, replay, media)
            # A request counts until its answer is sent.
            await send(request, response, shared=True)
            return response


def _number(request: web.Request, name: str) -> int:
    return int(request.match_info[name])


def _wants_opus(request: web.Request) -> bool:
    resource = request.match_info.route.resource
    return resource is not None and resource.canonical.startswith(f"/replays/{{room}}/{OPUS}/")


def _answer(request: web.Request, replay: StoredReplay, media: ReplayMedia) -> web.Response:
    return ranged(request, media.data, media.tag, MEDIA, _caching(replay, media))


def _caching(replay: StoredReplay, media: ReplayMedia) -> str:
    if replay.private or not media.whole:
        return "private, no-store"
    return f"{'public' if replay.public else 'private'}, max-age={KEPT}, immutable"
