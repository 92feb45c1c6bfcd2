"""The figures of a run by node, if the viewers watch at several nodes. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from scripts.loadgen.figures import Figures
from scripts.loadgen.histogram import Histogram

HISTOGRAMS = ("delay", "join")


@dataclass(frozen=True, slots=True)
class NodeSample:
    """One second of one node. `cpu` and `memory` are None if the node is not measured."""

    watching: int
    cpu: float | None
    """Number of cores that the node used."""
    memory: int | None
    """Resident memory, bytes."""


@dataclass(frozen=True, slots=True)
class NodeResult:
    """The figures of one node in a whole run. A figure is None if it was not measured. Delays and
    CPU are those after all viewers had arrived.
    """

    url: str
    watching: int
    p50: float | None
    p99: float | None
    join_p50: float | None
    join_p99: float | None
    gaps: int
    failures: int
    disconnects: int
    cpu: float | None
    """CPU of the node, % of a core."""
    memory: float | None
    """Most resident memory, MB."""


def add_node(total: Figures, node: int, figures: Figures) -> None:
    """Adds the figures of the viewers at a node to `total`, under names of this node."""
    total.counts[_name(node, "gaps")] += figures.counts["gaps"]
    for name in ("failed", "closed"):
        total.counts[_name(node, name)] += figures.total(name)
    total.levels[_name(node, "watching")] = figures.levels.get("watching", 0.0)
    for name in HISTOGRAMS:
        if name in figures.histograms:
            total.histogram(_name(node, name)).merge(figures.histograms[name])


def node_samples(
    figures: Figures, servers: Sequence[tuple[float, int] | None]
) -> tuple[NodeSample, ...]:
    """Returns the samples of all nodes. `servers`: number of cores that each node used, and its
    memory in bytes.
    """
    return tuple(
        NodeSample(
            int(figures.levels.get(_name(node, "watching"), 0)),
            *(server or (None, None)),
        )
        for node, server in enumerate(servers)
    )


def node_delays(figures: Figures) -> Mapping[str, Histogram]:
    """Returns the delays by node, under the names of `add_node`."""
    return {
        name: each
        for name, each in figures.histograms.items()
        if name.startswith("node") and name.endswith("/delay")
    }


def node_results(
    urls: Sequence[str],
    plateau: Sequence[Sequence[NodeSample]],
    total: Figures,
    delays: Mapping[str, Histogram],
) -> list[NodeResult]:
    """Returns the results of all nodes. `plateau`: the samples of all nodes in each second after
    all viewers had arrived. `total`: the figures of the whole run.
    """
    found = []
    for node, url in enumerate(urls):
        samples = [each[node] for each in plateau]
        delay = delays.get(_name(node, "delay"), Histogram())
        join = total.histograms.get(_name(node, "join"), Histogram())
        cores = [each.cpu for each in samples if each.cpu is not None]
        found.append(
            NodeResult(
                url=url,
                watching=min((each.watching for each in samples), default=0),
                p50=delay.percentile(50),
                p99=delay.percentile(99),
                join_p50=join.percentile(50),
                join_p99=join.percentile(99),
                gaps=total.counts[_name(node, "gaps")],
                failures=total.counts[_name(node, "failed")],
                disconnects=total.counts[_name(node, "closed")],
                cpu=fmean(cores) * 100 if cores else None,
                memory=max((each.memory / 1e6 for each in samples if each.memory), default=None),
            )
        )
    return found


def _name(node: int, name: str) -> str:
    return f"node{node}/{name}"
