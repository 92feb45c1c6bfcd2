"""The parameters of an attack, such as the address of the server, and notes about the server's
reactions.
"""

import asyncio
import json
import ssl
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

import aiohttp

from scripts.benchmarks.figures import Bar
from scripts.benchmarks.hostile.figures import Note
from scripts.loadgen.clip import Clip

TICK = 0.004
REFUSALS = frozenset({400, 408, 413, 421, 429, 431, 503})
"""HTTP statuses with which the server refuses a bad request, or a request beyond a limit."""
ANSWER_LATE = 0.25
"""Response time above which the attacker counts as slowed, seconds."""
TIMEOUT = aiohttp.ClientTimeout(total=15)


class NotPrepared(Exception):
    """Raised if the server refuses the preparation of an attack. Without the preparation, the
    attack would measure nothing.
    """


@dataclass(frozen=True, slots=True)
class Made:
    """A room that an attacker has created."""

    room: str
    key: str
    whip: str


class Arena:
    """The server under attack. An attack records here what the attacker sent and how the server
    reacted.
    """

    def __init__(self, url: str, room: str, clip: Clip, token: str = "") -> None:
        parts = urlsplit(url)
        assert parts.hostname and parts.port
        self.url = url
        self.room = room
        """Name of the live room that the honest viewers watch."""
        self.clip = clip
        self.address = (parts.hostname, parts.port)
        self.host = f"{parts.hostname}:{parts.port}"
        self.tls = parts.scheme == "https"
        self.token = token
        self.sent: dict[str, float] = {}
        self.demands: list[Bar] = []
        self._began = time.monotonic()
        self._notes: dict[str, tuple[float, int]] = {}
        self._clients: dict[str, aiohttp.ClientSession] = {}

    def begin(self) -> None:
        """Starts the clock of the attack, and deletes all earlier notes."""
        self._began = time.monotonic()
        self._notes.clear()
        self.sent.clear()

    @property
    def passed(self) -> float:
        """Seconds since the attack began."""
        return time.monotonic() - self._began

    def note(self, what: str, count: int = 1) -> None:
        """Records that the server refused, slowed or ended part of the attack."""
        at, before = self._notes.get(what, (self.passed, 0))
        self._notes[what] = (at, before + count)

    def note_status(self, status: int) -> None:
        """Counts an HTTP answer by its status. Records a note if the status is a refusal."""
        self.count(f"HTTP {status}")
        if status in REFUSALS:
            self.note(f"refused: HTTP {status}")

    def count(self, what: str, number: float = 1) -> None:
        self.sent[what] = self.sent.get(what, 0) + number

    def demand(self, name: str, value: float, limit: float, unit: str = "") -> None:
        """Adds a bar for this attack only. All attacks also share common bars."""
        self.demands.append(Bar(name, value, limit, unit))

    def http(self, source: str = "127.0.0.2") -> aiohttp.ClientSession:
        """Returns the HTTP client that sends from the address `source`."""
        if source not in self._clients:
            self._clients[source] = aiohttp.ClientSession(
                timeout=TIMEOUT,
                connector=aiohttp.TCPConnector(
                    limit=32, local_addr=(source, 0), ssl=trusting() if self.tls else True
                ),
            )
        return self._clients[source]

    async def create_room(self, source: str = "127.0.0.2") -> Made | None:
        """Creates a room. If the server refuses, records the refusal and returns None."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with self.http(source).post(
            f"{self.url}/api/rooms", json={"title": "hostile"}, headers=headers
        ) as answer:
            if answer.status != 201:
                self.note_status(answer.status)
                return None
            made = await answer.json()
            return Made(made["room"], made["key"], f"{self.url}/whip/{made['room']}")

    async def require_room(self, source: str) -> Made:
        """Creates a room. Raises NotPrepared if the server refuses."""
        made = await self.create_room(source)
        if made is None:
            raise NotPrepared("the server refused to create a room")
        return made

    def summary(self) -> bytes:
        """Returns the notes of the attack as one line of JSON."""
        notes = [
            asdict(Note(what, at, count))
            for what, (at, count) in sorted(self._notes.items(), key=lambda item: item[1])
        ]
        demands = [asdict(bar) for bar in self.demands]
        return json.dumps({"notes": notes, "sent": self.sent, "demands": demands}).encode() + b"\n"

    async def close(self) -> None:
        for client in self._clients.values():
            await client.close()


class Attack(Protocol):
    """One attack. `prepare` runs before the quiet run, and does only what an honest user may do.
    `prepare` raises NotPrepared if the server refuses.
    """

    async def prepare(self, arena: Arena) -> None: ...

    async def run(self, arena: Arena, seconds: float) -> None: ...


async def paced(per_second: float, seconds: float, send: Callable[[], object]) -> None:
    """Calls `send` `per_second` times a second. Makes overdue calls in one batch."""
    began, made = time.monotonic(), 0
    while (passed := time.monotonic() - began) < seconds:
        due = int(passed * per_second)
        for _ in range(due - made):
            send()
        made = due
        await asyncio.sleep(TICK)


def trusting() -> ssl.SSLContext:
    """Returns a TLS context that accepts any certificate."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def bars_from_json(values: list[dict[str, Any]]) -> tuple[Bar, ...]:
    return tuple(Bar(**value) for value in values)


def notes_from_json(values: list[dict[str, Any]]) -> tuple[Note, ...]:
    return tuple(Note(**value) for value in values)
