"""The result of a run: its figures and its verdict."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum
from statistics import fmean
from typing import Any

from scripts.loadgen.histogram import Histogram
from scripts.loadgen.machine import Machine
from scripts.loadgen.node_figures import NodeResult, node_results
from scripts.loadgen.record import Record, Sample
from scripts.loadgen.scenario import Scenario

LAG_MAX_MS = 5.0
STEAL_MAX = 2.0
"""`LAG_MAX_MS`: maximum lateness of the generator's event loops, ms. `STEAL_MAX`: maximum share of
stolen CPU time, %. If either limit is exceeded, the run may have measured the generator instead of
the server.
"""


class Outcome(Enum):
    FINE = "fine"
    FAILED = "failed"
    INVALID = "invalid"
    BROKEN_OFF = "broken off"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a run and its reasons. The most important reason comes first."""

    outcome: Outcome
    reasons: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        return {Outcome.FINE: 0, Outcome.FAILED: 1, Outcome.INVALID: 1, Outcome.BROKEN_OFF: 2}[
            self.outcome
        ]


@dataclass(frozen=True, slots=True)
class Summary:
    """The contents of a run's report, without the list of samples."""

    scenario: Scenario
    machine: Machine
    version: str
    began: datetime
    lasted: float
    interrupted: bool
    figures: dict[str, float | None]
    """The figures by name. conditions.METRICS defines the names and units."""
    causes: dict[str, dict[str, int]]
    """Number of failures, by kind of failure and then by cause."""
    extra: dict[str, float]
    nodes: list[NodeResult]
    """The figures by node, if the viewers watch at several nodes."""
    clip_kbps: float | None
    verdict: Verdict

    def to_json(self) -> dict[str, Any]:
        scenario = asdict(self.scenario)
        scenario |= {
            "folder": str(self.scenario.folder),
            "target": self.scenario.target.url,
            "nodes": [each.url for each in self.scenario.nodes],
            "conditions": [each.text for each in self.scenario.conditions],
        }
        del scenario["key"], scenario["token"]  # reports are passed on to others
        return {
            "outcome": self.verdict.outcome.value,
            "reasons": list(self.verdict.reasons),
            "figures": self.figures,
            "causes": self.causes,
            "extra": self.extra,
            "nodes": [asdict(each) for each in self.nodes],
            "clip_kbps": self.clip_kbps,
            "scenario": scenario,
            "server_version": self.version,
            "began": self.began.isoformat(timespec="seconds"),
            "lasted": round(self.lasted, 1),
            "interrupted": self.interrupted,
            "machine": asdict(self.machine),
        }


def figures_of(record: Record, viewers: bool, creators: bool) -> dict[str, float | None]:
    """Returns the figures of a run by name. A figure is None if it was not measured."""
    plateau = [sample for sample in record.samples if sample.plateau]
    total = record.total
    delay = record.delay if plateau else record.ramp_delay
    join, publish = total.histogram("join"), total.histogram("publish")
    found: dict[str, float | None] = {
        "lag_p99": record.lag.percentile(99),
        "generator_cpu": _busiest(plateau),
        "steal": _mean(sample.steal * 100 for sample in plateau),
        "server_cpu": _mean(
            sample.server_cpu * 100 for sample in plateau if sample.server_cpu is not None
        ),
        "server_memory": max(
            (sample.server_memory / 1e6 for sample in record.samples if sample.server_memory),
            default=None,
        ),
    }
    if viewers:
        found |= {
            **_percentiles("", delay),
            "max": delay.most if delay.count else None,
            **_percentiles("join_", join),
            "failures": total.total("failed"),
            "disconnects": total.total("closed"),
            "gaps": total.counts["gaps"],
            "slowed": total.total("paced") - total.counts["paced/full"],
            "watching": min((sample.watching for sample in plateau), default=None),
            "received": _mean(sample.mbps for sample in plateau),
        }
    if total.total("chat_refused") or total.counts["chat_sent"]:
        found |= {
            "chat_p50": record.chat.percentile(50),
            "chat_p99": record.chat.percentile(99),
            "accept_p99": record.accept.percentile(99),
            "chat_refused": total.total("chat_refused"),
            "chat_lost": total.counts["chat_missing"] + total.counts["chat_repeated"],
        }
    if creators:
        found |= {
            "publishing": min((sample.publishing for sample in plateau), default=None),
            "publish_p50": publish.percentile(50),
            "publish_p95": publish.percentile(95),
            "creator_failures": total.total("creator_failed"),
            "creator_disconnects": total.total("creator_closed"),
            "plis": total.counts["pli"],
            "nacks": total.counts["nack"],
        }
    return found


