"""Serves an aiohttp application at one TCP port of the server."""

import asyncio
from functools import partial

from aiohttp import web

from server.host.listeners import Listener
from server.http.acceptor import TlsAcceptor
from server.http.connections import PROXY_IDLE, Connection, Connections
from server.http.lan_peers import LanProtocol
from server.http.request_handler import RequestHandler

BACKLOG = 4_096
"""Maximum number of new TCP connections that wait for `accept`. Many viewers may connect at once.
"""


class TcpSite(web.SockSite):
    """An aiohttp SockSite that makes a Connection for each TCP connection."""

    def __init__(self, runner: web.AppRunner, listener: Listener, connections: Connections) -> None:
        super().__init__(runner, listener.sock, ssl_context=listener.tls)
        self._listener = listener
        self._connections = connections
        self._acceptor: TlsAcceptor | None = None

    async def start(self) -> None:
        await web.BaseSite.start(self)
        handlers = self._runner.server
        assert handlers is not None
        listener = self._listener
        if listener.tls:
            self._acceptor = TlsAcceptor(
                listener.sock, listener.tls, self._connections, lambda: self._protocol(handlers)
            )
            self._acceptor.start(BACKLOG)
            return
        self._server = await asyncio.get_running_loop().create_server(
            lambda: self._protocol(handlers), sock=listener.sock, backlog=BACKLOG
        )

    async def stop(self) -> None:
        if self._acceptor:
            await self._acceptor.close()
        await super().stop()

    def _protocol(self, server: web.Server) -> Connection:
        make_handler = partial(
            RequestHandler,
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]  # as in aiohttp's own runner
            keepalive_timeout=PROXY_IDLE,
        )
        networks = self._listener.networks
        if networks is None:
            return Connection(self._connections, make_handler)
        return LanProtocol(self._connections, make_handler, networks)
