"""Computes freezes and lip sync from the times of frames and beeps. Pure. All times are in seconds
on the same clock.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

import numpy as np

from scripts.benchmarks import timecode
from scripts.benchmarks.decoded import Array, Decoded

BEEP = 100
"""Duration of the beeps that pages/beacon.js plays, ms. A beep starts at every full second."""
SEARCH = 400
"""Maximum distance between a beep and its frame, ms. The search for the beep covers this distance
before and after the frame.
"""
HEARD = 0.6
"""Minimum strength of a beep, as a share of the strongest beep. Weaker beeps are ignored."""
LOOK_BACK = 0.3
"""Maximum time from a gap in the source's frames to the resulting gap in the received frames,
seconds.
"""
NEAR = 0.5
"""Maximum distance, in seconds, between a beep and the frames from which the media time of the beep
is computed.
"""


def longest_gap(moments: Sequence[float], began: float, ended: float) -> float:
    """Returns the longest gap between successive moments, ms. Considers only gaps that end after
    `began` and start before `ended`.
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
    """Returns the duration of the longest freeze, ms. This duration is a gap between two received
    frames, minus the longest gap in the source's frames. The gap in the source may begin up to
    `look_back` seconds earlier.
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
    """Returns the delay of each beep after its frame, ms. `began` and `ended`: start and end of the
    measured time, in seconds since 1970 on the creator's clock.
    """
    loudness = _loudness(decoded.sound)
    shows = np.array([(media, _full(code, began)) for media, code in decoded.frames]).reshape(-1, 2)
    found = []
    for second in range(int(began) + 1, int(ended)):
        near = shows[np.abs(shows[:, 1] - second) < NEAR]
        if len(near):
            # Compute the media time of the full second from the frames around it.
            place = second + median(near[:, 0] - near[:, 1])
            found.append(_find_beep(loudness, (place - decoded.sound_start) * 1_000))
    best = max((peak for peak, _ in found), default=0.0)
    return [float(offset) for peak, offset in found if best and peak >= HEARD * best]


def _full(code: int, now: float) -> float:
    """Converts a time code to seconds since 1970. The time code wraps, so it matches more than one
    time. Returns the matching time that is nearest to `now`.
    """
    ms = round(now * 1_000)
    return (
        ms + (code - ms + timecode.PERIOD // 2) % timecode.PERIOD - timecode.PERIOD // 2
    ) / 1_000


def _loudness(sound: Array) -> Array:
    """Returns the mean amplitude of the sound in each millisecond."""
    loudness: Array = np.abs(sound[: len(sound) // 48 * 48]).reshape(-1, 48).mean(axis=1)
    return loudness


def _find_beep(loudness: Array, place: float) -> tuple[float, float]:
    """Searches for a beep near `place` (ms). Returns the strength of the beep, and the time from
    `place` to the start of the beep, ms.
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
    """Returns the seconds from `since` until the first value that is at most `limit`, or at least
    `limit` if `least` is true. Returns NaN if there is no such value. `series` holds pairs (moment,
    value).
    """
    for at, value in series:
        if at >= since and (value >= limit if least else value <= limit):
            return at - since
    return float("nan")
