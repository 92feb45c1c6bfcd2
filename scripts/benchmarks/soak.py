"""Evaluates whether delay, lip sync and memory stay constant during a long live. The samples come
from soak_run.py. Pure.

Moments are in seconds since the start. A window is a minute, or a third of the run if the run is
short.
"""

import math
from dataclasses import dataclass, field
from typing import Any

from scripts.benchmarks.figures import Bar, Figures
from scripts.benchmarks.lip_sync import Watcher
from scripts.benchmarks.memory_use import MemoryUse
from scripts.benchmarks.paths import PATHS

SETTLE = 20.0
"""Seconds from the start to the first window. LL-HLS needs 8 s to reach its target delay. MSE
recovers from its first underflows within 15 s. In addition, four pages must load.
"""
MEMORY_SETTLE = 150.0
"""Seconds until memory is stable. During this time, the relay fills its window of 90 s, and the
heaps of the browsers grow to their final size.
"""
DELAY_FACTOR, DELAY_MS = 1.2, 15.0
APART_MS = 40.0
"""Maximum distance between audio and video that counts as in sync, ms."""
TRAILS, TRAILS_MS = ("webcodecs", "whep"), 60.0
"""Players whose audio may be later than its frame but not earlier, and the maximum delay of this
audio, ms. Viewers notice late audio from 125 ms on (ITU-R BT.1359).
"""
MEMORY_FACTOR = 1.1
PAGE_MB, HEAP_MB, SERVER_MB = 10.0, 2.0, 8.0
"""Growth of memory that is always allowed, MB: in the page's process, in the page's heap and in the
server. MEMORY_FACTOR may allow more.
"""


@dataclass(slots=True)
class Viewing:
    """The samples of one page. The page plays on one playback path."""

    path: str
    watcher: Watcher = field(default_factory=Watcher)
    memory: list[tuple[float, MemoryUse]] = field(default_factory=list)
    stats: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    """The page's statistics. Each item is a moment and the statistics at that moment."""
    error: str = ""
    """Reason why the page ended early. Empty if the page did not end early."""

    def counted(self, name: str, since: float) -> int:
        """Returns how much the counter `name` in the page's statistics has grown since the moment
        `since`.
        """
        values = [int(stats.get(name) or 0) for at, stats in self.stats if at >= since]
        return values[-1] - values[0] if values else 0


