"""Measures GET /api/feed with thousands of lives and many clips, and what the requests cost the
viewers of one live.
"""

import asyncio
import json
import random
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

import aiohttp
from sqlalchemy.ext.asyncio import AsyncConnection

from scripts.benchmarks.figures import Bar, Figures, percentile
from scripts.benchmarks.latency import Progress
from scripts.benchmarks.load_run import run_load
from scripts.benchmarks.local_server import LocalServer
from scripts.benchmarks.many_clips import WORDS, title_of, write_clips
from scripts.loadgen.person_cookie import cookie_of
from server.discovery.indexing import Indexing
from server.storage.feed_items import FeedSums
from server.storage.rooms import RoomRecord
from server.storage.schema.rooms import room as room_table
from server.storage.storage import Storage
from server.storage.unindexed import UnindexedStore

SLOWEST, RATIO = 20.0, 1.2
"""Bars: the 99th percentile of a request, ms; that of the delay of media, compared with a run
without requests.
"""
KBPS, FPS = 1_000, 30
RAMP = 250
"""Number of viewers that arrive per second."""
REAL = 10
"""Number of lives with a creator who sends media. The first one has all the viewers."""
PEOPLE, GUESTS = 40, 160
"""Number of people with a handle, and of guests, who ask for the feed."""
SETTLING = 1.0
"""Seconds at the end that do not count, because the viewers leave."""
CREATORS = [f"creator-{number}" for number in range(1_500)]
SUMS = 20_000
"""Number of clips that the feed has shown."""
OPTIONS = (
    "--max-feed-requests-per-address-minute=1000000",
    "--max-requests-per-address-second=1000000",
    "--max-people-per-address-hour=1000000",
    "--max-person-requests-per-address-minute=1000000",
    "--max-rooms-per-address-hour=1000000",
    "--max-whip-per-address-minute=1000000",
    "--away-grace=86400",
    "--keep-replays=no",
    "--keep-clips=3153600000",
    "--max-media=1000000000000000",
)


@dataclass(frozen=True, slots=True)
class Plan:
    lives: int = 2_000
    clips: int = 100_000
    viewers: int = 1_000
    rate: float = 200.0
    """Requests per second."""
    seconds: float = 20.0
    pairs: int = 3


@dataclass(frozen=True, slots=True)
class Run:
    """One run. Each run has its own server."""

    asked: bool
    """Whether the run has requests for the feed."""
    p50: float
    p99: float
    """Delay of media from publishing to the arrival at a viewer, ms."""
    gaps: int
    cpu: float
    """CPU of the server, % of one core."""
    outcome: str
    requests: Figures
    request_p99: float
    """Times of the requests, ms."""
    rate: float
    """Requests that were answered per second."""


@dataclass(slots=True)
class Report:
    plan: Plan
    runs: list[Run] = field(default_factory=list)

    @property
    def pairs(self) -> Iterator[tuple[Run, Run]]:
        """Each run without requests, and the run with requests of the same pair."""
        for first, second in zip(self.runs[::2], self.runs[1::2], strict=True):
            yield (second, first) if first.asked else (first, second)

    @property
    def bars(self) -> list[Bar]:
        asked, rate = [run for _, run in self.pairs], self.plan.rate
        return [
            Bar("requests, p99", median(run.request_p99 for run in asked), SLOWEST, "ms"),
            Bar("requests a second", median(run.rate for run in asked), 0.98 * rate, "", True),
            Bar(
                "p99 of media beside requests, of that without",
                median(run.p99 / alone.p99 for alone, run in self.pairs),
                RATIO,
                "×",
            ),
        ]

    def as_json(self) -> dict[str, Any]:
        runs = [asdict(run) | {"requests": run.requests.as_json()} for run in self.runs]
        bars = [bar.as_json() for bar in self.bars]
        return {"plan": asdict(self.plan), "runs": runs, "bars": bars}


async def measure(
    folder: Path, plan: Plan, cores: tuple[int, int], *, progress: Progress
) -> Report:
    """Measures pairs of runs, one without and one with requests. The order within the pairs
    alternates. The server uses the first core, the load generators the second.
    """
    progress(f"writing {plan.lives:,} lives and {plan.clips:,} clips")
    stored = folder / "stored"
    await _write(stored, plan)
    report = Report(plan)
    for number in range(plan.pairs):
        for asked in (False, True) if number % 2 == 0 else (True, False):
            progress(f"pair {number + 1} of {plan.pairs}, {'with' if asked else 'no'} requests")
            report.runs.append(
                await _run(folder / f"{number}{asked}", stored, plan, cores, asked=asked)
            )
    return report


async def _write(data: Path, plan: Plan) -> None:
    storage = await Storage.open(data)
    try:
        await write_clips(storage, plan.clips, CREATORS)
        await _write_lives(storage, plan.lives - REAL)
        chance = random.Random(1)
        shown = [_sums("clip", f"clip-{n}", chance) for n in range(min(SUMS, plan.clips))]
        shown += [_sums("live", f"live-{number}", chance) for number in range(plan.lives - REAL)]
        for start in range(0, len(shown), 500):  # within the deadline of a write
            await storage.feed_items.add(shown[start : start + 500], time.time())
        # Else each server would add the lives to the search during its run.
        await Indexing(UnindexedStore(storage.database)).add_all()
    finally:
        await storage.close()


