"""Accepts TLS connections. Each connection is counted before its handshake, so that a client cannot
keep many unfinished handshakes open.

asyncio's own servers report a TLS connection only after its handshake.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable

from server.http.connections import HANDSHAKE, Connection, Connections, Phase

logger = logging.getLogger(__name__)

BATCH = 4
"""Maximum number of connections that are accepted before other work is done. The server's part of a
handshake takes about 1 ms.
"""
CLOSING = 5.0
"""Maximum duration of the shutdown of a TLS connection, seconds."""
RETRY = 1.0
"""Delay before the server accepts connections again after an error, seconds."""


class TlsAcceptor:
    """Accepts the connections of one bound socket, from `start()` to `close()`. Owns one task for
    each handshake.
    """

    def __init__(
        self,
        sock: socket.socket,
        context: ssl.SSLContext,
        connections: Connections,
        make_protocol: Callable[[], Connection],
    ) -> None:
        self._sock = sock
        self._context = context
        self._connections = connections
        self._make_protocol = make_protocol
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._handshakes: set[asyncio.Task[None]] = set()

    def start(self, backlog: int) -> None:
        self._sock.setblocking(False)
        self._sock.listen(backlog)
        self._loop.add_reader(self._sock.fileno(), self._accept)

    async def close(self) -> None:
        """Stops accepting and cancels the handshakes. Complete connections stay open."""
        if self._timer:
            self._timer.cancel()
        if self._sock.fileno() >= 0:
            self._loop.remove_reader(self._sock.fileno())
            self._sock.close()
        for handshake in self._handshakes:
            handshake.cancel()
        if self._handshakes:
            await asyncio.wait(self._handshakes)

    def _accept(self) -> None:
        for _ in range(BATCH):
            try:
                sock, address = self._sock.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # for example, no file descriptor is free
                logger.error("cannot accept a connection: %s", error.strerror or error)
                self._loop.remove_reader(self._sock.fileno())
                self._timer = self._loop.call_later(RETRY, self._resume)
                return
            connection = self._make_protocol()
            if self._connections.admit(connection, address[0], Phase.HANDSHAKE):
                sock.setblocking(False)
                task = self._loop.create_task(self._shake_hands(sock, connection))
                connection.handshake = task
                self._handshakes.add(task)
                task.add_done_callback(self._handshakes.discard)
            else:
                sock.close()

    def _resume(self) -> None:
        self._loop.add_reader(self._sock.fileno(), self._accept)

    async def _shake_hands(self, sock: socket.socket, connection: Connection) -> None:
        try:
            await self._loop.connect_accepted_socket(
                lambda: connection,
                sock,
                ssl=self._context,
                ssl_handshake_timeout=HANDSHAKE,
                ssl_shutdown_timeout=CLOSING,
            )
        except OSError as error:  # also ssl.SSLError, and a handshake that took too long
            logger.debug("TLS handshake with %s: %s", connection.address, error)
        finally:
            connection.handshake = None  # the task references the connection
            if connection.phase is Phase.HANDSHAKE:
                self._connections.lost(connection, None)
