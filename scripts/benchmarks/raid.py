"""A hate raid: 300 new guests, spread over 20 addresses, write 10 messages a second each. People
whom the creator knows keep writing during the raid. The creator then raises the shield.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from relay.message import Kind, unpack_records
from scripts.benchmarks.figures import Bar, Figures, percentile
from scripts.benchmarks.guest import new_guest
from scripts.benchmarks.latency import Progress
from scripts.benchmarks.local_server import LocalServer
from scripts.benchmarks.raider import EVERY, Raider
from scripts.loadgen.person_cookie import cookie_of

SLOWEST = 200.0
"""Maximum 99th percentile of the delay of messages that known people write, ms."""
SHIELD_WITHIN = 1_000.0
"""Maximum time from the creator's tap that raises the shield until the last message of the raid
reaches a viewer, ms.
"""
TALK_EVERY = 0.2
"""Seconds between two messages of the known people, who take turns to write."""
ARRIVE_WITHIN = 5.0
"""Maximum seconds until a message has reached the viewer."""


@dataclass(frozen=True, slots=True)
class Plan:
    guests: int = 300
    addresses: int = 20
    known: int = 60
    """Number of known people who write; they are followers of the creator."""
    seconds: float = 20.0
    """Duration of the raid before the shield is raised, seconds. After that, the raid continues for
    the same time.
    """


@dataclass(slots=True)
class Report:
    quiet: Figures = field(default_factory=lambda: Figures.of(()))
    """Delays of the messages of known people while there is no raid, ms."""
    raid: Figures = field(default_factory=lambda: Figures.of(()))
    raid_p99: float = 0.0
    shielded: Figures = field(default_factory=lambda: Figures.of(()))
    shielded_p99: float = 0.0
    shield: float = 0.0
    """Time from the creator's tap that raises the shield until the last message of the raid reached
    a viewer, ms.
    """
    tap: float = 0.0
    """Time from the creator's tap that raises the shield until the creator got the answer, ms."""
    shown: int = 0
    """Number of the raid's messages that a viewer got before the shield was raised."""
    lost: int = 0
    """Number of messages of known people that were refused or did not arrive."""
    answers: dict[str, int] = field(default_factory=dict)
    """Number of answers to the raiders, by HTTP status."""

    @property
    def bars(self) -> list[Bar]:
        return [
            Bar("messages of others during the raid, p99", self.raid_p99, SLOWEST, "ms"),
            Bar("messages of others behind the shield, p99", self.shielded_p99, SLOWEST, "ms"),
            Bar("end of the raid after the tap", self.shield, SHIELD_WITHIN, "ms"),
            Bar("messages of others lost", self.lost, 0, ""),
        ]

    def as_json(self) -> dict[str, Any]:
        figures = {name: getattr(self, name).as_json() for name in ("quiet", "raid", "shielded")}
        return asdict(self) | figures


class Watcher:
    """A viewer who reads every message."""

    def __init__(self) -> None:
        self.arrived: dict[str, float] = {}
        """Time of arrival of each message, by the id that its author chose."""
        self._news = asyncio.Event()

    async def read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.BINARY:
                continue
            now = time.monotonic()
            for record in unpack_records(message.data):
                if record.kind is Kind.EVENT:
                    event = json.loads(record.body)
                    if event.get("type") == "message":
                        self.arrived[event["message"]["id"]] = now
                        self._news.set()

    async def arrival(self, id: str) -> float | None:
        """Returns the time at which the message arrived; None if it did not arrive in time."""
        try:
            async with asyncio.timeout(ARRIVE_WITHIN):
                while id not in self.arrived:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return None
        return self.arrived[id]

    def raid(self) -> list[float]:
        return [at for id, at in self.arrived.items() if id.startswith("raid-")]


class Person:
    """A person with a cookie, whose requests come from 127.0.0.1."""

    def __init__(self, url: str, http: aiohttp.ClientSession, cookie: str) -> None:
        self._url, self._http = url, http
        self._headers = {"Origin": url, "Cookie": cookie}

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        async with self._http.request(
            method, f"{self._url}{path}", json=body, headers=self._headers
        ) as response:
            if renewed := cookie_of(response.cookies):
                self._headers["Cookie"] = renewed
            return response.status, await response.json(content_type=None)


