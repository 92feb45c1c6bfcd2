"""What viewers over WebRTC cost: CPU of the server, beside a bare loop of SRTP protect and `sendto`
of as many packets of the same sizes.
"""

import math
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scripts.benchmarks.figures import Bar
from scripts.benchmarks.load_run import run_load
from scripts.benchmarks.local_server import LocalServer
from scripts.benchmarks.yardstick import protect_seconds

KBPS, FPS = 1_000, 30
RAMP = 50
"""Viewers who come in a second; each is a DTLS handshake on either side."""
PER_CORE, RATIO = 250, 2.5


@dataclass(frozen=True, slots=True)
class Crowd:
    """One size of audience."""

    viewers: int
    p50: float
    p99: float
    """ms from publishing until the viewer has a picture's last packet."""
    cpu: float
    """Of one core, % for all."""
    bare_cpu: float
    """The bare loop's, %."""
    packets: float
    """A second for each viewer."""
    kbps: float
    """For each viewer, as UDP payload."""
    gaps: int
    """Packets that did not come, of all viewers."""
    unreadable: int
    failed: int
    """Viewers who did not connect, or were cut off."""
    generator: float
    """Of one core, %, its busiest process."""
    outcome: str
    """What scripts/load says of its own run; INVALID where the generator was the limit."""

    @property
    def ratio(self) -> float:
        return self.cpu / self.bare_cpu

    @property
    def per_core(self) -> int:
        return round(self.viewers / self.cpu * 100)


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
            bars.append(
                Bar(
                    f"packets that did not come or could not be read {name}",
                    crowd.gaps + crowd.unreadable,
                    0,
                    "",
                )
            )
            bars.append(
                Bar(f"viewers that did not connect, or were cut off {name}", crowd.failed, 0, "")
            )
        return bars

    def as_json(self) -> dict[str, Any]:
        crowds = [
            {**asdict(crowd), "ratio": round(crowd.ratio, 2), "per_core": crowd.per_core}
            for crowd in self.crowds
        ]
        bars = [
            {"name": bar.name, "value": bar.value, "limit": bar.limit, "kept": bar.kept}
            for bar in self.bars
        ]
        return {"path": "whep", "kbps": KBPS, "fps": FPS, "crowds": crowds, "bars": bars}


async def measure(
    folder: Path,
    sizes: list[int],
    seconds: float,
    cores: tuple[int, int],
    *,
    progress: Callable[[str], None],
) -> Report:
    """Every size with a server of its own on the first core, creator and viewers on the second; the
    bare loop of that size right after it.
    """
    return Report(
        [
            await _measure(folder / f"{number}", viewers, seconds, cores, progress)
            for number, viewers in enumerate(sizes)
        ]
    )


async def _measure(
    folder: Path,
    viewers: int,
    seconds: float,
    cores: tuple[int, int],
    progress: Callable[[str], None],
) -> Crowd:
    progress(f"{viewers} viewers over WebRTC")
    (folder / "data").mkdir(parents=True)
    limits = (
        f"--max-sockets-per-address={viewers + 100}",
        f"--max-whep-per-address-minute={viewers + 100}",
    )
    ramp = viewers / RAMP
    async with LocalServer(folder / "data", *limits) as server:
        os.sched_setaffinity(server.pid, {cores[0]})
        words = (
            "viewers",
            "--path",
            "whep",
            "-n",
            str(viewers),
            "--ramp",
            str(ramp),
            "--seconds",
            str(seconds),
            "--workers",
            "1",
        )
        load = await run_load(
            folder / "load",
            cores[1],
            server.url,
            *words,
            "--publish",
            "--kbps",
            str(KBPS),
            "--fps",
            str(FPS),
            within=ramp + seconds,
        )
    figures, extra = load["figures"], load["extra"]
    size = extra["bytes"] / max(1, extra["messages"])
    rate = figures["received"] * 1e6 / 8 / size
    sample = 4_000
    return Crowd(
        viewers=viewers,
        p50=figures["p50"] or math.nan,
        p99=figures["p99"] or math.nan,
        cpu=figures["server_cpu"],
        bare_cpu=protect_seconds(sample, round(size) - 28, cores[0]) / sample * rate * 100,
        packets=rate / viewers,
        kbps=figures["received"] * 1_000 / viewers,
        gaps=figures["gaps"],
        unreadable=extra.get("unreadable", 0),
        failed=figures["failures"] + figures["disconnects"],
        generator=figures["generator_cpu"],
        outcome=load["outcome"],
    )
