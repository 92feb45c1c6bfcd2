"""Charges the time of requests and WebSockets to the client's address."""

from time import monotonic

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from relay.meter import Meter
from relay.stopwatch import Timed
from server.http.request import ACCOUNT, client_of
from server.settings import Settings


def metering(meter: Meter, settings: Settings) -> Middleware:
    """Returns the middleware that charges the time of request handlers to the client's address.
    While an address is slowed, the handlers of its requests wait. The handlers of its WebSockets
    wait too, so that unread notices stay in the socket's buffer.
    """

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        account = meter.client(client_of(request, settings).address, monotonic())
        request[ACCOUNT] = account
        account.enter(monotonic())
        try:
            return await Timed(_handle(handler, request), account, delayed=True)
        finally:
            account.leave(monotonic())

    return middleware


async def _handle(handler: Handler, request: web.Request) -> web.StreamResponse:
    return await handler(request)