@dataclass(slots=True)
class Report:
    seconds: float
    """Planned duration of the live, seconds."""
    viewings: list[Viewing]
    skew: float = 0.0
    """Deliberate delay of the beeps in the source, ms."""
    server: list[tuple[float, float]] = field(default_factory=list)
    """The server's anonymous memory in MB, as pairs (moment, memory). Empty if the server runs on
    another machine.
    """
    lasted: float = 0.0
    notes: list[str] = field(default_factory=list)

    @property
    def window(self) -> float:
        return max(1.0, min(60.0, (self.lasted - SETTLE) / 3))

    @property
    def first(self) -> tuple[float, float]:
        return SETTLE, SETTLE + self.window

    @property
    def last(self) -> tuple[float, float]:
        return self.lasted - self.window, self.lasted

    def delay(self, viewing: Viewing, window: tuple[float, float]) -> Figures:
        return Figures.of(viewing.watcher.of(*window))

    def apart(self, viewing: Viewing, window: tuple[float, float]) -> Figures:
        """Returns by how many ms the audio is later than the video, for each measurement in a
        window. Subtracts the deliberate delay of the source.
        """
        return Figures.of(
            ms - self.skew for at, ms in viewing.watcher.apart() if window[0] <= at < window[1]
        )

    def apart_size(self, viewing: Viewing, window: tuple[float, float]) -> Figures:
        """Returns the distances between audio and video in a window as absolute values, ms."""
        return Figures.of(
            abs(ms - self.skew) for at, ms in viewing.watcher.apart() if window[0] <= at < window[1]
        )

    def worst_apart(self, viewing: Viewing) -> float:
        """Returns the worst median delay of audio after video in any window, ms. The worst median
        is the median furthest from 0.
        """
        return max(self._apart_medians(viewing), key=abs, default=math.nan)

    def _apart_medians(self, viewing: Viewing) -> list[float]:
        """Returns the median delay of audio after video in each window, ms. Omits windows without
        beeps.
        """
        count = int((self.lasted - SETTLE) / self.window)
        medians = (
            self.apart(viewing, (SETTLE + n * self.window, SETTLE + (n + 1) * self.window)).p50
            for n in range(count)
        )
        return [median for median in medians if not math.isnan(median)]

    def freeze(self, viewing: Viewing) -> float:
        """Returns the longest freeze of a page, ms."""
        return max(
            (ms for at, ms in viewing.watcher.freezes if SETTLE <= at < self.lasted), default=0.0
        )

    def growth(self, samples: list[tuple[float, float]]) -> "Growth":
        settle = min(MEMORY_SETTLE, self.lasted / 3)
        return Growth.of([(at, value) for at, value in samples if at >= settle])

    def cpu(self, viewing: Viewing) -> float:
        """Returns the CPU use of a page's whole browser, % of one core."""
        if len(viewing.memory) < 2:
            return math.nan
        (begin, before), (end, after) = viewing.memory[0], viewing.memory[-1]
        return (after.spent - before.spent) / (end - begin) * 100

    @property
    def bars(self) -> list[Bar]:
        bars = [bar for viewing in self.viewings for bar in self._bars(viewing)]
        if self.server:
            bars.append(self.growth(self.server).bar("server, memory", SERVER_MB))
        return bars

    def _bars(self, viewing: Viewing) -> list[Bar]:
        title = PATHS[viewing.path].title
        before = self.delay(viewing, self.first).p50
        bars = [
            Bar(
                f"{title}, delay at the end",
                self.delay(viewing, self.last).p50,
                max(DELAY_FACTOR * before, before + DELAY_MS),
                "ms",
            ),
            *self._apart_bars(viewing, title),
            self.growth(self.heap(viewing)).bar(f"{title}, page's heap", HEAP_MB),
            self.growth(self.renderer(viewing)).bar(f"{title}, page's process", PAGE_MB),
        ]
        if viewing.path == "hls":
            bars.append(Bar(f"{title}, stalls", viewing.counted("stalls", SETTLE), 0, ""))
        return bars

    def _apart_bars(self, viewing: Viewing, title: str) -> list[Bar]:
        if viewing.path not in TRAILS:
            worst = abs(self.worst_apart(viewing))
            return [Bar(f"{title}, audio and video apart, worst minute", worst, APART_MS, "ms")]
        medians = self._apart_medians(viewing)
        return [
            Bar(
                f"{title}, audio after video, worst minute",
                max(medians, default=math.nan),
                TRAILS_MS,
                "ms",
            ),
            Bar(
                f"{title}, audio before video, worst minute",
                -min(medians, default=math.nan),
                0,
                "ms",
            ),
        ]

    def heap(self, viewing: Viewing) -> list[tuple[float, float]]:
        return [(at, held.heap) for at, held in viewing.memory]

    def renderer(self, viewing: Viewing) -> list[tuple[float, float]]:
        return [(at, held.renderer) for at, held in viewing.memory]

    def as_json(self) -> dict[str, Any]:
        return {
            "seconds": round(self.lasted),
            "planned": round(self.seconds),
            "window": round(self.window),
            "skew_ms": self.skew,
            "notes": self.notes,
            "paths": {viewing.path: self._viewing_json(viewing) for viewing in self.viewings},
            "server_mb": self.growth(self.server).as_json(),
            "bars": [bar.as_json() for bar in self.bars],
        }

    def _viewing_json(self, viewing: Viewing) -> dict[str, Any]:
        windows = {"first": self.first, "last": self.last}
        return {
            "delay_ms": {
                name: self.delay(viewing, window).as_json() for name, window in windows.items()
            },
            "apart_ms": {
                name: self.apart(viewing, window).as_json() for name, window in windows.items()
            }
            | {"worst": _json(self.worst_apart(viewing))},
            "heap_mb": self.growth(self.heap(viewing)).as_json(),
            "renderer_mb": self.growth(self.renderer(viewing)).as_json(),
            "freezes_ms": [
                [round(at, 1), round(ms)] for at, ms in viewing.watcher.freezes if at >= SETTLE
            ][-100:],
            "stalls": viewing.counted("stalls", SETTLE),
            "seeks": viewing.counted("seeks", SETTLE),
            "dropped": viewing.counted("dropped", SETTLE),
            "rebuilds": viewing.counted("rebuilds", 0),
            "unread": viewing.watcher.unread,
            "cpu": _json(self.cpu(viewing)),
            "error": viewing.error,
        }


@dataclass(frozen=True, slots=True)
class Growth:
    """The growth of memory after the initial phase (MEMORY_SETTLE), MB. `first` is the minimum in
    the first third of the samples, `last` the minimum in the last third. Minima ignore temporary
    memory but show a leak.
    """

    first: float
    last: float
    per_hour: float
    """Slope of the least-squares line through all samples, MB per hour."""

    @classmethod
    def of(cls, samples: list[tuple[float, float]]) -> "Growth":
        samples = [(at, value) for at, value in samples if not math.isnan(value)]
        if len(samples) < 2:
            return cls(math.nan, math.nan, math.nan)
        begin, end = samples[0][0], samples[-1][0]
        third = (end - begin) / 3
        first = min(value for at, value in samples if at <= begin + third)
        last = min(value for at, value in samples if at >= end - third)
        middle, mean = (
            sum(at for at, _ in samples) / len(samples),
            sum(value for _, value in samples) / len(samples),
        )
        spread = sum((at - middle) ** 2 for at, _ in samples)
        slope = (
            sum((at - middle) * (value - mean) for at, value in samples) / spread
            if spread
            else math.nan
        )
        return cls(first, last, slope * 3_600)

    def bar(self, name: str, rise: float) -> Bar:
        return Bar(
            f"{name} at the end",
            self.last,
            max(MEMORY_FACTOR * self.first, self.first + rise),
            "MB",
        )

    def as_json(self) -> dict[str, float | None]:
        return {
            "first": _json(self.first),
            "last": _json(self.last),
            "per_hour": _json(self.per_hour),
        }


def _json(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 1)
