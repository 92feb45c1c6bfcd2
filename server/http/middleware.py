"""Middleware for all endpoints: turns refusals into answers, answers preflights, and adds CORS
headers.
"""

import logging
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from relay.errors import Refusal, RefusalCode
from server.errors import InternalError, MethodNotAllowed, NotFound, Unavailable
from server.http.pages import Pages
from server.http.payloads import RefusalBody, reply
from server.settings import Settings
from server.storage.database import StorageError

logger = logging.getLogger(__name__)

ALLOWED_METHODS = "GET, POST, PATCH, DELETE, OPTIONS"
ALLOWED_HEADERS = "Authorization, Content-Type, If-Match"
EXPOSED_HEADERS = "Location, Link, ETag, Accept-Patch, Accept-Post, Retry-After"

CROSS_ORIGIN = ("/api/", "/whip/", "/whep/")
"""Prefixes of the paths to which pages of other origins may send requests."""
ENDPOINTS = ("/api/", "/hls/", "/whip/", "/whep/", "/ws/")
"""Prefixes of the paths whose refusals are JSON, even if a browser requests HTML."""


def refusals(pages: Pages) -> Middleware:
    """Returns the middleware that turns every error into an answer: a page if a browser requests
    HTML, otherwise a RefusalBody.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refusal as refusal:
            return answer(request, refusal)
        except StorageError as error:
            logger.error("%s", error)
            return answer(
                request,
                Unavailable(
                    RefusalCode.STORAGE_UNAVAILABLE,
                    "the server cannot reach its storage: try again later",
                    5,
                ),
            )
        except web.HTTPException as error:
            if error.status < 400:
                raise
            return answer(request, _of_aiohttp(error), error)
        except ConnectionError:
            raise  # the client has left
        except Exception:
            if request.writer.output_size:
                raise  # the answer has begun: aiohttp cuts the connection
            logger.exception("%s %s", request.method, request.path)
            return answer(
                request, InternalError(RefusalCode.INTERNAL_ERROR, "the server has a defect here")
            )

    def answer(
        request: web.Request, refusal: Refusal, error: web.HTTPException | None = None
    ) -> web.StreamResponse:
        response: web.Response
        if "text/html" in request.headers.get(hdrs.ACCEPT, "") and not request.path.startswith(
            ENDPOINTS
        ):
            response = pages.message(request, refusal.status, str(refusal))
        else:
            response = _json(refusal)
        response.headers[hdrs.CACHE_CONTROL] = "no-store"
        if refusal.retry_after is not None:
            response.headers[hdrs.RETRY_AFTER] = str(refusal.retry_after)
        if refusal.status == 401:
            response.headers[hdrs.WWW_AUTHENTICATE] = "Bearer"
        if error is not None and hdrs.ALLOW in error.headers:
            response.headers[hdrs.ALLOW] = error.headers[hdrs.ALLOW]
        if request.path.startswith("/hls/"):
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = "*"
        if refusal.status == 408:
            response.force_close()  # the rest of the request body may still come
        return response

    return middleware


def _json(refusal: Refusal) -> web.Response:
    body: dict[str, object] = {"error": str(refusal), "code": refusal.code}
    if refusal.retry_after is not None:
        body["retry_after"] = refusal.retry_after
    return reply(RefusalBody, body, status=refusal.status)


def _of_aiohttp(error: web.HTTPException) -> Refusal:
    """Converts an error of aiohttp into a Refusal."""
    match error:
        case web.HTTPNotFound():
            return NotFound(RefusalCode.NOT_FOUND, "there is nothing at this address")
        case web.HTTPMethodNotAllowed():
            allowed = ", ".join(sorted(error.allowed_methods))
            return MethodNotAllowed(
                RefusalCode.METHOD_NOT_ALLOWED,
                f"{error.method} is not possible here: use {allowed}",
            )
        case _:
            return Refusal(error.status, RefusalCode.BAD_REQUEST, error.text or error.reason)


@web.middleware
async def preflights(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers the CORS preflights of browsers (Fetch §3.2.2)."""
    return _preflight() if _is_preflight(request) else await handler(request)


def cross_origin(
    settings: Settings,
) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Returns a handler that adds CORS headers (Fetch §3.2), so that pages of other origins can
    publish and play. Any origin may be allowed, because credentials are bearer tokens, never
    cookies.

    Register the handler for `on_response_prepare`. A middleware would add the headers too late: an
    event stream sends its headers long before its request handler returns.
    """

    async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is None or not request.path.startswith(CROSS_ORIGIN):
            return
        allowed = _allowed(origin, settings)
        if allowed:
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = allowed
            response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = EXPOSED_HEADERS
        if allowed != "*":
            response.headers[hdrs.VARY] = "Origin"

    return add_headers


def _is_preflight(request: web.Request) -> bool:
    return (
        request.method == hdrs.METH_OPTIONS
        and hdrs.ORIGIN in request.headers
        and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers
        and request.path.startswith(CROSS_ORIGIN)
    )


def _preflight() -> web.StreamResponse:
    headers = {
        hdrs.ACCESS_CONTROL_ALLOW_METHODS: ALLOWED_METHODS,
        hdrs.ACCESS_CONTROL_ALLOW_HEADERS: ALLOWED_HEADERS,
        hdrs.ACCESS_CONTROL_MAX_AGE: "86400",
    }
    return web.Response(status=204, headers=headers)


def _allowed(origin: str, settings: Settings) -> str | None:
    if "*" in settings.cors_origins:
        return "*"
    return origin if origin in settings.cors_origins else None
