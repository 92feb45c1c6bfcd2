"""The watch page in WebKitGTK with a sound card: how it plays after the tap for sound."""

import asyncio
import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.benchmarks.chromium import script
from scripts.benchmarks.figures import Bar, Figures
from scripts.benchmarks.latency import Progress, looping_creator
from scripts.benchmarks.paths import SETTLE
from scripts.benchmarks.pulse import null_sink
from scripts.benchmarks.studio import WITHIN
from scripts.benchmarks.webkit import webkit

CHANGE = 5.0
"""Seconds after the tap in which the page may change to another player."""
BEHIND, STALLS = 400.0, 1
CHOSEN = "auto"
"""Name of the path on which the page itself chooses the player."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What the page reported from the tap on, on one path."""

    path: str
    entries: Sequence[dict[str, Any]]
    """Entries of `pages/playback_log.js`, with `since`: seconds since the tap."""

    @property
    def counted(self) -> Sequence[dict[str, Any]]:
        """The entries of the player that plays at the end, if it was there within CHANGE."""
        last = self.entries[-1]["player"] if self.entries else ""
        others = [n for n, entry in enumerate(self.entries) if entry["player"] != last]
        if not others:
            return self.entries
        late = self.entries[others[-1]]["since"] > CHANGE
        return [] if late else self.entries[others[-1] + 1 :]

    @property
    def behind(self) -> Figures:
        """Distance behind the lens, ms."""
        values = [entry["behind"] for entry in self.counted]
        return Figures.of(value for value in values if value is not None)

    def more(self, name: str) -> float:
        """By how much a counter grew."""
        values = [entry[name] for entry in self.counted]
        return values[-1] - values[0] if values else math.nan

    @property
    def bars(self) -> list[Bar]:
        title = f"WebKitGTK with sound, {self.path}"
        return [
            Bar(f"{title}, behind the lens, p95", self.behind.p95, BEHIND, "ms"),
            Bar(f"{title}, stalls", self.more("stalls"), STALLS, ""),
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "behind": self.behind.as_json(),
            "bars": [bar.as_json() for bar in self.bars],
            "entries": list(self.entries),
        }


async def measure(
    url: str, *, paths: Sequence[str], seconds: float, progress: Progress
) -> list[Turn]:
    """Watches a live on each path for `seconds` after the tap for sound. Raises WebKitMissing,
    XvfbMissing, PulseMissing, TooLate and BrokenPath.
    """
    turns = []
    for path in paths:
        progress(f"WebKitGTK: {path}")
        async with looping_creator(url, seconds + SETTLE + 3 * WITHIN) as watch:
            query = "" if path == CHOSEN else f"?player={path}"
            turns.append(Turn(path, await _watch(watch + query, seconds)))
    return turns


async def _watch(url: str, seconds: float) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="microlive-bench-") as home:
        async with null_sink(Path(home)) as environ, webkit(Path(home), environ) as browser:
            await browser.goto(url)
            await browser.until("window.microlive?.stats().playing", WITHIN)
            await browser.evaluate(f"(() => {{ {script('playback_log')} }})()")
            await asyncio.sleep(SETTLE)
            tapped = await browser.evaluate("playbackLog.now()")
            await browser.click("#unmute")
            await browser.until("!microlive.stats().muted", WITHIN)
            await asyncio.sleep(seconds)
            entries: list[dict[str, Any]] = await browser.evaluate("playbackLog.take()")
    for entry in entries:
        entry["since"] = (entry["at"] - tapped) / 1_000
    return [entry for entry in entries if entry["since"] >= 0]
