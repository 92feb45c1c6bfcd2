"""The headers of every answer that tell browsers how other pages may use the answer.
CORS (Fetch §3.2) decides whether scripts of other origins may read an answer. `frame-ancestors`
decides whether pages of other origins may show the answer in a frame. CORP (Fetch §3.7) decides
whether pages of other origins may include the answer as an image or a video.
"""

from enum import Enum

from aiohttp import hdrs, web

from server.http.hosts import Authority, Origins, frame_ancestors, is_loopback, read_origin
from server.http.request import authority_of, client_of
from server.settings import Settings

SERVER = "microlive"
NOSNIFF = ("X-Content-Type-Options", "nosniff")
ENDPOINTS = ("/api/", "/hls/", "/replays/", "/clips/", "/whip/", "/whep/", "/ws/")
"""Path prefixes of the interface for programs. Pages of allowed origins may send requests there.
Refusals below these paths are JSON, even for browsers.
"""
ALLOWED_METHODS = "GET, POST, PATCH, DELETE, OPTIONS"
ALLOWED_HEADERS = "Authorization, Content-Type, ETag, If-Match, If-None-Match, If-Range, Range"
"""The request headers that pages of other origins may send. Eyevinn's WHIP client sends the ETag of
its session as ETag instead of If-Match.
"""
EXPOSED_HEADERS = (
    "Location, Link, ETag, Accept-Patch, Accept-Post, Retry-After, Age, Date, Content-Range"
)
HSTS = "max-age=31536000"


class Framing(Enum):
    """Which pages may show a page of this server in a frame."""

    NONE = "no page"
    OWN = "pages of this server"
    EMBEDDING = "pages of the origins in --embed-origins, by default of all origins"


FRAMING = {
    "/": Framing.NONE,
    "/explore": Framing.NONE,
    "/live": Framing.NONE,
    "/me": Framing.NONE,
    "/@{handle}": Framing.NONE,
    "/t/{tag}": Framing.NONE,
    "/r/{room}": Framing.OWN,
    "/c/{clip}": Framing.NONE,
    "/v/{room}": Framing.OWN,
    "/embed/{room}": Framing.EMBEDDING,
    "/embed/c/{clip}": Framing.EMBEDDING,
    "/embed/v/{room}": Framing.EMBEDDING,
}
"""Framing by route; a page without an entry has Framing.NONE."""

CROSS_ORIGIN = frozenset(
    {
        "/r/{room}/poster.{format}",
        "/v/{room}/poster.{format}",
        "/clips/{clip}/{revision}/{name}",
    }
)
"""Routes of pictures and videos that pages of other origins may show, such as the thumbnail of an
oEmbed answer. Requests of such pages have no cookie (SameSite), so nothing private is shown.
"""


def framing_of(request: web.Request) -> Framing:
    resource = request.match_info.route.resource
    return FRAMING.get(resource.canonical, Framing.NONE) if resource else Framing.NONE


def ancestors_of(request: web.Request, settings: Settings) -> str:
    """Returns the source list of `frame-ancestors` for a page."""
    match framing_of(request):
        case Framing.NONE:
            return "'none'"
        case Framing.OWN:
            return "'self'"
        case Framing.EMBEDDING:
            return frame_ancestors(settings.embed_origins)


class AnswerHeaders:
    """Adds headers to each answer.

    `prepare` is a handler for `on_response_prepare`: an event stream sends its headers long before
    its request handler returns.
    """

    def __init__(self, settings: Settings, origins: Origins) -> None:
        self._settings = settings
        self._origins = origins
        self._public = read_origin(settings.public_url) if settings.public_url else None

    async def prepare(self, request: web.Request, response: web.StreamResponse) -> None:
        headers, settings = response.headers, self._settings
        headers[hdrs.SERVER] = SERVER
        headers[NOSNIFF[0]] = NOSNIFF[1]
        headers["Cross-Origin-Resource-Policy"] = self._resource_policy(request)
        scheme, host = client_of(request, settings).scheme, authority_of(request, settings)
        if request.path.startswith(ENDPOINTS):
            self._add_cors(request.headers.get(hdrs.ORIGIN), host, response)
        # HTML §7.1.3: over plain HTTP, browsers ignore Cross-Origin-Opener-Policy with a warning.
        elif response.content_type == "text/html" and self._is_secure(
            scheme or request.scheme, host
        ):
            headers["Cross-Origin-Opener-Policy"] = "same-origin"
        # RFC 6797 §7.2: a server must not send this header over plain HTTP. The scheme is unknown
        # behind an untrusted proxy.
        if self._is_public(host) and self._has_public_https and scheme != "http":
            headers["Strict-Transport-Security"] = HSTS

    @property
    def _has_public_https(self) -> bool:
        """Whether --public-url is an HTTPS URL."""
        return self._public is not None and self._public.scheme == "https"

    def _is_public(self, host: Authority | None) -> bool:
        """Whether `host` is the host in --public-url."""
        public = self._public
        return public is not None and host is not None and host.host == public.authority.host

    def _is_secure(self, scheme: str, host: Authority | None) -> bool:
        """Whether pages of this scheme and host are secure contexts (W3C Secure Contexts §3.1)."""
        return (
            scheme == "https"
            or (host is not None and is_loopback(host.host))
            or (self._has_public_https and self._is_public(host))
        )

    def _resource_policy(self, request: web.Request) -> str:
        resource = request.match_info.route.resource
        if resource is not None and resource.canonical in CROSS_ORIGIN:
            return "cross-origin"
        if request.path.startswith(ENDPOINTS):
            return "same-origin" if self._origins.own_only else "cross-origin"
        return "cross-origin" if framing_of(request) is Framing.EMBEDDING else "same-origin"

    def _add_cors(
        self, origin: str | None, host: Authority | None, response: web.StreamResponse
    ) -> None:
        """Adds the CORS headers. Credentials are never allowed: the keys are bearer tokens, and
        only pages of this server may use the cookie.
        """
        headers, origins = response.headers, self._origins
        if origins.all:
            # Requests without an Origin header get this header too: a cache may later give the
            # answer to a page of another origin.
            headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = "*"
        else:
            vary = headers.get(hdrs.VARY)
            headers[hdrs.VARY] = f"{vary}, Origin" if vary else "Origin"
            if origin is None or host is None or not origins.allow(origin, host):
                return
            headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
        headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = EXPOSED_HEADERS
