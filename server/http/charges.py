"""Limits the rate of requests per client address, for all requests together and for each route.
Each request counts against the limits before it is handled.

A free route has no rate limit of its own, and its entry in CHARGES gives the reason. The endpoints
themselves limit open sockets and waiting requests.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from relay.errors import RefusalCode
from relay.hls.endpoint import Renditions
from server.errors import TooManyRequests
from server.http.limits import RateLimiter, RequestLimiter
from server.http.request import charge, client_of
from server.recordings.replays import Replays
from server.settings import Settings


@dataclass(frozen=True, slots=True)
class Free:
    reason: str


@dataclass(frozen=True, slots=True)
class Charged:
    """A rate limit. `setting`: name of the setting for the maximum number of requests per address;
    `seconds`: interval in which the requests are counted.
    """

    setting: str
    seconds: float
    text: str
    code: RefusalCode = RefusalCode.RATE_LIMITED


CREATION = Charged(
    "max_rooms_per_address_hour",
    3_600.0,
    "too many new rooms from this address",
    RefusalCode.TOO_MANY_ROOMS,
)
PUBLISHING = Charged(
    "max_whip_per_address_minute", 60.0, "too many attempts to publish from this address"
)
PLAYING = Charged(
    "max_whep_per_address_minute", 60.0, "too many attempts to play from this address"
)
LOOKUP = Charged("max_lookups_per_address_minute", 60.0, "too many lookups from this address")
"""The rate limit of requests that read storage to find a room. Three kinds of requests are free:
requests for rooms in memory, requests of HLS viewers of a room that has just ended, and requests
for replays that were requested lately.
"""

ADMINISTRATION = Charged(
    "max_admin_per_address_minute", 60.0, "too many requests to the admin API from this address"
)
PERSON = Charged(
    "max_person_requests_per_address_minute",
    60.0,
    "too many requests about people from this address",
)
FEED = Charged(
    "max_feed_requests_per_address_minute", 60.0, "too many requests for the feed from this address"
)
CODES = Charged("max_code_tries_per_address_hour", 3_600.0, "too many codes from this address")
PER_CONNECTION, PER_SESSION = 5, 10
"""Requests per second that an address may send for each of its connections, and for each of its
sessions. Sessions are WebSockets, event streams, WHEP sessions, and HLS requests that are being
answered. An honest LL-HLS viewer needs up to 11 requests per second: each part takes a request for
the playlist and one for the part, and on most paths both wait for the part at the server. A viewer
with an event stream needs about 1 request per second.
"""
SLOWED = 1.0
"""Maximum delay of a request from an address that sends too many requests, seconds."""

Figures = Callable[[str], tuple[int, int]]
"""A function that takes an address and returns two numbers, such as numbers of connections: the
number for the address, then the number for the network of the address.
"""

FIXED = Free("the answer is in memory and always the same")

CHARGES: dict[tuple[str, str], Charged | Free] = {
    ("GET", "/"): FIXED,
    ("GET", "/explore"): FIXED,
    ("GET", "/live"): FIXED,
    ("GET", "/me"): FIXED,
    ("GET", "/manifest.webmanifest"): FIXED,
    ("GET", "/sw.js"): FIXED,
    ("GET", "/favicon.ico"): FIXED,
    ("GET", "/assets/{version}/{name}"): FIXED,
    ("GET", "/@{handle}"): PERSON,
    ("GET", "/@{handle}/feed.xml"): PERSON,
    ("GET", "/robots.txt"): FIXED,
    ("GET", "/sitemap.xml"): LOOKUP,
    ("GET", "/t/{tag}"): LOOKUP,
    ("GET", "/r/{room}"): LOOKUP,
    ("GET", "/r/{room}/poster.{format}"): LOOKUP,
    ("GET", "/r/{room}/preview.webp"): LOOKUP,
    ("GET", "/v/{room}/poster.{format}"): LOOKUP,
    ("GET", "/v/{room}/preview.webp"): LOOKUP,
    ("GET", "/embed/{room}"): LOOKUP,
    ("GET", "/embed/c/{clip}"): LOOKUP,
    ("GET", "/embed/v/{room}"): LOOKUP,
    ("GET", "/api/oembed"): LOOKUP,
    ("GET", "/c/{clip}"): LOOKUP,
    ("GET", "/v/{room}"): LOOKUP,
    ("GET", "/api/config"): FIXED,
    ("GET", "/api/health"): Free("the answer is a few figures in memory"),
    ("GET", "/api/openapi.json"): FIXED,
    ("GET", "/api/me"): PERSON,
    ("PATCH", "/api/me"): PERSON,
    ("PUT", "/api/me/handle"): PERSON,
    ("GET", "/api/me/follows"): PERSON,
    ("GET", "/api/me/follows/live"): PERSON,
    ("PUT", "/api/follows/{person}"): PERSON,
    ("DELETE", "/api/follows/{person}"): PERSON,
    ("GET", "/api/handles/{handle}"): PERSON,
    ("DELETE", "/api/me"): PERSON,
    ("POST", "/api/me/restore"): PERSON,
    ("GET", "/api/me/data"): PERSON,
    ("GET", "/api/me/devices"): PERSON,
    ("DELETE", "/api/me/devices"): PERSON,
    ("DELETE", "/api/me/devices/{device}"): PERSON,
    ("GET", "/api/me/hidden"): PERSON,
    ("PUT", "/api/me/hidden/{person}"): PERSON,
    ("DELETE", "/api/me/hidden/{person}"): PERSON,
    ("GET", "/api/push/key"): FIXED,
    ("GET", "/api/push/subscriptions"): PERSON,
    ("POST", "/api/push/subscriptions"): PERSON,
    ("DELETE", "/api/push/subscriptions/{id}"): PERSON,
    ("POST", "/api/me/passkeys/options"): PERSON,
    ("POST", "/api/me/passkeys"): PERSON,
    ("GET", "/api/me/passkeys"): PERSON,
    ("DELETE", "/api/me/passkeys/{id}"): PERSON,
    ("POST", "/api/sign-in/options"): PERSON,
    ("POST", "/api/sign-in"): PERSON,
    ("POST", "/api/me/transfers"): PERSON,
    ("POST", "/api/transfers"): CODES,
    ("POST", "/api/me/recovery"): PERSON,
    ("POST", "/api/recover"): CODES,
    ("GET", "/api/rooms"): Free("the list is made from memory, and every feed polls it"),
    ("POST", "/api/rooms"): CREATION,
    ("GET", "/api/rooms/{room}"): LOOKUP,
    ("DELETE", "/api/rooms/{room}"): LOOKUP,
    ("DELETE", "/api/rooms/{room}/data"): LOOKUP,
    ("GET", "/api/rooms/{room}/qr.svg"): LOOKUP,
    ("GET", "/api/rooms/{room}/health"): LOOKUP,
    ("GET", "/api/rooms/{room}/highlights"): LOOKUP,
    ("GET", "/api/rooms/{room}/export"): LOOKUP,
    ("GET", "/api/rooms/{room}/export/{file}"): LOOKUP,
    ("GET", "/api/rooms/{room}/events"): LOOKUP,
    ("GET", "/api/rooms/{room}/messages"): LOOKUP,
    ("POST", "/api/rooms/{room}/messages"): LOOKUP,
    ("DELETE", "/api/rooms/{room}/messages/{n}"): LOOKUP,
    ("POST", "/api/rooms/{room}/messages/{n}/restore"): LOOKUP,
    ("PUT", "/api/rooms/{room}/pin"): LOOKUP,
    ("DELETE", "/api/rooms/{room}/pin"): LOOKUP,
    ("POST", "/api/rooms/{room}/notices"): LOOKUP,
    ("POST", "/api/rooms/{room}/polls"): LOOKUP,
    ("GET", "/api/rooms/{room}/polls"): LOOKUP,
    ("PUT", "/api/rooms/{room}/polls/{poll}/vote"): LOOKUP,
    ("DELETE", "/api/rooms/{room}/polls/{poll}"): LOOKUP,
    ("POST", "/api/rooms/{room}/minutes"): LOOKUP,
    ("GET", "/api/rooms/{room}/summary"): LOOKUP,
    ("GET", "/api/rooms/{room}/timeline"): LOOKUP,
    ("GET", "/api/rooms/{room}/replay"): LOOKUP,
    ("PUT", "/api/rooms/{room}/replay"): LOOKUP,
    ("DELETE", "/api/rooms/{room}/replay"): LOOKUP,
    ("PATCH", "/api/rooms/{room}"): LOOKUP,
    ("GET", "/api/rooms/{room}/settings"): LOOKUP,
    ("GET", "/api/rooms/{room}/mutes"): LOOKUP,
    ("PUT", "/api/rooms/{room}/mutes/{person}"): LOOKUP,
    ("DELETE", "/api/rooms/{room}/mutes/{person}"): LOOKUP,
    ("GET", "/api/rooms/{room}/bans"): LOOKUP,
    ("PUT", "/api/rooms/{room}/bans/{person}"): LOOKUP,
    ("DELETE", "/api/rooms/{room}/bans/{person}"): LOOKUP,
    ("GET", "/api/rooms/{room}/moderators"): LOOKUP,
    ("PUT", "/api/rooms/{room}/moderators/{person}"): LOOKUP,
    ("DELETE", "/api/rooms/{room}/moderators/{person}"): LOOKUP,
    ("GET", "/api/rooms/{room}/words"): LOOKUP,
    ("PUT", "/api/rooms/{room}/words"): LOOKUP,
    ("PUT", "/api/rooms/{room}/shield"): LOOKUP,
    ("DELETE", "/api/rooms/{room}/shield"): LOOKUP,
    ("GET", "/api/rooms/{room}/held"): LOOKUP,
    ("POST", "/api/rooms/{room}/held/{n}"): LOOKUP,
    ("DELETE", "/api/rooms/{room}/held/{n}"): LOOKUP,
    ("GET", "/api/rooms/{room}/log"): LOOKUP,
    ("POST", "/api/rooms/{room}/reports"): LOOKUP,
    ("GET", "/api/rooms/{room}/reports"): LOOKUP,
    ("PUT", "/api/rooms/{room}/reports/{id}"): LOOKUP,
    ("GET", "/api/me/reports"): PERSON,
    ("PUT", "/api/reports/{id}/answer"): PERSON,
    ("GET", "/api/rooms/{room}/links"): LOOKUP,
    ("POST", "/api/rooms/{room}/links"): LOOKUP,
    ("DELETE", "/api/rooms/{room}/links/{link}"): LOOKUP,
    ("POST", "/api/rooms/{room}/clips"): LOOKUP,
    ("GET", "/api/rooms/{room}/clips"): LOOKUP,
    ("GET", "/api/clips/{clip}"): LOOKUP,
    ("GET", "/api/clips/{clip}/qr.svg"): LOOKUP,
    ("PUT", "/api/clips/{clip}"): LOOKUP,
    ("PATCH", "/api/clips/{clip}"): LOOKUP,
    ("DELETE", "/api/clips/{clip}"): LOOKUP,
    ("POST", "/api/clips/{clip}/restore"): LOOKUP,
    ("POST", "/api/clips/{clip}/approve"): LOOKUP,
    ("GET", "/clips/{clip}/captions.vtt"): LOOKUP,
    ("GET", "/clips/{clip}/{revision}/{name}"): LOOKUP,
    ("GET", "/api/feed"): FEED,
    ("POST", "/api/feed/watched"): FEED,
    ("GET", "/api/taste"): PERSON,
    ("PUT", "/api/taste"): PERSON,
    ("DELETE", "/api/taste"): PERSON,
    ("GET", "/api/tags/trending"): LOOKUP,
    ("GET", "/api/tags/{tag}"): LOOKUP,
    ("PUT", "/api/tags/{tag}/challenge"): PERSON,
    ("DELETE", "/api/tags/{tag}/challenge"): PERSON,
    ("GET", "/api/search"): LOOKUP,
    ("GET", "/api/announcements"): LOOKUP,
    ("POST", "/api/announcements"): PERSON,
    ("GET", "/api/announcements/{announcement}"): LOOKUP,
    ("DELETE", "/api/announcements/{announcement}"): PERSON,
    ("PUT", "/api/announcements/{announcement}/reminder"): PERSON,
    ("DELETE", "/api/announcements/{announcement}/reminder"): PERSON,
    ("GET", "/announcements/{announcement}.ics"): LOOKUP,
    ("GET", "/api/people/{handle}/announcements"): PERSON,
    ("GET", "/api/people/{handle}/items"): PERSON,
    ("GET", "/api/rooms/{room}/window"): LOOKUP,
    ("GET", "/api/rooms/{room}/window/{media_time}"): LOOKUP,
    ("GET", "/ws/{room}"): LOOKUP,
    ("GET", "/hls/{room}/{path}"): LOOKUP,
    ("OPTIONS", "/hls/{room}/{path}"): FIXED,
    ("GET", "/replays/{room}/index.m3u8"): LOOKUP,
    ("GET", "/replays/{room}/{piece}.mp4"): LOOKUP,
    ("GET", "/replays/{room}/{sequence}.m4s"): LOOKUP,
    ("GET", "/replays/{room}/opus/index.m3u8"): LOOKUP,
    ("GET", "/replays/{room}/opus/{piece}.mp4"): LOOKUP,
    ("GET", "/replays/{room}/opus/{sequence}.m4s"): LOOKUP,
    ("POST", "/whip/{room}"): PUBLISHING,
    ("GET", "/whip/{room}"): LOOKUP,
    ("OPTIONS", "/whip/{room}"): FIXED,
    ("PATCH", "/whip/{room}/{session}"): PUBLISHING,
    ("DELETE", "/whip/{room}/{session}"): PUBLISHING,
    ("GET", "/whip/{room}/{session}"): LOOKUP,
    ("OPTIONS", "/whip/{room}/{session}"): FIXED,
    ("POST", "/whep/{room}"): PLAYING,
    ("GET", "/whep/{room}"): LOOKUP,
    ("OPTIONS", "/whep/{room}"): FIXED,
    ("PATCH", "/whep/{room}/{session}"): LOOKUP,
    ("DELETE", "/whep/{room}/{session}"): LOOKUP,
    ("GET", "/whep/{room}/{session}"): LOOKUP,
    ("OPTIONS", "/whep/{room}/{session}"): FIXED,
    ("GET", "/api/admin/rooms"): ADMINISTRATION,
    ("DELETE", "/api/admin/rooms/{room}"): ADMINISTRATION,
    ("GET", "/api/admin/rooms/{room}/export"): ADMINISTRATION,
    ("GET", "/api/admin/rooms/{room}/export/{file}"): ADMINISTRATION,
    ("GET", "/api/admin/bans"): ADMINISTRATION,
    ("POST", "/api/admin/bans"): ADMINISTRATION,
    ("DELETE", "/api/admin/bans/{person}"): ADMINISTRATION,
    ("GET", "/api/admin/reports"): ADMINISTRATION,
    ("POST", "/api/admin/reports/{id}"): ADMINISTRATION,
    ("GET", "/api/admin/blocks"): ADMINISTRATION,
    ("POST", "/api/admin/blocks"): ADMINISTRATION,
    ("DELETE", "/api/admin/blocks/{network}"): ADMINISTRATION,
    ("GET", "/api/admin/people"): ADMINISTRATION,
    ("POST", "/api/admin/cookie-keys"): ADMINISTRATION,
    ("GET", "/healthz"): FIXED,
    ("GET", "/readyz"): LOOKUP,
    ("GET", "/metrics"): Free("for the operator only"),
}


def charge_of(method: str, resource: web.AbstractResource) -> Charged | Free:
    """Returns the rate limit of a route. Raises KeyError if the route has no entry in CHARGES."""
    path = resource.canonical.removesuffix("{slash}")
    return CHARGES["GET" if method == hdrs.METH_HEAD else method, path]


class RateLimits:
    """The rate limits of addresses, with the limits in the settings."""

    def __init__(self, settings: Settings) -> None:
        self.requests = RequestLimiter(
            settings.max_requests_per_address_second, PER_CONNECTION, PER_SESSION
        )
        self.routes = {
            charged: RateLimiter(getattr(settings, charged.setting), charged.seconds)
            for charged in (
                *(CREATION, PUBLISHING, PLAYING, LOOKUP),
                *(PERSON, FEED, CODES, ADMINISTRATION),
            )
        }

    def apply(self, settings: Settings) -> None:
        """Changes the limits to those of other settings."""
        self.requests.rate = settings.max_requests_per_address_second
        for charged, limiter in self.routes.items():
            limiter.limit = getattr(settings, charged.setting)


def request_limit(
    limits: RateLimits, connections: Figures, sessions: Figures, settings: Settings
) -> Middleware:
    """Returns the middleware that limits all requests of an address together. The middleware raises
    TooManyRequests. `connections` and `sessions` return the numbers of open connections and of
    sessions.
    """

    def seconds_over(address: str) -> float:
        """Counts a request and returns 0. If the limit is reached, counts nothing and returns the
        seconds after which a request is allowed.
        """
        now = asyncio.get_running_loop().time()
        return limits.requests.try_take(address, now, connections(address), sessions(address))

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        address = client_of(request, settings).address
        if wait := seconds_over(address):
            # Delay the request before a refusal: an immediate refusal would cost as much as most
            # answers.
            await asyncio.sleep(min(wait, SLOWED))
            if wait := seconds_over(address):
                raise TooManyRequests(
                    RefusalCode.RATE_LIMITED, "too many requests from this address", wait
                )
        return await handler(request)

    return middleware


def charges(
    limits: RateLimits,
    knows: Callable[[str], bool],
    renditions: Renditions,
    replays: Replays,
    settings: Settings,
) -> Middleware:
    """Returns the middleware that applies the rate limits of the routes. The middleware raises
    TooManyRequests. `knows`: whether a room is open, so that its name was not guessed.
    """

    def is_free(request: web.Request) -> bool:
        """Whether the requested room is in memory, or has ended and is still played."""
        room = request.match_info.get("room", "")
        return knows(room) or renditions.find(room) is not None or replays.knows(room)

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        resource = request.match_info.route.resource
        if resource is None:
            return await handler(request)  # aiohttp refuses an unknown path or method
        charged = charge_of(request.method, resource)
        if isinstance(charged, Charged) and not (charged is LOOKUP and is_free(request)):
            address = client_of(request, settings).address
            charge(limits.routes[charged], address, charged.text, charged.code)
        return await handler(request)

    return middleware
