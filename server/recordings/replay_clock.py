"""The mapping between the time of a replay and media time. Pure.

The time of a replay begins at 0 and has no gaps: interruptions of the live do not count.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.recordings.replay_playlist import GAP, ListedSegment


@dataclass(frozen=True, slots=True)
class Run:
    """A part of a replay in which media time advances without a gap. Times in µs."""

    at: int
    """Time in the replay at which the run begins."""
    media_time: int
    duration: int


def runs(segments: Sequence[ListedSegment]) -> list[Run]:
    """Returns the runs of a replay, in order. A run may contain several pieces."""
    found: list[Run] = []
    at = 0
    for segment in segments:
        last = found[-1] if found else None
        if last is not None and abs(segment.media_time - last.media_time - last.duration) < GAP:
            found[-1] = Run(last.at, last.media_time, segment.end - last.media_time)
        else:
            found.append(Run(at, segment.media_time, segment.duration))
        at += segment.duration
    return found


def time_in_replay(found: Sequence[Run], media_time: int) -> int:
    """Returns the time in the replay of a media time, µs. A media time outside of all runs becomes
    the nearest earlier time of the replay. `found`: at least one run.
    """
    index = bisect_right(found, media_time, key=lambda run: run.media_time) - 1
    if index < 0:
        return 0
    run = found[index]
    return run.at + min(media_time - run.media_time, run.duration)


def hearts_in_replay(
    found: Sequence[Run], taps: Mapping[int, int], step: int, most: int
) -> tuple[list[int], int]:
    """Returns the taps over a replay: the number of taps in each period, and the length of a period
    in seconds. `taps`: number of taps for each period of `step` seconds, by the media time in
    seconds at which the period begins. `most`: maximum number of periods.
    """
    duration = found[-1].at + found[-1].duration
    periods = max(1, -(-duration // (step * 1_000_000)))
    length = step * -(-periods // most)
    counts = [0] * max(1, -(-duration // (length * 1_000_000)))
    for second, number in taps.items():
        at = time_in_replay(found, second * 1_000_000 + step * 500_000)
        counts[min(at // (length * 1_000_000), len(counts) - 1)] += number
    return counts, length
