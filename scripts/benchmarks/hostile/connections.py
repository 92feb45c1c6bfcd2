"""Attacks with many TCP connections on which the attacker reads nothing, sends nothing, or sends
slowly.
"""

import asyncio
import contextlib
import errno
import re
import select
import socket
import ssl
import time
from collections import deque
from collections.abc import Sequence
from urllib.parse import urljoin

from scripts.benchmarks.hostile.arena import TICK, Arena, paced
from scripts.loadgen.hls_playlist import read_variant
from scripts.loadgen.websocket_viewer import request as handshake

AT_ONCE = 25
"""Number of connections that are opened in one step of the event loop."""
RECEIVE_BUFFER = 4_096
PEEK, READ_MAX = 64, 65_536
SEGMENT_WITHIN = 12.0
_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")
_SEGMENT = re.compile(r"^[^#\n]\S*/\d+\.m4s$", re.MULTILINE)


class Connection:
    """A TCP connection of the attacker. The attacker only peeks at the first received bytes, so
    that they stay in the receive buffer.
    """

    __slots__ = ("answered", "open", "sock", "unsent")

    def __init__(self, sock: socket.socket, unsent: bytes) -> None:
        self.sock = sock
        self.unsent = unsent
        self.open = True
        self.answered = False


class Connections:
    """Opens many connections. Records which connections the server answers or ends."""

    def __init__(self, arena: Arena) -> None:
        self._arena = arena
        self._epoll = select.epoll()
        self._found: dict[int, Connection] = {}

    def __len__(self) -> int:
        """Returns the number of connections that are open."""
        return len(self._found)

    async def open(self, sources: Sequence[str], count: int, data: bytes) -> None:
        """Opens `count` connections from the addresses `sources` in turn, and sends `data` on each
        connection.
        """
        for number in range(count):
            self._connect(sources[number % len(sources)], data)
            if number % AT_ONCE == AT_ONCE - 1:
                self.look()
                await asyncio.sleep(TICK)

    async def hold(self, seconds: float, drip: bytes = b"", every: float = 1.0) -> None:
        """Keeps the connections open for `seconds`. Sends `drip` on each connection, once in
        `every` seconds.
        """
        until, due = time.monotonic() + seconds, time.monotonic() + every
        while time.monotonic() < until:
            self.look()
            if drip and time.monotonic() >= due:
                due += every
                for connection in list(self._found.values()):
                    self._write(connection, drip)
            await asyncio.sleep(0.02)

    async def repeat(self, seconds: float, data: bytes, per_second: float) -> None:
        """Sends `data` on each connection, `per_second` times a second, for `seconds`. Reads and
        drops what the server sends.
        """
        turns = deque(self._found.values())

        def send() -> None:
            if turns:
                turns.rotate(-1)
                self._write(turns[0], data)
                self._arena.count("messages")

        watching = asyncio.create_task(self._drain(seconds))
        await paced(per_second * len(turns), seconds, send)
        await watching

    async def _drain(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.look()
            for connection in list(self._found.values()):
                with contextlib.suppress(OSError):
                    self._look_for_close(connection.sock.recv(READ_MAX))
            await asyncio.sleep(0.25)

    def _look_for_close(self, data: bytes) -> None:
        """Records a WebSocket close frame at the end of the data (RFC 6455 §5.5.1)."""
        at = data.rfind(b"\x88")
        if at >= 0 and len(data) >= at + 4 and len(data) == at + 2 + data[at + 1]:
            code = int.from_bytes(data[at + 2 : at + 4], "big")
            reason = data[at + 4 :].decode("utf-8", "replace")
            self._arena.note(f"gone: {code} {reason}"[:80])

    def look(self) -> None:
        """Handles all pending events of the connections."""
        for descriptor, event in self._epoll.poll(0, 4_096):
            connection = self._found.get(descriptor)
            if connection is None:
                continue
            if event & select.EPOLLOUT and connection.unsent:
                data, connection.unsent = connection.unsent, b""
                self._epoll.modify(descriptor, _WATCHED)
                self._write(connection, data)
            if event & select.EPOLLIN and not connection.answered:
                self._peek(connection)
            if event & (select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR):
                self._gone(connection)

    def _connect(self, source: str, data: bytes) -> None:
        sock = socket.socket()
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        sock.bind((source, 0))
        result = sock.connect_ex(self._arena.address)
        if result not in (0, errno.EINPROGRESS):
            self._arena.note("refused: no connection")
            sock.close()
            return
        self._arena.count("connections")
        self._found[sock.fileno()] = Connection(sock, data)
        self._epoll.register(sock.fileno(), _WATCHED | select.EPOLLOUT)

    def _write(self, connection: Connection, data: bytes) -> None:
        if connection.open:
            with contextlib.suppress(OSError):
                connection.sock.send(data)

    def _peek(self, connection: Connection) -> None:
        connection.answered = True
        try:
            head = connection.sock.recv(PEEK, socket.MSG_PEEK)
        except OSError:
            return
        if found := _STATUS.match(head):
            self._arena.note_status(int(found[1]))

    def _gone(self, connection: Connection) -> None:
        """Closes a connection that the server has ended."""
        if not connection.answered:
            self._peek(connection)
        self._arena.note("gone: connection closed")
        connection.open = False
        del self._found[connection.sock.fileno()]
        self._epoll.unregister(connection.sock.fileno())
        connection.sock.close()


_WATCHED = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET


class HeldConnections:
    """Opens connections, sends the same bytes on each connection, and keeps the connections open.
    Subclasses override `data` (the bytes sent first) and `drip` (the bytes sent every second).
    """

    count = 1_000
    sources: Sequence[str] = ("127.0.0.3",)
    drip = b""

    async def prepare(self, arena: Arena) -> None:
        """Does nothing by default."""

    def data(self, arena: Arena) -> bytes:
        return b""

    async def run(self, arena: Arena, seconds: float) -> None:
        self.connections = Connections(arena)
        await self.connections.open(self.sources, self.count, self.data(arena))
        await self.connections.hold(seconds - arena.passed, self.drip)


class SilentSockets(HeldConnections):
    """Connections on which nothing is sent."""


class SlowHeaders(HeldConnections):
    """Slowloris: requests whose headers never end. A header line follows once a second."""

    drip = b"X-More: 1\r\n"

    def data(self, arena: Arena) -> bytes:
        return f"GET /r/{arena.room} HTTP/1.1\r\nHost: {arena.host}\r\n".encode()


class MissingBodies(HeldConnections):
    """HTTP requests whose body is never sent."""

    count = 500
    length = 10_000

    def data(self, arena: Arena) -> bytes:
        return (
            f"POST /whep/{arena.room} HTTP/1.1\r\nHost: {arena.host}\r\n"
            f"Content-Type: application/sdp\r\nContent-Length: {self.length}\r\n\r\n"
        ).encode()


class SlowBodies(MissingBodies):
    """Slowloris: HTTP requests whose body is sent at one byte a second."""

    drip = b"v"


class HalfOpenTls(HeldConnections):
    """TLS handshakes that stop after the first message, from 20 addresses."""

    count = 2_000
    sources = tuple(f"127.0.1.{number}" for number in range(1, 21))

    def data(self, arena: Arena) -> bytes:
        return tls_client_hello()


class UnreadSockets(HeldConnections):
    """WebSocket viewers that never read."""

    count = 100

    def data(self, arena: Arena) -> bytes:
        return handshake(arena.host, f"/ws/{arena.room}?player=load")


class UnreadSegments(HeldConnections):
    """HLS viewers that request a segment and never read it."""

    count = 1_500

    async def prepare(self, arena: Arena) -> None:
        self._segment = await _newest_segment(arena)

    def data(self, arena: Arena) -> bytes:
        return f"GET {self._segment} HTTP/1.1\r\nHost: {arena.host}\r\n\r\n".encode()


class FewUnreadSegments(UnreadSegments):
    """100 HLS viewers that request a segment and never read it."""

    count = 100


async def _newest_segment(arena: Arena) -> str:
    """Plays the room over HLS until a segment exists. Returns the path of the newest segment."""
    http, index = arena.http(), f"/hls/{arena.room}/index.m3u8"
    async with asyncio.timeout(SEGMENT_WITHIN):
        async with http.get(arena.url + index) as answer:
            live = urljoin(index, read_variant(await answer.text()))
        while True:
            async with http.get(arena.url + live) as answer:
                segments = _SEGMENT.findall(await answer.text())
            whole = [uri for uri in segments if uri.rpartition("/")[2].count(".") == 1]
            if whole:
                return urljoin(live, str(whole[-1]))
            await asyncio.sleep(0.25)


def tls_client_hello() -> bytes:
    """Returns the first message of a TLS handshake."""
    received, sent = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    client = context.wrap_bio(received, sent, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return sent.read()