async def _write_lives(storage: Storage, count: int) -> None:
    now = time.time()
    names = room_table.c.keys()
    records = [
        RoomRecord(
            f"live-{number}",
            title_of(number),
            b"",
            now - 10 - number % 7_200,
            live_at=now - 5 - number % 7_200,
            owner=CREATORS[number % len(CREATORS)],
        )
        for number in range(count)
    ]
    rows = [{name: getattr(record, name) for name in names} for record in records]

    async def write(connection: AsyncConnection) -> None:
        await connection.execute(room_table.insert(), rows)

    await storage.database.write(write)


def _sums(kind: str, item: str, chance: random.Random) -> FeedSums:
    impressions = chance.randrange(1, 400)
    stays = round(impressions * chance.betavariate(2, 5))
    skips = round((impressions - stays) * chance.random())
    return FeedSums(kind, item, impressions, stays, skips, 20.0 * stays, time.time() - 3_600)


async def _run(
    folder: Path, stored: Path, plan: Plan, cores: tuple[int, int], *, asked: bool
) -> Run:
    await asyncio.to_thread(shutil.copytree, stored, folder / "data")
    options = (*OPTIONS, f"--max-sockets-per-address={plan.viewers + 200}")
    ramp = plan.viewers / RAMP
    seconds = ("--seconds", str(plan.seconds))
    async with (
        LocalServer(
            folder / "data",
            *options,
            on=("taskset", "-c", str(cores[0])),  # all threads of the server have one core
            module=("scripts.benchmarks.many_lives_server",),
        ) as server,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http,
        asyncio.TaskGroup() as tasks,
    ):
        crowd = await _crowd(http, server.url) if asked else []

        def load(name: str, words: Sequence[str]) -> asyncio.Task[dict[str, Any]]:
            return tasks.create_task(
                run_load(
                    folder / name,
                    cores[1],
                    server.url,
                    *(*words, "--ramp", str(ramp), *seconds),
                    within=ramp + plan.seconds,
                )
            )

        watching = ("viewers", "-n", str(plan.viewers), "--publish")
        viewers = load("viewers", (*watching, "--kbps", str(KBPS), "--fps", str(FPS)))
        load("creators", ("creators", "-n", str(REAL - 1), "--kbps", "200"))
        times = await _ask(viewers, http, server.url, crowd, plan) if asked else []
        summary = await viewers
    figures = summary["figures"]
    return Run(
        asked,
        figures["p50"],
        figures["p99"],
        figures["gaps"],
        figures["server_cpu"],
        summary["outcome"],
        Figures.of(times),
        percentile(sorted(times), 0.99),
        len(times) / plan.seconds,
    )


@dataclass(slots=True)
class Asking:
    """A viewer of the feed, who goes from page to page."""

    headers: dict[str, str]
    taste: str = ""
    """The taste that the browser of a guest keeps."""
    cursor: str = ""

    @property
    def path(self) -> str:
        query = {"zone": "Asia/Seoul", "taste": self.taste, "cursor": self.cursor}
        return "/api/feed?" + urlencode({key: value for key, value in query.items() if value})


async def _crowd(http: aiohttp.ClientSession, url: str) -> list[Asking]:
    """Returns people with handles who follow creators, and guests with tastes."""
    crowd = []
    for number in range(PEOPLE):
        headers = {"Origin": url}
        handle = {"handle": f"viewer{number}"}
        async with http.put(f"{url}/api/me/handle", json=handle, headers=headers) as response:
            response.raise_for_status()
            headers["Cookie"] = cookie_of(response.cookies)
        crowd.append(Asking(headers))
    for number in range(GUESTS):
        tags = {WORDS[(number + more) % len(WORDS)]: [5.0, 1.0] for more in range(12)}
        taste = {"v": 1, "at": round(time.time()), "t": tags, "c": {}, "m": {"calm3": [3.0, 0.5]}}
        crowd.append(Asking({}, json.dumps(taste, ensure_ascii=False, separators=(",", ":"))))
    return crowd


async def _ask(
    viewers: asyncio.Task[dict[str, Any]],
    http: aiohttp.ClientSession,
    url: str,
    crowd: Sequence[Asking],
    plan: Plan,
) -> list[float]:
    """Sends requests at the rate of the plan, whether or not earlier ones are answered, until the
    viewers have watched. Returns the times of the last `plan.seconds`, ms.
    """
    chance = random.Random(2)
    loop = asyncio.get_running_loop()
    found: list[tuple[float, float]] = []

    async def ask(one: Asking, due: float) -> None:
        async with http.get(url + one.path, headers=one.headers) as response:
            response.raise_for_status()
            answer = json.loads(await response.read())
        found.append((due, (loop.time() - due) * 1_000))
        one.cursor = answer["cursor"] or "" if chance.random() < 0.8 else ""

    async with asyncio.TaskGroup() as tasks:
        due = loop.time()
        while not viewers.done():
            tasks.create_task(ask(chance.choice(crowd), due))
            due += 1 / plan.rate
            await asyncio.sleep(max(0.0, due - loop.time()))
    end = found[-1][0] - SETTLING
    return [took for at, took in found if end - plan.seconds <= at < end]
