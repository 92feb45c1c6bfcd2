"""What a client has shown, from the time codes that were read from its pictures. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from scripts.benchmarks import timecode
from scripts.benchmarks.figures import Figures

STALL = 0.3
"""A picture that stays for longer than this is a stall, seconds."""

Samples = Iterable[tuple[float, int]]
"""Pairs of a moment (seconds) and the word that the client showed then."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a client showed during a measurement."""

    pictures: int
    delay: Figures
    """From the moment when a picture was due to be sent until it was shown, ms."""
    stalls: int
    longest: float
    """The longest time without a new picture, ms."""

    @classmethod
    def of(
        cls, samples: Samples, began: float, ended: float, age: Callable[[int, float], float]
    ) -> "Shown":
        """`age`: returns the age of a picture in ms from its time code and the moment."""
        moments, ages, before = [], [], None
        for moment, word in samples:
            code = timecode.decode(word)
            if code is None or code == before or not began <= moment <= ended:
                continue
            before = code
            moments.append(moment)
            ages.append(age(code, moment))
        gaps = [after - earlier for earlier, after in pairwise([began, *moments, ended])]
        return cls(
            len(moments), Figures.of(ages), sum(gap > STALL for gap in gaps), max(gaps) * 1_000
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "pictures": self.pictures,
            "delay_ms": self.delay.as_json(),
            "stalls": self.stalls,
            "longest_ms": round(self.longest),
        }
