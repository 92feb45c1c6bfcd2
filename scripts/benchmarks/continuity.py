"""Freezes and lip sync. Pure; moments are in seconds on one clock."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

import numpy as np

from scripts.benchmarks import timecode
from scripts.benchmarks.decoded import Array, Decoded

BEEP = 100
"""Duration of the beeps of pages/beacon.js, ms. A beep starts at every full second."""
SEARCH = 400
"""Maximum distance from its frame, ms, at which a beep is searched."""
HEARD = 0.6
"""Minimum share of a beep that must be present to measure its position."""
LOOK_BACK = 0.3
"""Maximum seconds after which a gap of the source appears at the other end."""
NEAR = 0.5
"""Maximum distance in seconds of the frames from which the media time of a beep is computed."""


def longest_gap(moments: Sequence[float], began: float, ended: float) -> float:
    """Returns the longest gap between successive moments, ms. A gap counts if it ends after `began`
    and starts before `ended`.
    """
    return (
        max(
            (
                after - before
                for before, after in pairwise(moments)
                if after > began and before < ended
            ),
            default=float("nan"),
        )
        * 1_000
    )


def freeze(
    moments: Sequence[float], source: Sequence[float], began: float, ended: float, look_back: float
) -> float:
    """Returns the longest freeze, ms: a gap between two frames, minus the longest gap of the source
    during that gap or in the `look_back` seconds before it.
    """
    longest = float("nan")
    for before, after in pairwise(moments):
        if after > began and before < ended:
            own = longest_gap(source, before - look_back, after)
            longest = max(
                0.0 if longest != longest else longest,
                (after - before) * 1_000 - (own if own == own else 0.0),
            )
    return longest


def apart(decoded: Decoded, began: float, ended: float) -> list[float]:
    """Returns the ms by which each beep is later than its frame. `began` and `ended`: seconds since
    1970, on the creator's clock.
    """
    loudness = _loudness(decoded.sound)
    shows = np.array([(media, _full(code, began)) for media, code in decoded.frames]).reshape(-1, 2)
    found = []
    for second in range(int(began) + 1, int(ended)):
        near = shows[np.abs(shows[:, 1] - second) < NEAR]
        if len(near):
            # Media time of the full second, from the frames around it.
            place = second + median(near[:, 0] - near[:, 1])
            found.append(_find_beep(loudness, (place - decoded.sound_start) * 1_000))
    best = max((peak for peak, _ in found), default=0.0)
    return [float(offset) for peak, offset in found if best and peak >= HEARD * best]


def _full(code: int, now: float) -> float:
    """Returns the time code in seconds since 1970. Of all times with this code, the nearest to
    `now` is meant.
    """
    ms = round(now * 1_000)
    return (
        ms + (code - ms + timecode.PERIOD // 2) % timecode.PERIOD - timecode.PERIOD // 2
    ) / 1_000


def _loudness(sound: Array) -> Array:
    """Returns the mean amplitude in each ms."""
    loudness: Array = np.abs(sound[: len(sound) // 48 * 48]).reshape(-1, 48).mean(axis=1)
    return loudness


def _find_beep(loudness: Array, place: float) -> tuple[float, float]:
    """Searches a beep near `place` (ms). Returns how strong the beep is, and the ms by which it
    starts after `place`.
    """
    first = max(0, round(place) - SEARCH)
    piece = loudness[first : round(place) + SEARCH + BEEP]
    if len(piece) < 2 * BEEP:
        return 0.0, 0.0
    shape = np.concatenate((-np.ones(BEEP // 2), np.ones(BEEP), -np.ones(BEEP // 2)))
    match = np.correlate(np.pad(piece, (BEEP // 2, BEEP // 2)), shape, "valid")
    best = int(match.argmax())
    return float(match[best]), first + best - place


def settled(
    series: Iterator[tuple[float, float]] | Sequence[tuple[float, float]],
    since: float,
    limit: float,
    *,
    least: bool,
) -> float:
    """Returns the seconds from `since` until the (moment, value) pairs first reach `limit`, from
    above or, with `least`, from below; NaN if they never do.
    """
    for at, value in series:
        if at >= since and (value >= limit if least else value <= limit):
            return at - since
    return float("nan")
