"""What a page showed during and after one swipe. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Sample:
    """One slide in one animation frame."""

    now: float
    """ms of the page's clock."""
    index: int
    """Number of the slide."""
    hash: int
    """Of the picture; two pictures that differ have different values."""
    still: bool
    """Whether the picture is a poster or a still one."""
    dark: bool
    """Whether the picture is black, or missing."""


@dataclass(frozen=True, slots=True)
class Swipe:
    """One swipe, from the touch until the slide is at rest."""

    end: float
    """When the finger left the screen, ms of the page's clock."""
    at: int
    """Number of the slide on which the deck came to rest."""
    samples: tuple[Sample, ...]

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> "Swipe":
        """Returns the swipe that `swipes.take()` of pages/swipes.js describes."""
        samples = tuple(
            Sample(each["now"], each["index"], each["hash"], each["still"], each["dark"])
            for each in value["samples"]
        )
        end = value["end"]
        return cls(math.nan if end is None else end, value["at"], samples)

    @property
    def moving_after(self) -> float:
        """Time from the end of the gesture until the new slide moves, ms: until
        the first frame after the end that differs from the frame before. Infinity if there is none.
        """
        shown = [sample for sample in self.samples if sample.index == self.at]
        for before, sample in zip(shown, shown[1:], strict=False):
            moves = not (before.still or sample.still) and sample.hash != before.hash
            if moves and sample.now >= self.end:
                return sample.now - self.end
        return math.inf

    @property
    def dark(self) -> int:
        """Number of samples that were black or empty."""
        return sum(sample.dark for sample in self.samples)


def dark_samples(swipes: Sequence[Swipe]) -> int:
    return sum(swipe.dark for swipe in swipes)
