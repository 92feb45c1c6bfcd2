"""Middleware for all endpoints: refuses unknown hosts and foreign origins, answers preflights."""

from collections.abc import Awaitable, Callable

from aiohttp import HttpVersion11, hdrs, web
from aiohttp.typedefs import Handler, Middleware

from relay.errors import RefusalCode
from server.errors import BadRequest, Forbidden, Misdirected
from server.http.headers import ALLOWED_HEADERS, ALLOWED_METHODS, ENDPOINTS
from server.http.hosts import KnownHosts, Origins
from server.http.request import authority_of
from server.settings import Settings

Prepare = Callable[[web.Request, web.StreamResponse], Awaitable[None]]

ANY_HOST = ("/healthz", "/readyz", "/metrics")
"""Paths that answer for every host: monitoring programs use addresses that no setting names."""


def hosts_and_origins(known: KnownHosts, origins: Origins, settings: Settings) -> Middleware:
    """Returns the middleware that refuses requests for unknown hosts, and requests of pages whose
    origin is not allowed.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path not in ANY_HOST:
            require(request)
        return await handler(request)

    def require(request: web.Request) -> None:
        host = authority_of(request, settings)
        if host is None or (hdrs.HOST not in request.headers and request.version >= HttpVersion11):
            raise BadRequest(
                RefusalCode.BAD_REQUEST, "the Host header is not one host with an optional port"
            )
        if not known.knows(host.host, _local_address(request)):
            raise Misdirected(
                RefusalCode.UNKNOWN_HOST,
                f"this server does not answer for the host {host.host}. Its operator can add the "
                f"host: --hosts {host.host}, or --public-url with the whole URL",
            )
        origin = request.headers.get(hdrs.ORIGIN)
        if (
            origin is not None
            and request.path.startswith(ENDPOINTS)
            and not origins.allow(origin, host)
        ):
            raise Forbidden(
                RefusalCode.FOREIGN_ORIGIN,
                "pages of this origin may not use this server. Its operator can allow the origin "
                "with --cors-origins",
            )

    return middleware


def _local_address(request: web.Request) -> str:
    """Returns the address of this machine at which the request arrived."""
    name = request.transport.get_extra_info("sockname") if request.transport else None
    return str(name[0]) if isinstance(name, tuple) else ""


@web.middleware
async def preflights(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers the CORS preflights of browsers (Fetch §3.2.2)."""
    return _preflight() if _is_preflight(request) else await handler(request)


def _is_preflight(request: web.Request) -> bool:
    return (
        request.method == hdrs.METH_OPTIONS
        and hdrs.ORIGIN in request.headers
        and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers
        and request.path.startswith(ENDPOINTS)
    )


def _preflight() -> web.StreamResponse:
    headers = {
        hdrs.ACCESS_CONTROL_ALLOW_METHODS: ALLOWED_METHODS,
        hdrs.ACCESS_CONTROL_ALLOW_HEADERS: ALLOWED_HEADERS,
        hdrs.ACCESS_CONTROL_MAX_AGE: "86400",
    }
    return web.Response(status=204, headers=headers)


def last_answers(draining: Callable[[], bool]) -> Prepare:
    """Returns a handler for `on_response_prepare`. While the server drains, each connection ends
    after its answer, so that the client's next request reaches another server.
    """

    async def prepare(_: web.Request, response: web.StreamResponse) -> None:
        if draining() and not isinstance(response, web.WebSocketResponse):
            response.force_close()
            response.headers[hdrs.CONNECTION] = "close"  # aiohttp has written the others already

    return prepare
