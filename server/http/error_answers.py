"""Turns every error of an endpoint into an answer."""

import asyncio
import logging

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from relay.errors import Refusal, RefusalCode
from server.errors import InternalError, MethodNotAllowed, NotFound, Unavailable
from server.http.headers import ENDPOINTS
from server.http.pages import Pages
from server.http.refusal_log import RefusalLog
from server.http.refusals import json_refusal, refusal_headers
from server.http.request import client_of
from server.objects.errors import ObjectMissing, ObjectsError
from server.settings import Settings
from server.storage.errors import StorageError, StorageUnavailable

logger = logging.getLogger(__name__)

STORAGE_AWAY = Unavailable(
    RefusalCode.STORAGE_UNAVAILABLE, "the server cannot reach its storage: try again later", 5
)
MEDIA_AWAY = Unavailable(
    RefusalCode.MEDIA_UNAVAILABLE, "the server cannot reach its media: try again later", 5
)
DEFECT = InternalError(RefusalCode.INTERNAL_ERROR, "the server has a defect here")


def refusals(pages: Pages, settings: Settings) -> Middleware:
    """Returns the middleware that turns every error into an answer: a page if a browser requests
    HTML, otherwise a RefusalBody. Logs some of the refusals with the client's address.
    """
    log = RefusalLog()

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except ConnectionError:
            raise  # the client has left
        except Exception as error:
            refusal = _refusal_of(error, request)
            if refusal is None:
                raise
            allow = error.headers.get(hdrs.ALLOW) if isinstance(error, web.HTTPException) else None
        note(request, refusal)
        response = _answer(pages, request, refusal)
        if allow is not None:
            response.headers[hdrs.ALLOW] = allow
        return response

    def note(request: web.Request, refusal: Refusal) -> None:
        resource = request.match_info.route.resource
        line = log.line(
            refusal.status,
            refusal.code.value,
            client_of(request, settings).address,
            request.method,
            resource.canonical if resource else "an unknown path",
            asyncio.get_running_loop().time(),
        )
        if line:
            logger.info("%s", line)

    return middleware


def _refusal_of(error: Exception, request: web.Request) -> Refusal | None:
    """Returns the refusal for a request that ended with `error`. Returns None if `error` is itself
    an answer below 400, such as a redirect. Also returns None if the answer has begun: aiohttp then
    cuts the connection.
    """
    match error:
        case Refusal():
            return error
        case StorageError():
            if not isinstance(error, StorageUnavailable):  # the database logs that
                logger.error("%s", error)
            return STORAGE_AWAY
        case ObjectMissing():
            return NotFound(RefusalCode.NOT_FOUND, "there is nothing at this address")
        case ObjectsError():
            return MEDIA_AWAY  # The object store has logged the error.
        case web.HTTPException():
            return None if error.status < 400 else _of_aiohttp(error)
    if request.writer.output_size:
        return None
    logger.error("%s %s", request.method, request.path, exc_info=error)
    return DEFECT


def _answer(pages: Pages, request: web.Request, refusal: Refusal) -> web.Response:
    """Returns a page if a browser requests HTML, otherwise a RefusalBody."""
    html = "text/html" in request.headers.get(hdrs.ACCEPT, "")
    if not html or request.path.startswith(ENDPOINTS):
        response = json_refusal(refusal)
    elif refusal.code is RefusalCode.UNKNOWN_HOST:
        # Plain text instead of a page: the style sheets of a page would be refused too.
        response = web.Response(status=421, text=f"{refusal}\n")
        response.headers.update(refusal_headers(refusal))
    else:
        response = pages.message(request, refusal)
        response.headers.update(refusal_headers(refusal))
    if refusal.status == 408:
        response.force_close()  # the rest of the request body may still come
    return response


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
