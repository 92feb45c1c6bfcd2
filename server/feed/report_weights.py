"""How much it counts in the order of the feed that viewers report or hide creators. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

WITHIN = 7 * 86_400.0
"""Age up to which a report and a hide count, seconds."""
SKIPS = 10.0
"""Number of skips for which one report counts whose reporter reports and hides nothing else."""
HIDE = 0.3
"""How much a hide counts, compared with a report: people hide what is only not for them."""


def report_weights(
    reports: Iterable[tuple[str, str]], hides: Iterable[tuple[str, str]] = ()
) -> dict[str, float]:
    """Returns the weight of the reports and hides about each target. `reports`, `hides`: the target
    and the person who reports or hides it.

    All reports and hides of one person together have a weight of 1 at most. Those of a person who
    reports everything therefore count for little.
    """
    strengths = dict.fromkeys(hides, HIDE) | dict.fromkeys(reports, 1.0)
    made = Counter(by for _, by in strengths)
    weights: defaultdict[str, float] = defaultdict(float)
    for (target, by), strength in strengths.items():
        weights[target] += strength / made[by]
    return dict(weights)


def skips_for(weights: Mapping[str, float], *targets: str) -> int:
    """Returns the number of skips for which the reports about these targets count."""
    return round(SKIPS * sum(weights.get(target, 0.0) for target in targets))
