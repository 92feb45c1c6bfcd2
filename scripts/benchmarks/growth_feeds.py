"""Measures what a feed between two nodes costs: many rooms at an origin, without viewers, then
one viewer on standby for each room at one edge, then also at a second edge.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from scripts.benchmarks.cluster import Cluster
from scripts.benchmarks.fanout import FPS, KBPS
from scripts.benchmarks.late_viewer import first_picture
from scripts.benchmarks.load_run import LoadFailed, load_beside
from scripts.loadgen.machine import running_seconds
from scripts.loadgen.target import Server, parse_target

RAMP = 2.0
LIVE_WITHIN = 60.0
POLL_EVERY = 0.2
RECEIVED = "microlive_feed_received_messages_total"
SPARE = 15.0
"""Seconds that the creators publish in addition to the spans; this includes the first pictures."""


@dataclass(frozen=True, slots=True)
class Span:
    """CPU in one span, in milliseconds for each second."""

    origin: float
    edge: float
    """The first edge."""
    nats: float
    messages: float
    """Messages that the first edge received in a second."""


@dataclass(frozen=True, slots=True)
class Feeds:
    """The cost of the feeds of `rooms` rooms."""

    rooms: int
    unwatched: Span
    once: Span
    """With viewers at one edge."""
    twice: Span
    """With viewers at two edges."""
    cold: tuple[float, ...]
    """Milliseconds until the first viewer of a room at an edge had a picture."""
    outcome: str

    @property
    def rate(self) -> float:
        """Messages of one feed in a second."""
        return self.once.messages / self.rooms

    @property
    def origin_ms(self) -> float:
        """CPU of the origin for a feed, ms/s."""
        return (self.once.origin - self.unwatched.origin) / self.rooms

    @property
    def origin_second_ms(self) -> float:
        """The same for a second edge of this feed."""
        return (self.twice.origin - self.once.origin) / self.rooms

    @property
    def edge_ms(self) -> float:
        """CPU of the edge for a feed, ms/s."""
        return (self.once.edge - self.unwatched.edge) / self.rooms

    @property
    def nats_us(self) -> float:
        """CPU of nats-server for a message to one edge, µs."""
        return 1_000 * (self.once.nats - self.unwatched.nats) / self.once.messages

    @property
    def nats_copy_us(self) -> float:
        """CPU of nats-server for the copy of a message to a second edge, µs."""
        return 1_000 * (self.twice.nats - self.once.nats) / self.twice.messages

    def as_json(self) -> dict[str, Any]:
        names = ("rate", "origin_ms", "origin_second_ms", "edge_ms", "nats_us", "nats_copy_us")
        return asdict(self) | {name: getattr(self, name) for name in names}


async def measure_feeds(
    folder: Path, nodes: Cluster, rooms: int, seconds: float, core: int
) -> Feeds:
    """Measures each span for `seconds`. `core`: the core of the creators. Raises LoadFailed."""
    lasts = 3 * seconds + SPARE
    words = (
        *("creators", "-n", str(rooms), "--ramp", str(RAMP), "--seconds", str(lasts)),
        *("--kbps", str(KBPS), "--fps", str(FPS)),
    )
    url, first, second = nodes.origin.url, nodes.edges[0], nodes.edges[1]
    async with load_beside(folder, core, url, *words, within=RAMP + lasts) as load:
        names = await _live(first.url, rooms)
        unwatched = await _span(nodes, seconds)
        cold = [await first_picture(first.url, name) for name in names]
        async with _standing_by(first.url, names):
            once = await _span(nodes, seconds)
            async with _standing_by(second.url, names):
                twice = await _span(nodes, seconds)
        if load.done():
            raise LoadFailed("the creators ended before the feeds were measured")
        summary = await load
    return Feeds(rooms, unwatched, once, twice, tuple(cold), summary["outcome"])


async def _live(url: str, rooms: int) -> list[str]:
    """Waits until a node shows all rooms. Returns their names. Raises LoadFailed."""
    node = Server(parse_target(url, owned=False), None, False)
    deadline = asyncio.get_running_loop().time() + LIVE_WITHIN
    try:
        while True:
            names = await node.live_rooms()
            if len(names) == rooms:
                return names
            if asyncio.get_running_loop().time() > deadline:
                raise LoadFailed(f"{len(names)} of {rooms} rooms are live at an edge")
            await asyncio.sleep(POLL_EVERY)
    finally:
        await node.close()


async def _span(nodes: Cluster, seconds: float) -> Span:
    pids = (nodes.origin.pid, nodes.edges[0].pid, nodes.nats.pid)
    loop = asyncio.get_running_loop()
    messages = await _received(nodes.edges[0].url)
    began, before = loop.time(), [running_seconds(pid) for pid in pids]
    await asyncio.sleep(seconds)
    took = loop.time() - began
    origin, edge, nats = (
        (running_seconds(pid) - start) / took * 1_000
        for pid, start in zip(pids, before, strict=True)
    )
    received = (await _received(nodes.edges[0].url) - messages) / took
    return Span(origin, edge, nats, received)


async def _received(url: str) -> float:
    """Returns how many feed messages an edge has received."""
    async with aiohttp.ClientSession() as http, http.get(f"{url}/metrics") as response:
        response.raise_for_status()
        text = await response.text()
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == RECEIVED
    )


@asynccontextmanager
async def _standing_by(url: str, rooms: Sequence[str]) -> AsyncIterator[None]:
    """Keeps one viewer on standby in each room until the context ends."""

    async def read(socket: aiohttp.ClientWebSocketResponse) -> None:
        async for _ in socket:
            pass

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as http:
        sockets = [
            await http.ws_connect(f"{url}/ws/{room}?player=load&hold=1", max_msg_size=0)
            for room in rooms
        ]
        readers = [asyncio.create_task(read(socket)) for socket in sockets]
        try:
            yield
        finally:
            for socket in sockets:
                await socket.close()
            await asyncio.wait(readers)
