"""Lets more creators or more viewers arrive than one core can carry. Measures what the accepted
creators and viewers get, and how fast the server refuses the others.
"""

import asyncio
import math
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median

import aiohttp

from scripts.benchmarks.figures import Bar
from scripts.benchmarks.hostile.arena import Arena, NotPrepared
from scripts.benchmarks.hostile.creator_packets import HeavyCreator
from scripts.benchmarks.hostile.crowd_report import CrowdReport
from scripts.benchmarks.hostile.crowds import create_rooms, load
from scripts.benchmarks.hostile.figures import Felt, Side
from scripts.benchmarks.hostile.plans import creators_plan, viewers_plan
from scripts.benchmarks.hostile.yardstick import CONTROLS, Yardstick, control_reader, yardstick
from scripts.loadgen.clip import Clip
from scripts.loadgen.figures import Figures
from scripts.loadgen.signalling import Refused, end_session, post_offer, write_offer
from scripts.loadgen.target import PublishEndpoint

FACTORS = (1.0, 1.2, 1.5, 3.0)
RAISE_AT, RAISE_TO = 0.9, 20_000_000
"""In the last case with creators, one more creator sends at a high bitrate. `RAISE_AT`: number of
the other creators, relative to the number that one core carries. `RAISE_TO`: bitrate of the
additional creator, bit/s.
"""
ARRIVE, SETTLE = 5.0, 2.0
"""Seconds in which all creators arrive (`ARRIVE`), and seconds from the last arrival to the start
of the measurement (`SETTLE`).
"""
WATCHED = 20
"""Number of live rooms, in addition to the yardstick's room, in which a viewer measures the delay.
"""
SOCKETS, SOCKETS_ARRIVE = 6_000, 1.0
"""Number of WebSocket viewers, and seconds in which all of these viewers arrive."""
STORM_PER_SECOND = 100.0
"""Number of offers per second from refused creators that try again at once."""
SHARE, P99_MS, REFUSED_MS, NORMAL_SECONDS, STORM_CPU = 0.99, 50.0, 1_000.0, 2.0, 5.0
NORMAL_WITHIN = 15.0
FAST = 0.02
"""Median response time of `/healthz` below which the server is back to normal, seconds."""
OPTIONS = (
    "--max-rooms-per-address-hour=100000",
    "--max-whip-per-address-minute=100000",
    "--max-sockets-per-address=20000",
    "--max-load=0.8",
)

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Crowd:
    """The result for one number of creators, or for a crowd of viewers."""

    name: str
    asked: int
    """Number of creators, or of viewers, that arrived."""
    accepted: int
    refused: int
    """Number of creators or viewers that got HTTP 503."""
    failed: int
    """Number of creators or viewers that failed without HTTP 503, or lost their connection."""
    refused_ms: float
    """99th percentile of the time from the request to HTTP 503, ms; NaN if nothing was refused."""
    side: Side
    """What the viewers noticed. Each figure is the worse of two values: the value for the
    yardstick's room, and the value for up to WATCHED other rooms.
    """
    share: float
    """Share of the creators' frames that the viewers got."""
    normal: float
    """Seconds from the end of the load until the server accepts a new creator and `/healthz` is
    fast; NaN if the time was not measured.
    """
    storm: float
    """CPU that refused creators cost the server if they try again at once, % of one core; NaN if no
    creator was refused.
    """

    @property
    def bars(self) -> list[Bar]:
        bars = [
            Bar(f"share of frames, {self.name}", self.share, SHARE, "", least=True),
            Bar(f"media p99, {self.name}", self.side.felt.media_p99, P99_MS, "ms"),
            Bar(f"failed without a 503, {self.name}", self.failed, 0, ""),
            Bar(f"viewers lost, {self.name}", self.side.felt.lost, 0, ""),
        ]
        if self.refused:
            bars.append(Bar(f"503 within, {self.name}", self.refused_ms, REFUSED_MS, "ms"))
        if not math.isnan(self.normal):
            bars.append(Bar(f"back to normal, {self.name}", self.normal, NORMAL_SECONDS, "s"))
        if not math.isnan(self.storm):
            bars.append(Bar(f"CPU of refused creators, {self.name}", self.storm, STORM_CPU, "%"))
        return bars


