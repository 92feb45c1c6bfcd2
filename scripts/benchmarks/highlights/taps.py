"""The simple way to find moments, for comparison: the 10 s with the most taps. Pure."""

from collections import Counter

from scripts.benchmarks.highlights.live import ScriptedLive
from scripts.benchmarks.highlights.score import BEST, Span

LENGTH = 10


def find_by_taps(live: ScriptedLive) -> list[Span]:
    """Returns the three windows of 10 s with the most taps, each with the 8 s before it."""
    windows: Counter[int] = Counter()
    for reaction in live.reactions:
        windows[reaction.at // (LENGTH * 1_000_000)] += reaction.taps
    return [
        Span(window * LENGTH - 8, (window + 1) * LENGTH) for window, _ in windows.most_common(BEST)
    ]
