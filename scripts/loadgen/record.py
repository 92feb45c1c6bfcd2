"""The record of a run: one sample a second, and the totals of the whole run."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from scripts.loadgen.figures import Figures
from scripts.loadgen.histogram import Histogram
from scripts.loadgen.node_figures import NodeSample, node_delays, node_samples


@dataclass(frozen=True, slots=True)
class Sample:
    """The figures of one second of the run. A count is the total of this second. A level is the
    value at the end of this second.
    """

    at: float
    """Seconds since the first viewer or creator arrived."""
    plateau: bool
    """Whether all viewers and creators have arrived. The final figures for delay, bitrate and CPU
    use include only samples for which this value is true.
    """
    watching: int
    connecting: int
    publishing: int
    live_rooms: int | None
    mbps: float
    """Bitrate that all viewers together received, Mbps."""
    messages: int
    p50: float | None
    p95: float | None
    p99: float | None
    most: float | None
    join_p95: float | None
    gaps: int
    slowed: int
    failed: int
    closed: int
    sent_mbps: float
    """Bitrate that all creators together sent, Mbps."""
    pli: int
    nack: int
    lag_p99: float | None
    generator_cpu: dict[str, float]
    """Number of cores that each process of the load generator used, by the name of the process."""
    steal: float
    server_cpu: float | None
    """Number of cores that the server used. None if the server is not measured."""
    server_memory: int | None
    """Resident memory of the server, bytes. None if the server is not measured."""
    nodes: tuple[NodeSample, ...]
    """The figures by node, if the viewers watch at several nodes."""


class Record:
    """Collects the samples of a run, appends each to `samples.jsonl` at once, and adds up the
    totals.
    """

    def __init__(self, folder: Path) -> None:
        self.samples: list[Sample] = []
        self.total = Figures()
        """Total figures of the whole run."""
        self.delay = Histogram()
        """Delays that were measured after all viewers and creators had arrived, ms. `lag` covers
        the same period.
        """
        self.node_delays: dict[str, Histogram] = {}
        """The same by node."""
        self.ramp_delay = Histogram()
        self.lag = Histogram()
        self.chat = Histogram()
        """Delays of chat messages, from the request that sends the message to its arrival at the
        last viewer, ms.
        """
        self.accept = Histogram()
        """Delays of chat messages, from the request that sends the message to the answer that the
        message is stored, ms.
        """
        self.remb_bps = 0.0
        """Mean of the bitrates in the creators' last REMB messages, bit/s."""
        self._folder = folder
        self._file: IO[str] | None = None

    def add(
        self,
        at: float,
        plateau: bool,
        reports: dict[str, Figures],
        *,
        live_rooms: int | None,
        steal: float,
        server: tuple[float, int] | None,
        nodes: Sequence[tuple[float, int] | None] = (),
    ) -> Sample:
        """Adds the sample of one second and returns it. `reports`: each worker's figures since the
        last sample, by the name of the worker. `server`: number of cores that the server used, and
        its memory in bytes. `nodes`: the same by node.
        """
        figures = Figures()
        for each in reports.values():
            figures.merge(each)
        self._add_up(figures, plateau)
        sample = _sample(
            *(at, plateau, figures, reports),
            live_rooms=live_rooms,
            steal=steal,
            server=server,
            nodes=node_samples(figures, nodes),
        )
        self.samples.append(sample)
        self._write(sample)
        return sample

    def skip(self, reports: dict[str, Figures]) -> None:
        """Adds figures to the totals without adding a sample. Call this for figures from before the
        first arrival, and for figures of a second that was too short.
        """
        for each in reports.values():
            self.total.merge(each)

    def close(self) -> None:
        if self._file:
            self._file.close()

    def _add_up(self, figures: Figures, plateau: bool) -> None:
        self.total.merge(figures)
        (self.delay if plateau else self.ramp_delay).merge(figures.histogram("delay"))
        if plateau:
            self.lag.merge(figures.histogram("lag"))
            for name, histogram in node_delays(figures).items():
                self.node_delays.setdefault(name, Histogram()).merge(histogram)
            self.chat.merge(figures.histogram("chat"))
            self.accept.merge(figures.histogram("accept"))
        levels = figures.levels
        if levels.get("publishing") and levels.get("remb_bps"):
            self.remb_bps = levels["remb_bps"] / levels["publishing"]

    def _write(self, sample: Sample) -> None:
        if self._file is None:
            # Create the file only when the first sample arrives.
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = open(self._folder / "samples.jsonl", "w", encoding="utf-8")
        self._file.write(json.dumps(asdict(sample)) + "\n")
        self._file.flush()


def _sample(
    at: float,
    plateau: bool,
    figures: Figures,
    reports: dict[str, Figures],
    *,
    live_rooms: int | None,
    steal: float,
    server: tuple[float, int] | None,
    nodes: tuple[NodeSample, ...],
) -> Sample:
    """Returns the sample of one second. `figures`: the figures of all workers together."""
    counts, levels = figures.counts, figures.levels
    delay, lag = figures.histogram("delay"), figures.histogram("lag")
    return Sample(
        at=round(at, 2),
        plateau=plateau,
        watching=int(levels.get("watching", 0)),
        connecting=int(levels.get("connecting", 0)),
        publishing=int(levels.get("publishing", 0)),
        live_rooms=live_rooms,
        mbps=_mbps(reports, "bytes") + _mbps(reports, "slow_bytes"),
        messages=counts["messages"] + counts["slow_messages"],
        p50=delay.percentile(50),
        p95=delay.percentile(95),
        p99=delay.percentile(99),
        most=delay.most if delay.count else None,
        join_p95=figures.histogram("join").percentile(95),
        gaps=counts["gaps"],
        slowed=figures.total("paced") - counts["paced/full"],
        failed=figures.total("failed") + figures.total("creator_failed"),
        closed=figures.total("closed") + figures.total("creator_closed"),
        sent_mbps=_mbps(reports, "sent_bytes"),
        pli=counts["pli"],
        nack=counts["nack"],
        lag_p99=lag.percentile(99),
        generator_cpu={name: each.levels.get("cpu", 0.0) for name, each in reports.items()},
        steal=steal,
        server_cpu=server[0] if server else None,
        server_memory=server[1] if server else None,
        nodes=nodes,
    )


def _mbps(reports: dict[str, Figures], name: str) -> float:
    """Returns the sum of the workers' bitrates, Mbps. Divides by each worker's own elapsed time,
    because the workers do not report at the same moment.
    """
    return sum(
        figures.counts[name] * 8 / max(1, figures.counts["elapsed_us"])
        for figures in reports.values()
    )
