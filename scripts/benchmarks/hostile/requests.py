"""Attacks with many valid HTTP requests, on a few connections, as fast as the server answers."""

import asyncio
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

from scripts.benchmarks.hostile.arena import ANSWER_LATE, Arena
from scripts.loadgen.http_client import ConnectionBroken, HttpClient

CONNECTIONS = 4
AGAIN = 0.05
"""Seconds until a closed connection is opened again."""


class Requests(ABC):
    """Sends requests on CONNECTIONS connections. Subclasses override `request`. `per_second`:
    number of requests a second on all connections together; 0 for full speed.
    """

    per_second = 0.0
    source = "127.0.0.4"
    total: float = 0
    """Number of requests after which the attack sends no further request; 0 if there is no limit.
    """

    async def prepare(self, arena: Arena) -> None:
        self._number = 0

    @abstractmethod
    def request(self, arena: Arena, number: int) -> bytes:
        """Returns the request to send. `number`: index of the request in the attack."""

    async def run(self, arena: Arena, seconds: float) -> None:
        until = time.monotonic() + seconds
        await asyncio.gather(*(self._send(arena, until) for _ in range(CONNECTIONS)))

    async def _send(self, arena: Arena, until: float) -> None:
        pause = CONNECTIONS / self.per_second if self.per_second else 0.0
        while time.monotonic() < until:
            client = HttpClient(arena.host, "")
            try:
                await asyncio.get_running_loop().create_connection(
                    lambda client=client: client,  # type: ignore[misc]
                    *arena.address,
                    local_addr=(self.source, 0),
                )
                await self._use(arena, client, until, pause)
            except TimeoutError:  # a subclass of OSError
                pass
            except (ConnectionBroken, OSError):
                arena.note("gone: connection closed")
                await asyncio.sleep(AGAIN)
            client.close()

    async def _use(self, arena: Arena, client: HttpClient, until: float, pause: float) -> None:
        while (asked := time.monotonic()) < until:
            if self.total and self._number >= self.total:
                await asyncio.sleep(until - asked)
                return
            self._number += 1
            arena.count("requests")
            try:
                async with asyncio.timeout(until - asked):
                    answer = await client.exchange(self.request(arena, self._number))
            finally:
                if (took := time.monotonic() - asked) >= ANSWER_LATE:
                    arena.note("slowed: answers delayed")
            arena.note_status(answer.status)
            if pause > took:
                await asyncio.sleep(pause - took)


def get(path: Callable[[Arena], str], host: Callable[[Arena], str] | None = None) -> type[Requests]:
    """Returns an attack that requests one path at full speed. `path` and `host`: functions that
    return the path and the value of the Host header; if `host` is None, the attack sends the usual
    Host header.
    """

    class Get(Requests):
        def request(self, arena: Arena, number: int) -> bytes:
            name = host(arena) if host else arena.host
            return f"GET {path(arena)} HTTP/1.1\r\nHost: {name}\r\n\r\n".encode()

    return Get


UsualQrCodes = get(lambda arena: f"/api/rooms/{arena.room}/qr.svg")
LongHostQrCodes = get(
    lambda arena: f"/api/rooms/{arena.room}/qr.svg", lambda _: "a." * 1_095 + "example"
)
Metrics = get(lambda _: "/metrics")


class UnknownRooms(Requests):
    """Requests for rooms that do not exist, 700 a second."""

    per_second = 700.0

    def request(self, arena: Arena, number: int) -> bytes:
        path = f"/api/rooms/{secrets.token_hex(4)}"
        return f"GET {path} HTTP/1.1\r\nHost: {arena.host}\r\n\r\n".encode()


class WrongTokens(Requests):
    """Requests that guess the create token, at full speed."""

    def request(self, arena: Arena, number: int) -> bytes:
        return post_room(arena.host, f"Authorization: Bearer {secrets.token_hex(12)}\r\n")


class ManyRooms(Requests):
    """5,000 new rooms, requested through a trusted proxy. Each request comes from a different /64
    of one /48.
    """

    total = 5_000

    def request(self, arena: Arena, number: int) -> bytes:
        return post_room(arena.host, f"X-Forwarded-For: 2001:db8:1:{number:x}::1\r\n")


def post_room(host: str, headers: str) -> bytes:
    """Returns a request that creates a room."""
    body = '{"title":"hostile"}'
    return (
        f"POST /api/rooms HTTP/1.1\r\nHost: {host}\r\n{headers}Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()
