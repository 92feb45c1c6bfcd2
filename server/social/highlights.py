"""Finds the best moments of a live: the moments at which unusually many people begin to react.
Pure. Media times are in µs.

The usual number of people is the median of the live so far. The distance from the median is
measured by the median absolute deviation (MAD), which a few exceptional moments do not change.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import ceil, sqrt
from statistics import median

MOST = 3
"""Maximum number of moments."""
WINDOW = 5
"""Seconds within which most people react to an event."""
LEAD = 8
"""Seconds from the start of a moment to its peak."""
TAIL = 8
"""Minimum seconds from the peak of a moment to its end."""
JOINED = 8
"""Maximum seconds between two peaks that belong to one moment."""
LONGEST = 30
"""Maximum length of a moment, seconds."""
MIN_PEOPLE = 3
"""Minimum number of people who begin to react at the peak, within WINDOW."""
MIN_SCORE = 4.0
"""Minimum distance from the median, in standard deviations."""
MIN_DEVIATION = 0.5
"""Assumed standard deviation if nearly all seconds have the same number of people."""
_SIGMA = 1.4826
"""Ratio of the standard deviation to the MAD in a normal distribution."""
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Highlight:
    """A moment of a live."""

    peak: int
    """Media time at which the people began to react."""
    start: int
    end: int
    people: int
    """Number of people who began to react within WINDOW after the peak."""
    score: float
    """Distance of `people` from the usual number, in standard deviations."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Windows with many people that belong to one moment, as indices."""

    peak: int
    last: int

    def moment(self, first: int, now: int, people: int, score: float) -> Highlight:
        """Returns the moment. `first`: the first second of the live. `now`: the second after the
        newest second.
        """
        peak = first + self.peak
        start = max(first, peak - LEAD)
        end = max(peak + TAIL, first + self.last + WINDOW + 1)
        end = min(end, start + LONGEST, now)
        return Highlight(peak * _SECOND, start * _SECOND, end * _SECOND, people, score)


def highlights(people: Sequence[int], first: int) -> list[Highlight]:
    """Returns at most MOST moments, the best moment first.

    `people`: number of people who begin to react, for each second from the second `first` of media
    time on, up to now (server/social/crowd.py).
    """
    if len(people) < WINDOW:
        return []
    totals = [0, *accumulate(people)]
    windows = [end - begin for begin, end in zip(totals, totals[WINDOW:], strict=False)]
    usual, deviation = _noise(windows)
    least = max(MIN_PEOPLE, ceil(usual + MIN_SCORE * deviation))
    groups = _groups(windows, least)
    groups.sort(key=lambda group: -windows[group.peak])
    moments = []
    for group in groups[:MOST]:
        most = windows[group.peak]
        score = (most - usual) / deviation
        moments.append(group.moment(first, first + len(people), most, score))
    return moments


def at_keyframe(moment: Highlight, keyframes: Sequence[int]) -> Highlight:
    """Returns the moment with a new start: the last keyframe at or before the old start or, without
    such a keyframe, the first keyframe. `keyframes`: times of keyframes, in order.
    """
    if not keyframes:
        return moment
    start = keyframes[max(0, bisect_right(keyframes, moment.start) - 1)]
    return replace(moment, start=start, end=min(moment.end, start + LONGEST * _SECOND))


def _noise(windows: Sequence[int]) -> tuple[float, float]:
    """Returns the usual number of people in a window, and its standard deviation. The deviation is
    at least the deviation for people who react independently of each other (Poisson).
    """
    usual = median(windows)
    deviation = _SIGMA * median([abs(people - usual) for people in windows])
    return usual, max(deviation, sqrt(usual), MIN_DEVIATION)


def _groups(windows: Sequence[int], least: float) -> list[_Group]:
    """Returns the groups of windows with at least `least` people. Windows belong to one group if
    the seconds between them are at most JOINED.
    """
    groups: list[_Group] = []
    for index, people in enumerate(windows):
        if people < least:
            continue
        if not groups or index - groups[-1].last > JOINED:
            groups.append(_Group(index, index))
            continue
        peak = groups[-1].peak
        # If successive windows are equal, the last window begins with the first reactions.
        if people > windows[peak] or (people == windows[peak] and index == peak + 1):
            peak = index
        groups[-1] = _Group(peak, index)
    return groups
