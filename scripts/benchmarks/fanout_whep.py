"""What viewers over WebRTC cost: CPU of the server, beside a bare loop of SRTP protect and `sendto` of as many packets of the same sizes."""

import asyncio
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scripts.benchmarks.figures import Bar
from scripts.benchmarks.load_run import LoadFailed, run_load
from scripts.benchmarks.local_server import ROOT, LocalServer
from scripts.benchmarks.yardstick import protect_seconds
from scripts.loadgen.machine import ProcessMeter

KBPS, FPS = 1_000, 30
RAMP = 50
"""Viewers who come in a second; each is a DTLS handshake on either side."""
PER_CORE, RATIO = 250, 2.5
SATURATED = 0.95
"""Cores of the generator from which it is the limit."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """One size of audience."""

    viewers: int
    cpu: float
    """Of one core, % for all."""
    bare_cpu: float
    """The bare loop's, %."""
    packets: float
    """A second for each viewer."""
    kbps: float
    """For each viewer, as UDP payload."""
    pictures: float
    """A second for each viewer."""
    gaps: int
    """Packets that did not come, of all viewers."""
    unreadable: int
    failed: int
    generator: float
    """Cores that the viewers' own process took."""

    @property
    def ratio(self) -> float:
        return self.cpu / self.bare_cpu

    @property
    def per_core(self) -> int:
        return round(self.viewers / self.cpu * 100)

    @property
    def outcome(self) -> str:
        return "invalid" if self.generator > SATURATED else "pass"


@dataclass(frozen=True, slots=True)
class Report:
    crowds: list[Crowd]

    @property
    def bars(self) -> list[Bar]:
        bars = []
        for crowd in self.crowds:
            name = f"at {crowd.viewers} viewers"
            bars.append(Bar(f"viewers a core {name}", crowd.per_core, PER_CORE, "", least=True))
            bars.append(Bar(f"CPU {name}, of the bare loop's", crowd.ratio, RATIO, "×"))
            bars.append(Bar(f"packets that did not come or could not be read {name}", crowd.gaps + crowd.unreadable, 0, ""))
            bars.append(Bar(f"viewers that did not connect {name}", crowd.failed, 0, ""))
        return bars

    def as_json(self) -> dict[str, Any]:
        crowds = [{**asdict(crowd), "ratio": round(crowd.ratio, 2), "per_core": crowd.per_core, "outcome": crowd.outcome} for crowd in self.crowds]
        bars = [{"name": bar.name, "value": bar.value, "limit": bar.limit, "kept": bar.kept} for bar in self.bars]
        return {"path": "whep", "kbps": KBPS, "fps": FPS, "crowds": crowds, "bars": bars}


async def measure(folder: Path, sizes: list[int], seconds: float, cores: tuple[int, int], *, progress: Callable[[str], None]) -> Report:
    """Every size with a server of its own on the first core, creator and viewers on the second; the bare loop of that size right after it."""
    return Report([await _measure(folder / f"{number}", viewers, seconds, cores, progress) for number, viewers in enumerate(sizes)])


async def _measure(folder: Path, viewers: int, seconds: float, cores: tuple[int, int], progress: Callable[[str], None]) -> Crowd:
    progress(f"{viewers} viewers over WebRTC")
    (folder / "data").mkdir(parents=True)
    limits = (f"--max-sockets-per-address={viewers + 100}", f"--max-whep-per-address-minute={viewers + 100}")
    ramp = viewers / RAMP
    lasts = 3 * ramp + seconds + 30  # handshakes may take longer than the ramp; the creator is ended when all is measured
    async with LocalServer(folder / "data", *limits) as server:
        os.sched_setaffinity(server.pid, {cores[0]})
        words = ("viewers", "-n", "1", "--ramp", "0", "--seconds", str(lasts), "--publish", "--kbps", str(KBPS), "--fps", str(FPS))
        creator = asyncio.create_task(run_load(folder / "load", cores[1], server.url, *words, within=lasts))
        try:
            seen, cpu = await _watch(server, viewers, ramp, seconds, cores[1])
        finally:
            creator.cancel()
            await asyncio.wait([creator])
    if not seen["packets"]:
        raise LoadFailed("no media came to the viewers")
    size = round(seen["octets"] / seen["packets"])
    rate = seen["packets"] / seconds
    sample = 4_000
    return Crowd(
        viewers=viewers,
        cpu=cpu * 100,
        bare_cpu=protect_seconds(sample, size - 28, cores[0]) / sample * rate * 100,
        packets=rate / viewers,
        kbps=seen["octets"] * 8 / 1_000 / seconds / viewers,
        pictures=seen["pictures"] / seconds / viewers,
        gaps=seen["gaps"],
        unreadable=seen["unreadable"],
        failed=seen["failed"],
        generator=seen["cpu"],
    )


async def _watch(server: LocalServer, viewers: int, ramp: float, seconds: float, core: int) -> tuple[dict[str, Any], float]:
    """What the crowd saw, and the cores that the server took meanwhile."""
    words = (sys.executable, "-m", "scripts.benchmarks.whep_crowd", server.url, str(viewers), str(ramp), str(seconds))
    crowd = await asyncio.create_subprocess_exec(*words, cwd=ROOT, stdout=asyncio.subprocess.PIPE, preexec_fn=lambda: os.sched_setaffinity(0, {core}))
    assert crowd.stdout is not None
    try:
        async with asyncio.timeout(3 * ramp + seconds + 60):
            if (await crowd.stdout.readline()).strip() != b"measuring":
                raise LoadFailed("the viewers' process ended")
            meter = ProcessMeter(server.pid)
            line = await crowd.stdout.readline()
            taken = meter.take()
            await crowd.wait()
    finally:
        if crowd.returncode is None:
            crowd.kill()
            await crowd.wait()
    if not line or taken is None:
        raise LoadFailed("the viewers' process or the server ended")
    return json.loads(line), taken[0]
