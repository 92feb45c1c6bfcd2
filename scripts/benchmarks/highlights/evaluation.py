"""Scores a way to find moments on the scripted lives of several seeds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.benchmarks.figures import Bar, percentile
from scripts.benchmarks.highlights.live import ScriptedLive
from scripts.benchmarks.highlights.score import Span, precision
from scripts.benchmarks.highlights.script import write_live

BOT_TAPS = 10_000

Finder = Callable[[ScriptedLive], Sequence[Span]]


@dataclass(frozen=True, slots=True)
class Scored:
    """The result for one live."""

    seed: int
    people: int
    """Number of people who reacted."""
    known: int
    """Number of known events."""
    found: tuple[Span, ...]
    precision: float
    moved: bool
    """Whether a bot with 10,000 taps changed the moments."""


@dataclass(frozen=True, slots=True)
class Report:
    lives: tuple[Scored, ...]

    @property
    def bars(self) -> list[Bar]:
        scores = sorted(live.precision for live in self.lives)
        moved = sum(live.moved for live in self.lives)
        return [
            Bar("precision@3, median", percentile(scores, 0.5), 0.8, "", least=True),
            Bar("precision@3, worst", percentile(scores, 0), 0.6, "", least=True),
            Bar("lives in which a bot with 10,000 taps moved a moment", moved, 0, ""),
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "lives": [
                {
                    "seed": live.seed,
                    "people": live.people,
                    "known": live.known,
                    "found": [[span.start, span.end] for span in live.found],
                    "precision": round(live.precision, 3),
                    "moved": live.moved,
                }
                for live in self.lives
            ],
            "bars": [bar.as_json() for bar in self.bars],
        }


def evaluate(seeds: Sequence[int], find: Finder) -> Report:
    """Scores `find` on the live of each seed."""
    return Report(tuple(_score(write_live(seed), find) for seed in seeds))


def _score(live: ScriptedLive, find: Finder) -> Scored:
    found = tuple(find(live))
    # The bot begins 100 s before a known event, so that it taps before, during and after the event.
    bot = live.with_bot(BOT_TAPS, max(live.first, int(live.known[0]) - 100))
    return Scored(
        live.seed,
        len({reaction.person for reaction in live.reactions}),
        len(live.known),
        found,
        precision(found, live.known),
        tuple(find(bot)) != found,
    )
