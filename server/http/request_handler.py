"""An aiohttp request handler that answers malformed HTTP, and defects, with a refusal."""

import logging

from aiohttp import hdrs, web
from aiohttp.web_request import BaseRequest

from relay.errors import Refusal, RefusalCode
from server.http.headers import NOSNIFF, SERVER
from server.http.refusals import json_refusal

logger = logging.getLogger(__name__)


class RequestHandler(web.RequestHandler):
    """Answers malformed HTTP with a refusal. By default, aiohttp logs a traceback for each such
    request and sends an answer that names the versions of aiohttp and Python. Logs each defect with
    the path of its request.
    """

    __slots__ = ()

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if isinstance(exc, ConnectionError) and self.transport is None:
            raise exc  # the client has left: aiohttp ends the connection
        if status >= 500:
            logger.error("%s %s", request.method, request.path, exc_info=exc)
            refusal = Refusal(500, RefusalCode.INTERNAL_ERROR, "the server has a defect here")
        else:
            logger.debug("malformed HTTP from %s: %r", request.remote, exc)
            refusal = Refusal(status, RefusalCode.BAD_REQUEST, "malformed HTTP")
        if request.writer.output_size > 0:
            raise ConnectionError("part of an answer has already been sent")
        response = json_refusal(refusal)
        response.force_close()
        response.headers[hdrs.SERVER] = SERVER
        response.headers[NOSNIFF[0]] = NOSNIFF[1]
        return response