async def measure(
    folder: Path,
    clip: Clip,
    creators: int,
    seconds: float,
    cores: tuple[int, int],
    *,
    progress: Progress,
) -> CrowdReport[Crowd]:
    """Measures a crowd of creators for each factor in FACTORS, then a crowd with one more creator
    at a high bitrate, then SOCKETS WebSocket viewers. Each crowd has its own server. `creators`:
    number of creators that one core carries.
    """
    os.sched_setaffinity(0, {cores[1]})
    crowds = []
    for factor, raised in [*((factor, 0) for factor in FACTORS), (RAISE_AT, RAISE_TO)]:
        count = round(creators * factor)
        progress(f"{count} creators arrive in {ARRIVE:.0f} s")
        async with yardstick(
            folder / f"creators{factor}", cores, clip, *OPTIONS, viewers=CONTROLS + 1
        ) as yard:
            crowds.append(await _creators(yard, clip, factor, count, seconds, cores[1], raised))
    progress(f"{SOCKETS} WebSocket viewers arrive at once")
    async with yardstick(folder / "sockets", cores, clip, *OPTIONS, viewers=CONTROLS + 1) as yard:
        crowds.append(await _sockets(yard, clip, seconds, cores[1]))
    return CrowdReport(tuple(crowds))


async def _creators(
    yard: Yardstick,
    clip: Clip,
    factor: float,
    count: int,
    seconds: float,
    core: int,
    raised: int,
) -> Crowd:
    """Lets `count` creators arrive, including the creator of the yardstick. `raised`: bitrate of
    one more creator, who arrives during the measurement, bit/s; 0 if there is no such creator.
    """
    rooms = await create_rooms(yard.url, count - 1)
    spare = (await create_rooms(yard.url, 1))[0]
    storm = math.nan
    async with load("publishers", creators_plan(rooms, clip, ARRIVE), core) as creators:
        await asyncio.sleep(ARRIVE + SETTLE)
        watched = await _live(yard, rooms)
        async with control_reader(core, yard.url, watched, WATCHED) as viewers:
            await asyncio.sleep(SETTLE)
            await viewers.take()
            began = await yard.begin()
            await (_raise(yard, clip, raised, seconds) if raised else asyncio.sleep(seconds))
            side = await yard.end(began)
            others = await viewers.take()
        side = replace(side, felt=worse(side.felt, others))
        arrived = creators.take()
        refused = _refusals(arrived)
        if refused:
            storm = await _storm(yard, spare, side, seconds)
    normal = await _normal(yard, spare)
    return Crowd(
        f"{factor:g} × {round(count / factor)} creators"
        + (f", one more at {raised / 1e6:.0f} Mbps" if raised else ""),
        count,
        int(arrived.levels.get("publishing", 0)) + 1,
        refused,
        arrived.total("creator_failed") + arrived.total("creator_closed") - refused,
        _percentile(arrived, "refuse"),
        side,
        side.felt.frames / clip.fps,
        normal,
        storm,
    )


async def _live(yard: Yardstick, rooms: list[PublishEndpoint]) -> list[str]:
    """Returns the names of up to WATCHED rooms whose creators were accepted."""
    found: list[str] = []
    for each in rooms:
        async with yard.http.get(f"{yard.url}/api/rooms/{each.room}") as answer:
            if (await answer.json())["state"] == "live":
                found.append(each.room)
        if len(found) == WATCHED:
            break
    return found


