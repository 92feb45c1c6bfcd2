"""Measures clips of a live with many viewers: the time from the tap until the clip can be played,
and the CPU time of a clip, for one clip and for ten clips at a time. Also measures what the viewers
notice, and the time that FFmpeg needs to copy the same moment out of a file.
"""

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from scripts.benchmarks.clip_window import ClipWindow
from scripts.benchmarks.figures import Bar, Figures
from scripts.benchmarks.guest import new_guest
from scripts.benchmarks.load_run import run_load
from scripts.benchmarks.local_server import LocalServer, pinned_server
from scripts.benchmarks.spectator import Spectator
from scripts.loadgen.machine import cpu_seconds

PLAYABLE = 256 << 10
"""Number of bytes of a clip that a player needs to begin: `moov` and the first frames."""
P50 = 500.0
"""Maximum median time from the tap until a clip of 30 s can be played, ms."""
RATIO, MORE_MS = 1.2, 5.0
IDLE = 5.0
"""Seconds without clips over which the CPU time of the server is measured."""
PAUSE = 0.5
"""Seconds between two taps."""
SETTLE = 2.0
"""Maximum time until the processes of the last clip have ended, seconds."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    kbps: tuple[int, ...] = (1_000, 2_500)
    lengths: tuple[int, ...] = (10, 30, 60)
    """Lengths of the clips, seconds."""
    at_once: tuple[int, ...] = (1, 10)
    viewers: int = 500
    rounds: int = 20
    """Number of taps for each row of the table."""

    @property
    def warm_up(self) -> float:
        """Seconds of media before the first tap: the length of the longest clip, and 6 s."""
        return max(self.lengths) + 6.0

    @property
    def taps(self) -> float:
        """Maximum duration of all taps, seconds."""
        rows = [
            IDLE + SETTLE + self.batches(number) * (PAUSE + 1.5 + 0.5 * number) + 0.3 * self.rounds
            for number in self.at_once
        ]
        return IDLE + len(self.lengths) * sum(rows)

    def batches(self, at_once: int) -> int:
        return max(1, self.rounds // at_once)


@dataclass(frozen=True, slots=True)
class Case:
    """Clips of one length and bitrate."""

    kbps: int
    seconds: int
    at_once: int
    playable: Figures
    """Times from the tap until the first PLAYABLE bytes arrived, ms."""
    whole: Figures
    """Times from the tap until the whole file arrived, ms."""
    cpu: float
    """CPU time of a clip with its pictures, in all processes, ms."""
    megabytes: float
    ffmpeg: Figures
    """Times that FFmpeg needs, ms."""
    ffmpeg_cpu: float
    """CPU time that FFmpeg needs, ms."""
    failed: int
    changed: int
    """Number of frames in the last clip that are not frames of the live, byte for byte."""

    @property
    def name(self) -> str:
        return f"{self.seconds} s at {self.kbps / 1_000:g} Mbps, {self.at_once} at once"


@dataclass(frozen=True, slots=True)
class Viewers:
    """What the viewers noticed."""

    kbps: int
    without: float
    during: float
    """99th percentile of the delay from publishing to the arrival at a viewer, without and with
    clips, ms.
    """
    outcomes: tuple[str, str]


@dataclass(slots=True)
class Report:
    cases: list[Case] = field(default_factory=list)
    viewers: list[Viewers] = field(default_factory=list)

    @property
    def bars(self) -> list[Bar]:
        bars = [
            Bar(f"tap to playable, {case.name}, p50", case.playable.p50, P50, "ms")
            for case in self.cases
            if case.seconds == 30
        ]
        for row in self.viewers:
            limit = max(RATIO * row.without, row.without + MORE_MS)
            name = (
                f"media p99 during clips at {row.kbps / 1_000:g} Mbps ({RATIO} × the run without, "
                f"or {MORE_MS:.0f} ms more)"
            )
            bars.append(Bar(name, row.during, limit, "ms"))
        bars.append(Bar("clips that failed", sum(case.failed for case in self.cases), 0, ""))
        bars.append(Bar("frames changed", sum(case.changed for case in self.cases), 0, ""))
        return bars

    def as_json(self) -> dict[str, Any]:
        figures = ("playable", "whole", "ffmpeg")
        return {
            "cases": [
                asdict(case) | {name: getattr(case, name).as_json() for name in figures}
                for case in self.cases
            ],
            "viewers": [asdict(row) for row in self.viewers],
            "bars": [bar.as_json() for bar in self.bars],
        }


@dataclass(frozen=True, slots=True)
class Tap:
    playable: float
    whole: float
    """Times from the tap until the first PLAYABLE bytes, and until the whole file, ms."""
    video: bytes


async def measure(
    folder: Path, plan: Plan, cores: tuple[int, int], *, progress: Progress
) -> Report:
    """Measures each bitrate with a server of its own. Raises LoadFailed, ServerFailed."""
    report = Report()
    for kbps in plan.kbps:
        async with _Bench.opened(folder / str(kbps), kbps, plan, cores, progress) as bench:
            without = await bench.load("without", 5.0, 20.0)
            loading = asyncio.create_task(bench.load("during", plan.warm_up, plan.taps))
            try:
                async with Spectator(bench.server.url, bench.room) as bench.spectator:
                    await asyncio.sleep(plan.warm_up + IDLE)
                    for at_once in plan.at_once:
                        for seconds in plan.lengths:
                            report.cases.append(await bench.case(seconds, at_once))
                during = await loading
            finally:
                loading.cancel()
            outcomes = (without["outcome"], during["outcome"])
            p99, p99_during = (load["figures"]["p99"] for load in (without, during))
            report.viewers.append(Viewers(kbps, p99, p99_during, outcomes))
    return report


class _Bench:
    """One server with one live."""

    spectator: Spectator

    def __init__(
        self,
        folder: Path,
        kbps: int,
        plan: Plan,
        core: int,
        server: LocalServer,
        http: aiohttp.ClientSession,
        progress: Progress,
    ) -> None:
        self.server = server
        self.room = self._key = ""
        self._folder, self._kbps, self._plan, self._core = folder, kbps, plan, core
        self._http, self._progress = http, progress
        self._guests: list[dict[str, str]] = []
        """The headers of the people who tap. A server keeps only a few drafts for each person."""

    @classmethod
    @asynccontextmanager
    async def opened(
        cls, folder: Path, kbps: int, plan: Plan, cores: tuple[int, int], progress: Progress
    ) -> AsyncIterator["_Bench"]:
        os.makedirs(folder)
        options = (
            f"--max-sockets-per-address={plan.viewers + 100}",
            "--clips-per-person=100000",
            "--clips-per-live=100000",
            "--max-lookups-per-address-minute=100000",
        )
        async with (
            pinned_server(folder / "data", cores[0], *options) as server,
            aiohttp.ClientSession() as http,
        ):
            bench = cls(folder, kbps, plan, cores[1], server, http, progress)
            await bench.create_room()
            yield bench

    async def create_room(self) -> None:
        url = self.server.url
        for _ in range(max(self._plan.at_once)):
            cookie = await new_guest(self._http, url)
            self._guests.append({"Origin": url, "Cookie": cookie})
        made = await self._ask(self._guests[0], "/api/rooms", {"title": "clips"})
        self.room, self._key = made["room"], made["key"]

    async def load(self, name: str, ramp: float, seconds: float) -> dict[str, Any]:
        """Runs the creator and the viewers. Returns the report of scripts/load."""
        plan = self._plan
        words = (
            *("viewers", "-n", str(plan.viewers), "--publish", "--room", self.room),
            *("--key", self._key, "--kbps", str(self._kbps), "--size", "720x1280"),
            *("--ramp", str(ramp), "--seconds", str(seconds)),
        )
        self._progress(f"{plan.viewers} viewers at {self._kbps} kbps {name} clips")
        return await run_load(
            self._folder / name, self._core, self.server.url, *words, within=ramp + seconds
        )

    async def case(self, seconds: int, at_once: int) -> Case:
        """Measures the clips of one row of the table."""
        idle = self._cpu()
        await asyncio.sleep(IDLE)
        rate = (self._cpu() - idle) / IDLE
        before, began = self._cpu(), time.monotonic()
        taps: list[Tap] = []
        failed = 0
        for _ in range(self._plan.batches(at_once)):
            found = await asyncio.gather(
                *(self._tap(guest, seconds) for guest in self._guests[:at_once]),
                return_exceptions=True,
            )
            taps += [tap for tap in found if isinstance(tap, Tap)]
            for tap in found:
                if not isinstance(tap, Tap):
                    failed += 1
                    self._progress(f"  a clip failed: {tap!r}")
            await asyncio.sleep(PAUSE)
        await asyncio.sleep(SETTLE)
        spent = self._cpu() - before - rate * (time.monotonic() - began)
        copies = await self._copies(seconds) if shutil.which("ffmpeg") else []
        case = Case(
            kbps=self._kbps,
            seconds=seconds,
            at_once=at_once,
            playable=Figures.of(tap.playable for tap in taps),
            whole=Figures.of(tap.whole for tap in taps),
            cpu=spent * 1_000 / max(1, len(taps)),
            megabytes=len(taps[-1].video) / 1e6 if taps else 0.0,
            ffmpeg=Figures.of(wall for wall, _ in copies),
            ffmpeg_cpu=Figures.of(cpu for _, cpu in copies).p50,
            failed=failed,
            changed=ClipWindow(self.spectator.records).changed(taps[-1].video) if taps else 0,
        )
        self._progress(f"  {case.name}: playable after {case.playable.p50:.0f} ms")
        return case

    async def _tap(self, guest: dict[str, str], seconds: int) -> Tap:
        """Makes a draft of the newest `seconds`, downloads its video, and deletes the draft."""
        end = max(record.media_time for _, record in self.spectator.frames()[-30:])
        began = time.monotonic()
        body = {"end": end, "seconds": seconds}
        made = await self._ask(guest, f"/api/rooms/{self.room}/clips", body)
        playable, video = 0.0, bytearray()
        async with self._http.get(self.server.url + made["video"], headers=guest) as got:
            got.raise_for_status()
            async for data in got.content.iter_any():
                video += data
                if not playable and len(video) >= PLAYABLE:
                    playable = time.monotonic() - began
        whole = time.monotonic() - began
        draft = f"{self.server.url}/api/clips/{made['id']}"
        async with self._http.delete(draft, headers=guest) as deleted:
            deleted.raise_for_status()
        return Tap((playable or whole) * 1_000, whole * 1_000, bytes(video))

    async def _ask(self, guest: dict[str, str], path: str, body: object) -> Any:
        async with self._http.post(self.server.url + path, json=body, headers=guest) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def _copies(self, seconds: int) -> list[tuple[float, float]]:
        """Copies the same moment out of a file of the window with FFmpeg. Returns wall time and CPU
        time of each copy, ms.
        """
        source, target = self._folder / "window.mp4", self._folder / "copy.mp4"
        window = ClipWindow(self.spectator.records)
        source.write_bytes(window.file())
        start = f"{max(0.0, window.duration - seconds):.3f}"
        command = (
            *("ffmpeg", "-v", "error", "-y", "-ss", start, "-i", str(source)),
            *("-t", str(seconds), "-c", "copy", "-movflags", "+faststart", str(target)),
        )
        return [await _timed(*command) for _ in range(self._plan.rounds)]

    def _cpu(self) -> float:
        """Returns the CPU time of the server and of all its workers, seconds."""
        children = Path(f"/proc/{self.server.pid}/task/{self.server.pid}/children")
        fork_servers = map(int, children.read_text().split())
        return cpu_seconds(self.server.pid) + sum(
            cpu_seconds(pid, ended_children=True) for pid in fork_servers
        )


async def _timed(*command: str) -> tuple[float, float]:
    before, began = os.times(), time.monotonic()
    process = await asyncio.create_subprocess_exec(*command)
    await process.wait()
    after, wall = os.times(), time.monotonic() - began
    spent = after.children_user + after.children_system
    return wall * 1_000, (spent - before.children_user - before.children_system) * 1_000
