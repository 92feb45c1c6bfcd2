"""How much the reports of viewers count in the order of the feed. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

WITHIN = 7 * 86_400.0
"""Age up to which a report counts, seconds."""
SKIPS = 10.0
"""Number of skips for which one report counts whose reporter reports nothing else."""


def report_weights(reports: Iterable[tuple[str, str]]) -> dict[str, float]:
    """Returns the weight of the reports about each target. `reports`: the target and the reporter.

    All reports of one person together have a weight of 1. The reports of a person who reports
    everything therefore count for little.
    """
    different = set(reports)
    made = Counter(reporter for _, reporter in different)
    weights: defaultdict[str, float] = defaultdict(float)
    for target, reporter in different:
        weights[target] += 1 / made[reporter]
    return dict(weights)


def skips_for(weights: Mapping[str, float], *targets: str) -> int:
    """Returns the number of skips for which the reports about these targets count."""
    return round(SKIPS * sum(weights.get(target, 0.0) for target in targets))
