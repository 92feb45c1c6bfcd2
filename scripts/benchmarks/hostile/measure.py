"""Runs the attacks one after the other, each against its own server."""

import asyncio
import json
import math
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from scripts.benchmarks.hostile.arena import bars_from_json, notes_from_json
from scripts.benchmarks.hostile.figures import Memory, Pair, Report, Result, Side, moved_counters
from scripts.benchmarks.hostile.process_tree import resident_mb
from scripts.benchmarks.hostile.rows import Row
from scripts.benchmarks.hostile.yardstick import VIEWERS, Yardstick, helper, yardstick
from scripts.benchmarks.local_server import ServerFailed
from scripts.loadgen import clip
from scripts.loadgen.errors import BadInput

KBPS, FPS, SIZE = 1_000, 30, (640, 360)
PREPARE_WITHIN, END_WITHIN = 30.0, 30.0
SETTLE = 0.5
"""Seconds between the preparation of an attack and the quiet run."""
RECOVER_WITHIN = 30.0
MEMORY_EVERY, COUNTERS_EVERY, RECOVER_EVERY = 0.25, 0.5, 0.25

Progress = Callable[[str], None]


async def measure(
    folder: Path,
    rows: Sequence[Row],
    pairs: int,
    seconds: float,
    cores: tuple[int, int],
    *,
    certificate: tuple[Path, Path],
    disturbed: bool,
    progress: Progress,
) -> Report:
    """Measures each attack in `pairs` pairs of runs. The server uses the first core; everything
    else uses the second. An invalid pair is measured again; at most `pairs` pairs are repeated for
    each attack. `certificate`: files of the certificate and of the key for attacks on TLS.
    `disturbed`: whether to accept pairs that other programs disturbed.
    """
    media = await encode()
    os.sched_setaffinity(0, {cores[1]})
    bench = Bench(folder, seconds, cores, media, certificate)
    results = []
    for number, row in enumerate(rows, 1):
        progress(f"{number} of {len(rows)}: {row.name}: {row.title}")
        results.append(await _measure_row(bench, row, pairs, disturbed, progress))
    return Report(tuple(results))


async def encode() -> clip.Clip:
    """Encodes the clip that the yardstick's creator sends."""
    width, height = SIZE
    return await asyncio.to_thread(clip.encode, width, height, FPS, KBPS)


async def _measure_row(
    bench: "Bench", row: Row, pairs: int, disturbed: bool, progress: Progress
) -> Result:
    found: list[Pair] = []
    invalid, problem = 0, ""
    while len(found) < pairs and invalid < pairs + 1:
        try:
            pair = await bench.measure(row)
        except (BadInput, ServerFailed, aiohttp.ClientError, TimeoutError) as error:
            problem = str(error) or type(error).__name__
            invalid += 1
            progress(f"  not measured: {problem}")
            continue
        if pair.problem:
            problem = pair.problem
            progress(f"  disturbed: {problem}")
            if not disturbed:
                invalid += 1
                continue
        found.append(pair)
        felt = pair.attack.felt
        progress(
            f"  p99 {pair.quiet.felt.media_p99:.1f} → {felt.media_p99:.1f} ms, gap {felt.gap:.0f} "
            f"ms, /healthz p99 {felt.health_p99:.1f} ms; {pair.fate}"
        )
    return Result(row.name, row.finding, row.title, tuple(found), invalid, problem)


