"""Figures from the results of the load generator. Pure."""

from collections.abc import Mapping
from typing import Any

from scripts.benchmarks.figures import percentile
from scripts.benchmarks.peers.kinds import LOSSES
from scripts.benchmarks.peers.rounds import RunInvalid


def viewer_figures(found: Mapping[str, Any]) -> dict[str, float]:
    """Returns the figures that viewers noticed, from the results of the generator. Raises
    RunInvalid.
    """
    if not found["delays"] or not found["joins"]:
        raise RunInvalid("no picture arrived with the creator's clock")
    delays, joins = sorted(found["delays"]), sorted(found["joins"])
    packets = found["packets"] + found["missing"]
    return {
        "p50": percentile(delays, 0.5),
        "p99": percentile(delays, 0.99),
        "missing": 100 * found["missing"] / max(1, packets),
        "join_p50": percentile(joins, 0.5),
        "join_p95": percentile(joins, 0.95),
    }


def loss_figures(found: Mapping[int, Mapping[str, Any]]) -> dict[str, float]:
    """Returns the figures of creators who lose packets. `found`: the results of the generator by
    share of lost packets, %; 0 is the creator who loses none. Raises RunInvalid.
    """
    for share, each in found.items():
        if not each["gaps"] or not each["delays"]:
            raise RunInvalid(f"no picture could be decoded with {share} % of the packets lost")
    p99 = {share: percentile(sorted(each["delays"]), 0.99) for share, each in found.items()}
    figures = {}
    for share in LOSSES:
        each = found[share]
        pictures = each["pictures"] + each["broken"]
        figures[f"loss{share}_delay"] = p99[share] - p99[0]
        figures[f"loss{share}_gap"] = max(each["gaps"])
        figures[f"loss{share}_broken"] = 100 * each["broken"] / max(1, pictures)
    return figures
