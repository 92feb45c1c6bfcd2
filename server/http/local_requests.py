"""Answers requests that other nodes have forwarded, as if their clients had sent them here."""

import asyncio
import socket
from functools import partial

from aiohttp import BaseConnector, ClientSession, ClientTimeout, DummyCookieJar, hdrs, web
from aiohttp.client import ClientRequest
from aiohttp.client_proto import ResponseHandler
from aiohttp.tracing import Trace
from yarl import URL

from server.cluster.http_messages import ForwardedAnswer, ForwardedRequest, Headers
from server.http.request_handler import RequestHandler

HOP_BY_HOP = frozenset(
    name.lower()
    for name in (
        *(hdrs.CONNECTION, hdrs.KEEP_ALIVE, hdrs.TE, hdrs.TRAILER, hdrs.TRANSFER_ENCODING),
        *(hdrs.UPGRADE, hdrs.CONTENT_LENGTH, hdrs.EXPECT, "Proxy-Connection"),
    )
)
"""Headers of one connection (RFC 9110 §7.6.1), and those that a new message gets anyway."""
FROM_PROXIES = frozenset(
    ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "via", "x-real-ip")
)
WITHIN = 60.0


def end_to_end(headers: Headers) -> list[tuple[str, str]]:
    """Returns the headers that belong to the message, not to its connection."""
    return [(name, value) for name, value in headers if name.lower() not in HOP_BY_HOP]


class LocalRequests:
    """Sends requests to the application of this process. `close()` ends the open ones.

    The requests come over a pair of sockets, so their peer has no address. The address of the
    client is in X-Forwarded-For.
    """

    def __init__(self, runner: web.AppRunner) -> None:
        self._runner = runner
        self._client: ClientSession | None = None

    async def close(self) -> None:
        if self._client:
            await self._client.close()

    async def respond(self, request: ForwardedRequest) -> ForwardedAnswer:
        if self._client is None:
            self._client = ClientSession(
                connector=_Pairs(self._runner),
                auto_decompress=False,
                cookie_jar=DummyCookieJar(),
                timeout=ClientTimeout(WITHIN),
                skip_auto_headers=(hdrs.ACCEPT, hdrs.ACCEPT_ENCODING, hdrs.USER_AGENT),
            )
        headers = [
            *(
                (name, value)
                for name, value in end_to_end(request.headers)
                if name.lower() not in FROM_PROXIES
            ),
            ("X-Forwarded-For", request.client),
            ("X-Forwarded-Proto", request.scheme),
            ("X-Forwarded-Host", request.host),
        ]
        url = URL(f"http://node{request.path}", encoded=True)
        async with self._client.request(
            request.method, url, headers=headers, data=request.body or None, allow_redirects=False
        ) as response:
            body = await response.read()
            return ForwardedAnswer(response.status, tuple(response.headers.items()), body)


class _Pairs(BaseConnector):
    """Connects to the application over a new pair of sockets for each request."""

    def __init__(self, runner: web.AppRunner) -> None:
        super().__init__(force_close=True, limit=0)
        self._runner = runner

    async def _create_connection(
        self,
        req: ClientRequest,
        traces: list[Trace],
        timeout: ClientTimeout,  # noqa: ASYNC109 (as in aiohttp)
    ) -> ResponseHandler:
        loop = asyncio.get_running_loop()
        server = self._runner.server
        assert server is not None
        make_handler = partial(
            RequestHandler,
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]  # as in TcpSite
        )
        ours, theirs = socket.socketpair()
        await loop.connect_accepted_socket(make_handler, theirs)
        _, protocol = await loop.create_connection(self._factory, sock=ours)
        return protocol