@dataclass(slots=True)
class Bench:
    """Measures pairs of runs, each pair with its own server."""

    folder: Path
    seconds: float
    cores: tuple[int, int]
    clip: clip.Clip
    certificate: tuple[Path, Path]
    viewers: int = VIEWERS
    runs: int = 0

    async def measure(self, row: Row) -> Pair:
        """Measures a quiet run, then a run with the attack. Raises BadInput, ServerFailed,
        TimeoutError or aiohttp's errors.
        """
        self.runs += 1
        options = row.options
        if row.tls:
            options += (f"--tls-cert={self.certificate[0]}", f"--tls-key={self.certificate[1]}")
        async with yardstick(
            self.folder / f"{row.name}{self.runs}",
            self.cores,
            self.clip,
            *options,
            token=row.token,
            viewers=self.viewers,
            tls=row.tls,
        ) as yard:
            words = ("-m", "scripts.benchmarks.hostile.attacker")
            async with helper(self.cores[1], words) as attacker:
                await self._prepare(attacker, row, yard)
                quiet, usual = await self._quiet(yard, row)
                before = resident_mb(yard.server.pid)
                watcher = _Watcher(yard, before)
                began = await yard.begin()
                async with watcher.watching():
                    summary = await self._attack(attacker, row)
                    attack = await yard.end(began)
            memory = await _recovered(yard.server.pid, before, watcher.peak)
        notes = notes_from_json(summary["notes"]) + tuple(moved_counters(usual, watcher.counters))
        return Pair(
            quiet,
            attack,
            memory,
            tuple(sorted(notes, key=lambda note: note.at)),
            summary["sent"],
            bars_from_json(summary["demands"]),
        )

    async def _prepare(
        self, attacker: asyncio.subprocess.Process, row: Row, yard: Yardstick
    ) -> None:
        assert attacker.stdin and attacker.stdout
        plan = {
            "row": row.name,
            "url": yard.url,
            "room": yard.room,
            "token": row.token,
            "clip": self.clip.to_json(),
        }
        attacker.stdin.write(json.dumps(plan).encode() + b"\n")
        line = await asyncio.wait_for(attacker.stdout.readline(), PREPARE_WITHIN)
        if line != b"ready\n":
            raise ServerFailed(line.decode().strip() or "the attacker could not prepare")
        await asyncio.sleep(SETTLE)

    async def _quiet(self, yard: Yardstick, row: Row) -> tuple[Side, dict[str, float]]:
        """Measures the quiet run, in which the attacker does nothing. Returns the figures of this
        run, and the growth of each counter, extrapolated to the duration of the attack.
        """
        before = await yard.counters()
        began = await yard.begin()
        await asyncio.sleep(self.seconds)
        side = await yard.end(began)
        after = await yard.counters()
        longer = row.duration(self.seconds) / self.seconds
        return side, {
            name: (value - before.get(name, 0.0)) * longer for name, value in after.items()
        }

    async def _attack(self, attacker: asyncio.subprocess.Process, row: Row) -> dict[str, Any]:
        """Lets the attack run. Returns the attacker's summary."""
        assert attacker.stdin and attacker.stdout
        seconds = row.duration(self.seconds)
        attacker.stdin.write(f"{seconds}\n".encode())
        line = await asyncio.wait_for(attacker.stdout.readline(), seconds + END_WITHIN)
        if not line:
            raise ServerFailed("the attacker ended")
        summary: dict[str, Any] = json.loads(line)
        return summary


class _Watcher:
    """Watches the memory and the counters of the server during an attack."""

    def __init__(self, yard: Yardstick, before: float) -> None:
        self.peak = before
        self._yard = yard
        self._began = 0.0
        self.counters: list[tuple[float, Mapping[str, float]]] = []
        """Samples of the counters, each with the time since the attack began, seconds."""

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Watches the server until the end of the `async with` block. The attack begins at the
        start of the block.
        """
        self.counters.append((0.0, await self._yard.counters()))
        self._began = time.monotonic()
        tasks = [
            asyncio.create_task(self._watch_memory()),
            asyncio.create_task(self._watch_counters()),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        await self._take_counters()

    async def _watch_memory(self) -> None:
        while True:
            self.peak = max(self.peak, resident_mb(self._yard.server.pid))
            await asyncio.sleep(MEMORY_EVERY)

    async def _watch_counters(self) -> None:
        while True:
            await asyncio.sleep(COUNTERS_EVERY)
            await self._take_counters()

    async def _take_counters(self) -> None:
        at = time.monotonic() - self._began
        try:
            self.counters.append((at, await self._yard.counters()))
        except (aiohttp.ClientError, TimeoutError, ValueError):
            pass  # the server is too busy, which the control reader measures


async def _recovered(pid: int, before: float, peak: float) -> Memory:
    """Waits until the memory of the server is below its limit, at most RECOVER_WITHIN seconds."""
    began = time.monotonic()
    while True:
        passed = time.monotonic() - began
        now = resident_mb(pid)
        memory = Memory(before, max(peak, now), now, passed)
        if now <= memory.limit:
            return memory
        if passed >= RECOVER_WITHIN:
            return Memory(before, memory.peak, now, math.inf)
        await asyncio.sleep(RECOVER_EVERY)