async def measure(data: Path, plan: Plan, *, progress: Progress) -> Report:
    """Measures a raid on a server with its data in the folder `data`. Raises ServerFailed."""
    report, answers = Report(), Counter[int]()
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(LocalServer(data))
        http = await stack.enter_async_context(
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        )
        creator = Person(server.url, http, await new_guest(http, server.url))
        _, me = await creator.ask("PUT", "/api/me/handle", {"handle": "raided"})
        _, made = await creator.ask("POST", "/api/rooms", {"title": "raid"})
        room = made["room"]
        people = []
        for _ in range(plan.known):
            person = Person(server.url, http, await new_guest(http, server.url))
            await person.ask("PUT", f"/api/follows/{me['person']['id']}")
            people.append(person)
        watcher = Watcher()
        socket = await stack.enter_async_context(
            http.ws_connect(f"{server.url}/ws/{room}?media=0", headers={"Origin": server.url})
        )
        reading = asyncio.create_task(watcher.read(socket))
        stack.callback(reading.cancel)
        raiders = await _raiders(server.url, room, plan, answers, stack)
        talk = _Talk(room, watcher, people)

        progress("known people talk")
        report.quiet = Figures.of(await talk.go_on(min(5.0, plan.seconds)))
        progress(f"{plan.guests} guests raid the room")
        for number, raider in enumerate(raiders):
            raider.start(EVERY * number / len(raiders))
        delays = sorted(await talk.go_on(plan.seconds))
        report.raid, report.raid_p99 = Figures.of(delays), percentile(delays, 0.99)
        report.shown = len(watcher.raid())
        progress("the creator raises the shield")
        tap = time.monotonic()
        await creator.ask("PUT", f"/api/rooms/{room}/shield")
        report.tap = (time.monotonic() - tap) * 1_000
        delays = sorted(await talk.go_on(plan.seconds))
        report.shielded, report.shielded_p99 = Figures.of(delays), percentile(delays, 0.99)
        report.shield = max((0.0, *((at - tap) * 1_000 for at in watcher.raid())))
        report.lost = talk.lost
    report.answers = {str(status): number for status, number in sorted(answers.items())}
    return report


class _Talk:
    """Known people who take turns to write."""

    def __init__(self, room: str, watcher: Watcher, people: list[Person]) -> None:
        self.lost = 0
        self._path = f"/api/rooms/{room}/messages"
        self._watcher = watcher
        self._people: Iterator[Person] = cycle(people)
        self._number = 0

    async def go_on(self, seconds: float) -> list[float]:
        """Writes messages for `seconds`. Returns the delay of each message, ms."""
        end = time.monotonic() + seconds
        tasks = []
        while time.monotonic() < end:
            self._number += 1
            tasks.append(asyncio.create_task(self._write(next(self._people), f"k{self._number}")))
            await asyncio.sleep(TALK_EVERY)
        delays = await asyncio.gather(*tasks)
        return [delay for delay in delays if delay is not None]

    async def _write(self, person: Person, id: str) -> float | None:
        began = time.monotonic()
        status, _ = await person.ask("POST", self._path, {"id": id, "text": f"hello {id}"})
        if status == 429:  # slow mode of the shield: the person waits for the next turn
            return None
        arrived = await self._watcher.arrival(id) if status == 201 else None
        if arrived is None:
            self.lost += 1
            return None
        return (arrived - began) * 1_000


async def _raiders(
    url: str, room: str, plan: Plan, answers: Counter[int], stack: AsyncExitStack
) -> list[Raider]:
    """Returns the guests of the raid, connected from their addresses."""
    loop, port = asyncio.get_running_loop(), urlsplit(url).port or 80
    raiders = []
    for number in range(plan.guests):
        # Each address is in a network of its own.
        address = f"127.0.{1 + number % plan.addresses}.1"
        connector = aiohttp.TCPConnector(local_addr=(address, 0))
        async with aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar()
        ) as http:
            cookie = await new_guest(http, url)
        raider = Raider(url, room, cookie, answers)
        await loop.create_connection(
            partial(_same, raider),
            "127.0.0.1",
            port,
            local_addr=(address, 0),
        )
        stack.callback(raider.stop)
        raiders.append(raider)
    return raiders


def _same(raider: Raider) -> Raider:
    """Returns `raider`. `create_connection` needs a function that returns the protocol."""
    return raider
