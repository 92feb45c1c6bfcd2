"""Measures the cost of WebRTC viewers. Compares the server's CPU with the CPU of a bare loop that
only encrypts (SRTP) and sends (`sendto`) as many packets of the same sizes.
"""

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scripts.benchmarks.baseline import protect_seconds
from scripts.benchmarks.figures import Bar
from scripts.benchmarks.load_run import run_load
from scripts.benchmarks.local_server import pinned_server

KBPS, FPS = 1_000, 30
RAMP = 50
"""Number of viewers that arrive per second. Each arrival costs a DTLS handshake in the server and
in the load generator.
"""
PER_CORE, RATIO = 250, 2.5


@dataclass(frozen=True, slots=True)
class Crowd:
    """The result for one audience size."""

    viewers: int
    p50: float
    p99: float
    """99th percentile of the delay from publishing a frame until the viewer has the frame's last
    packet, ms.
    """
    cpu: float
    """CPU of the server for all viewers, % of one core."""
    bare_cpu: float
    """CPU of the bare loop, % of one core."""
    packets: float
    """Number of packets per second that each viewer receives."""
    kbps: float
    """Bitrate of the UDP payload that each viewer receives, kbps."""
    gaps: int
    """Number of lost packets, summed over all viewers."""
    unreadable: int
    failed: int
    """Number of viewers that did not connect or lost their connection."""
    generator: float
    """CPU of the busiest process of the load generator, % of one core."""
    outcome: str
    """Outcome of scripts/load. INVALID means that the load generator, and not the server, limited
    the result.
    """

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
                    f"packets lost or unreadable {name}",
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
        bars = [bar.as_json() for bar in self.bars]
        return {"path": "whep", "kbps": KBPS, "fps": FPS, "crowds": crowds, "bars": bars}


async def measure(
    folder: Path,
    sizes: list[int],
    seconds: float,
    cores: tuple[int, int],
    *,
    progress: Callable[[str], None],
) -> Report:
    """Measures each audience size with its own server, and then runs the bare loop with the same
    number of viewers. The server uses the first core; the creator and the viewers use the second.
    """
    return Report(
        [
            await _measure(folder / f"{number}", viewers, seconds, cores, progress)
            for number, viewers in enumerate(sizes)
        ]
    )


def server_options(viewers: int) -> tuple[str, ...]:
    """Returns server options that allow `viewers` viewers from one address."""
    return (
        f"--max-sockets-per-address={viewers + 100}",
        f"--max-whep-per-address-minute={viewers + 100}",
    )


def load_words(viewers: int, seconds: float) -> tuple[tuple[str, ...], float]:
    """Returns the arguments of scripts/load for one publisher and `viewers` viewers, and the
    duration of the run in seconds.
    """
    ramp = viewers / RAMP
    words = ("viewers", "--path", "whep", "-n", str(viewers), "--ramp", str(ramp))
    rest = ("--seconds", str(seconds), "--workers", "1", "--publish")
    return (*words, *rest, "--kbps", str(KBPS), "--fps", str(FPS)), ramp + seconds


async def _measure(
    folder: Path,
    viewers: int,
    seconds: float,
    cores: tuple[int, int],
    progress: Callable[[str], None],
) -> Crowd:
    progress(f"{viewers} viewers over WebRTC")
    async with pinned_server(folder / "data", cores[0], *server_options(viewers)) as server:
        words, within = load_words(viewers, seconds)
        load = await run_load(folder / "load", cores[1], server.url, *words, within=within)
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