async def _raise(yard: Yardstick, clip: Clip, bits_per_second: int, seconds: float) -> None:
    """Lets one more creator go live and then send at `bits_per_second`. A refused creator tries
    again.
    """
    arena, creator = Arena(yard.url, yard.room, clip), HeavyCreator(bits_per_second)
    with suppress(NotPrepared):
        await creator.prepare(arena)
    await creator.run(arena, seconds)
    await creator.creator.leave()
    await arena.close()


async def _sockets(yard: Yardstick, clip: Clip, seconds: float, core: int) -> Crowd:
    plan = viewers_plan(yard.url, [yard.room], SOCKETS, SOCKETS_ARRIVE)
    async with load("crowd", plan, core) as viewers:
        await asyncio.sleep(SOCKETS_ARRIVE + 2 * SETTLE)
        began = await yard.begin()
        await asyncio.sleep(seconds)
        side = await yard.end(began)
        total = viewers.take()
    refused = total.counts.get("failed/HTTP 503", 0)
    return Crowd(
        f"{SOCKETS} WebSocket viewers",
        SOCKETS,
        int(total.levels.get("watching", 0)),
        refused,
        total.total("failed") + total.total("closed") - refused,
        _percentile(total, "refuse"),
        side,
        side.felt.frames / clip.fps,
        math.nan,
        math.nan,
    )


async def _storm(yard: Yardstick, room: PublishEndpoint, full: Side, seconds: float) -> float:
    """Sends STORM_PER_SECOND offers a second to the full server. Returns the CPU that the offers
    cost, % of one core. `full`: results of the run without these offers.
    """
    began = await yard.begin()
    until = time.monotonic() + seconds
    offers: set[asyncio.Task[bool]] = set()
    while time.monotonic() < until:
        if len(offers) < STORM_PER_SECOND:
            task = asyncio.create_task(_accepts(yard, room))
            offers.add(task)
            task.add_done_callback(offers.discard)
        await asyncio.sleep(1 / STORM_PER_SECOND)
    side = await yard.end(began)
    if offers:
        await asyncio.wait(offers)
    return max(0.0, side.cpu - full.cpu)


async def _normal(yard: Yardstick, room: PublishEndpoint) -> float:
    """Returns the seconds until a new creator is accepted and `/healthz` is fast again."""
    began = time.monotonic()
    while time.monotonic() - began < NORMAL_WITHIN:
        if await _accepts(yard, room) and await _health(yard) < FAST:
            return time.monotonic() - began
        await asyncio.sleep(0.1)
    return math.inf


async def _accepts(yard: Yardstick, room: PublishEndpoint) -> bool:
    """Whether the server accepts a new creator. Ends the session of an accepted creator."""
    try:
        accepted = await post_offer(
            yard.http, room.whip, room.key, write_offer("ufrag", "p" * 22, 1, 2)
        )
    except Refused:
        return False
    await end_session(yard.http, accepted.session, room.key)
    return True


async def _health(yard: Yardstick) -> float:
    """Returns the median response time of five requests to `/healthz`, seconds."""
    took = []
    for _ in range(5):
        asked = time.monotonic()
        try:
            async with yard.http.get(f"{yard.url}/healthz") as answer:
                await answer.read()
        except (aiohttp.ClientError, TimeoutError):
            return math.inf
        took.append(time.monotonic() - asked)
    return median(took)


def _refusals(figures: Figures) -> int:
    """Returns the number of creators that got HTTP 503."""
    causes = figures.causes("creator_failed")
    return sum(count for cause, count in causes.items() if cause.startswith("HTTP 503"))


def _percentile(figures: Figures, name: str) -> float:
    value = figures.histogram(name).percentile(99)
    return math.nan if value is None else value


def worse(one: Felt, other: Felt) -> Felt:
    """Compares the figures of two control readers. Returns the worse value of each figure."""
    values = {
        name: max(value, asdict(other)[name], key=lambda each: math.inf if each != each else each)
        for name, value in asdict(one).items()
    }
    return Felt(**{**values, "frames": min(one.frames, other.frames)})
