"""How fast the search answers while the database has many clips."""

import random
import sqlite3
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp

from scripts.benchmarks.figures import Bar, Figures, percentile
from scripts.benchmarks.latency import Progress
from scripts.benchmarks.local_server import LocalServer
from scripts.benchmarks.many_clips import WORDS, rare_word, title_of, write_clips
from scripts.loadgen.machine import cpu_seconds
from server.storage.database import DATABASE_NAME
from server.storage.storage import Storage

SLOWEST = 50.0
"""Maximum 99th percentile of the time of a search, ms."""
UNLIMITED = (
    "--max-lookups-per-address-minute=1000000",
    "--max-requests-per-address-second=100000",
    "--keep-clips=3153600000",
    "--max-media=1000000000000000",
)
"""Options of the server: all searches come from one address, and no clip is deleted meanwhile."""
CREATORS = [f"creator-{number}" for number in range(500)]


@dataclass(frozen=True, slots=True)
class Plan:
    clips: int = 100_000
    searches: int = 400
    """Number of searches of each kind of query."""


@dataclass(slots=True)
class Report:
    clips: int
    queries: dict[str, Figures] = field(default_factory=dict)
    """Times of the searches, ms, by kind of query."""
    p99: float = 0.0
    """The 99th percentile of all searches, ms."""
    cpu: float = 0.0
    """CPU time of the server for a search, on average, ms."""
    megabytes: float = 0.0
    """Size of the database."""

    @property
    def bars(self) -> list[Bar]:
        return [Bar("searches, p99", self.p99, SLOWEST, "ms")]

    def as_json(self) -> dict[str, Any]:
        queries = {kind: figures.as_json() for kind, figures in self.queries.items()}
        return asdict(self) | {"queries": queries, "bars": [bar.as_json() for bar in self.bars]}


async def measure(data: Path, plan: Plan, *, progress: Progress) -> Report:
    progress(f"writing {plan.clips:,} clips")
    storage = await Storage.open(data)
    try:
        await write_clips(storage, plan.clips, CREATORS)
    finally:
        await storage.close()
    report = Report(plan.clips, megabytes=_size(data) / 1e6)
    times: list[float] = []
    async with (
        LocalServer(data, *UNLIMITED) as server,
        aiohttp.ClientSession() as http,
    ):
        before = cpu_seconds(server.pid)
        for kind, queries in _queries(plan).items():
            progress(f"searching: {kind}")
            found = [await _search(http, server.url, query) for query in queries]
            report.queries[kind] = Figures.of(found)
            times += found
        report.cpu = (cpu_seconds(server.pid) - before) * 1_000 / len(times)
    report.p99 = percentile(sorted(times), 0.99)
    return report


def _queries(plan: Plan) -> dict[str, list[str]]:
    """Returns queries as people type them, letter by letter."""
    chance = random.Random(21)
    titles = [title_of(chance.randrange(plan.clips)) for _ in range(plan.searches)]
    words = [chance.choice(WORDS) for _ in range(plan.searches)]
    return {
        "two letters of a frequent word": [word[:2] for word in words],
        "one letter": [word[0] for word in words],
        "a frequent word": words,
        "two frequent words": [f"{word} {chance.choice(WORDS)}" for word in words],
        "a rare word": [rare_word(chance.randrange(400)) for _ in words],
        "a whole title": titles,
        "nothing": [f"{word[:2]}zq{word[:1]}" for word in words],
    }


async def _search(http: aiohttp.ClientSession, url: str, query: str) -> float:
    """Returns the time of one search, ms."""
    began = time.perf_counter()
    async with http.get(f"{url}/api/search?q={quote(query)}") as response:
        response.raise_for_status()
        await response.read()
    return (time.perf_counter() - began) * 1_000


def _size(data: Path) -> int:
    with sqlite3.connect(data / DATABASE_NAME) as connection:
        [[pages]] = connection.execute("PRAGMA page_count")
        [[size]] = connection.execute("PRAGMA page_size")
    connection.close()
    return int(pages * size)