def judge(
    scenario: Scenario, record: Record, figures: dict[str, float | None], broken_off: str | None
) -> Verdict:
    """Returns the verdict on a run. INVALID has priority over FAILED: the figures of an overloaded
    generator say nothing about the server.
    """
    failed = [reason for condition in scenario.conditions if (reason := condition.failure(figures))]
    if broken_off:
        return Verdict(Outcome.BROKEN_OFF, (broken_off, *failed))
    invalid = []
    lag, steal = figures["lag_p99"], figures["steal"]
    if lag is None:
        invalid.append("the run ended before all had arrived: nothing was measured under full load")
    elif lag > LAG_MAX_MS:
        advice = "it was the limit or lacked CPU; use idle cores or more --workers"
        invalid.append(
            f"the generator's event loops were {lag:.1f} ms late (p99; {LAG_MAX_MS:.0f} ms "
            f"are allowed): {advice}"
        )
    if steal is not None and steal > STEAL_MAX:
        invalid.append(
            f"the hypervisor gave {steal:.1f} % of this machine's CPU time to others "
            f"({STEAL_MAX:.0f} % are allowed)"
        )
    if invalid:
        return Verdict(Outcome.INVALID, (*invalid, *failed))
    if scenario.viewers and not record.delay.count:
        failed.append("no viewer received live media")
    if scenario.creators and not any(sample.publishing for sample in record.samples):
        failed.append("no creator was publishing")
    return Verdict(Outcome.FAILED if failed else Outcome.FINE, tuple(failed))


CAUSED = (
    "failed",
    "closed",
    "paced",
    "creator_failed",
    "creator_closed",
    "slow_failed",
    "slow_closed",
    "slow_paced",
    "chat_refused",
)
"""Names of the counts that are split by cause (`Figures.causes`)."""


def causes_of(record: Record) -> dict[str, dict[str, int]]:
    return {name: causes for name in CAUSED if (causes := record.total.causes(name))}


def extra_of(record: Record) -> dict[str, float]:
    """Returns the counts of a run that are not in conditions.METRICS."""
    names = (
        "messages",
        "bytes",
        "events",
        "event_bytes",
        "event_gaps",
        "chat_sent",
        "chat_received",
        "tap_notices",
        "taps_sent",
        "taps_received",
        "unreadable",
        "slow_bytes",
        "slow_gaps",
        "swipes",
        "vanished",
        "went",
        "moved",
        "packets",
        "sent_bytes",
        "resent",
        "remb",
        "late",
    )
    return {name: record.total.counts[name] for name in names if record.total.counts[name]} | (
        {"remb_bps": record.remb_bps} if record.remb_bps else {}
    )


def nodes_of(scenario: Scenario, record: Record) -> list[NodeResult]:
    """Returns the figures by node. Empty if all viewers watch at the server's URL."""
    return node_results(
        [place.url for place in scenario.places] if scenario.nodes else [],
        [sample.nodes for sample in record.samples if sample.plateau],
        record.total,
        record.node_delays,
    )


def _percentiles(prefix: str, histogram: Histogram) -> dict[str, float | None]:
    return {f"{prefix}p{percent}": histogram.percentile(percent) for percent in (50, 95, 99)}


def _mean(values: Iterable[float]) -> float | None:
    listed = list(values)
    return fmean(listed) if listed else None


def _busiest(plateau: list[Sample]) -> float | None:
    names = {name for sample in plateau for name in sample.generator_cpu}
    return max(
        (fmean(sample.generator_cpu.get(name, 0.0) for sample in plateau) * 100 for name in names),
        default=None,
    )
