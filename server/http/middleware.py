"""Middleware for all endpoints: turns refusals into answers, refuses unknown hosts and foreign
origins, and answers preflights.
"""

import asyncio
import logging

from aiohttp import HttpVersion11, hdrs, web
from aiohttp.typedefs import Handler, Middleware

from relay.errors import Refusal, RefusalCode
from server.errors import (
    BadRequest,
    Forbidden,
    InternalError,
    MethodNotAllowed,
    Misdirected,
    NotFound,
    Unavailable,
)
from server.http.headers import ALLOWED_HEADERS, ALLOWED_METHODS, ENDPOINTS
from server.http.hosts import KnownHosts, Origins
from server.http.pages import Pages
from server.http.refusal_log import RefusalLog
from server.http.refusals import json_refusal, refusal_headers
from server.http.request import authority_of, client_of
from server.settings import Settings
from server.storage.errors import StorageError, StorageUnavailable

logger = logging.getLogger(__name__)

ANY_HOST = ("/healthz", "/readyz", "/metrics")
"""Paths that answer for every host: monitoring programs use addresses that no setting names."""


def refusals(pages: Pages, settings: Settings) -> Middleware:
    """Returns the middleware that turns every error into an answer: a page if a browser requests
    HTML, otherwise a RefusalBody. Logs some of the refusals with the client's address.
    """
    log = RefusalLog()

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refusal as refusal:
            return answer(request, refusal)
        except StorageError as error:
            if not isinstance(error, StorageUnavailable):  # the database logs that
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
        note(request, refusal)
        response: web.Response
        if "text/html" in request.headers.get(hdrs.ACCEPT, "") and not request.path.startswith(
            ENDPOINTS
        ):
            response = (
                # Plain text instead of a page: the style sheets of a page would be refused too.
                web.Response(status=421, text=f"{refusal}\n")
                if refusal.code is RefusalCode.UNKNOWN_HOST
                else pages.message(request, refusal)
            )
            response.headers.update(refusal_headers(refusal))
        else:
            response = json_refusal(refusal)
        if error is not None and hdrs.ALLOW in error.headers:
            response.headers[hdrs.ALLOW] = error.headers[hdrs.ALLOW]
        if refusal.status == 408:
            response.force_close()  # the rest of the request body may still come
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
