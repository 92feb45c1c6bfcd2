"""What every answer goes through: refusals become status codes, and headers that browsers ask for
are added.
"""

import logging

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from server.errors import NotFound, RequestRefused, Unavailable
from server.http.pages import Pages
from server.settings import Settings
from server.storage.database import StorageError

logger = logging.getLogger(__name__)

ALLOWED_HEADERS = "Authorization, Content-Type, If-Match"
EXPOSED_HEADERS = "Location, Link, ETag, Accept-Patch, Accept-Post, Retry-After"


def refusals(pages: Pages) -> Middleware:
    """Answers a RequestRefused with its status: JSON under /api, a page for browsers on their way
    to one, plain text elsewhere.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except RequestRefused as error:
            return answer(request, error)
        except StorageError as error:
            logger.error("%s", error)
            return answer(
                request, Unavailable("the server cannot reach its storage: try again later", 5)
            )
        except web.HTTPNotFound:
            return answer(request, NotFound("there is nothing at this address"))

    def answer(request: web.Request, error: RequestRefused) -> web.StreamResponse:
        if request.path.startswith("/api/"):
            return web.json_response(
                {"error": error.text}, status=error.status, headers=error.headers
            )
        if "text/html" in request.headers.get(hdrs.ACCEPT, "") and not request.path.startswith(
            ("/hls/", "/whip/", "/whep/", "/ws/")
        ):
            return pages.message(request, error.status, error.text)
        return web.Response(status=error.status, text=error.text, headers=error.headers)

    return middleware


def cross_origin(settings: Settings) -> Middleware:
    """Lets pages of other origins publish and play (CORS, Fetch §3.2). Credentials are bearer
    tokens, never cookies, so any origin may be let in.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is None or not request.path.startswith(("/api/", "/whip/", "/whep/")):
            return await handler(request)
        if (
            request.method == hdrs.METH_OPTIONS
            and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers
        ):
            response: web.StreamResponse = web.Response(status=204)
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_METHODS] = (
                "GET, POST, PATCH, DELETE, OPTIONS"
            )
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_HEADERS] = ALLOWED_HEADERS
            response.headers[hdrs.ACCESS_CONTROL_MAX_AGE] = "86400"
        else:
            response = await handler(request)
        allowed = (
            "*"
            if "*" in settings.cors_origins
            else origin
            if origin in settings.cors_origins
            else None
        )
        if allowed:
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = allowed
            response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = EXPOSED_HEADERS
        if allowed != "*":
            response.headers[hdrs.VARY] = "Origin"
        return response

    return middleware
