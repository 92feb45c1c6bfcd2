"""The history of a run: one sample a second, and the sums over the whole run."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from scripts.loadgen.figures import Figures
from scripts.loadgen.histogram import Histogram


@dataclass(frozen=True, slots=True)
class Sample:
    """The figures of one second of the run. Counts are totals of the second; levels are values at
    the end of the second.
    """

    at: float
    """Seconds since the first viewer or creator arrived."""
    plateau: bool
    """Whether all viewers and creators have arrived. Delay, rate and CPU are judged only from then
    on.
    """
    watching: int
    connecting: int
    publishing: int
    live_rooms: int | None
    mbps: float
    """Bitrate received by all viewers together, Mbps."""
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
    """Bitrate sent by all creators together, Mbps."""
    pli: int
    nack: int
    lag_p99: float | None
    generator_cpu: dict[str, float]
    """Number of cores used by each process of the generator, by the name of the process."""
    steal: float
    server_cpu: float | None
    """Number of cores used by the server; None if the server is not measured."""
    server_memory: int | None
    """Resident memory of the server, bytes; None if the server is not measured."""


class Record:
    """Collects samples, writes each to `samples.jsonl` as it arrives, and keeps the sums."""

    def __init__(self, folder: Path) -> None:
        self.samples: list[Sample] = []
        self.total = Figures()
        """The figures of the whole run."""
        self.delay = Histogram()
        """Delays during the plateau, ms. `lag`, too, covers the plateau only."""
        self.ramp_delay = Histogram()
        self.lag = Histogram()
        self.remb_bps = 0.0
        """Mean of the last REMB of all creators, bit/s."""
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
    ) -> Sample:
        """Adds and returns the sample of one second. `reports`: each worker's figures since the
        last sample, by the name of the worker. `server`: cores used by the server, and its memory
        in bytes.
        """
        figures = Figures()
        for each in reports.values():
            figures.merge(each)
        self.total.merge(figures)
        delay, lag = figures.histogram("delay"), figures.histogram("lag")
        (self.delay if plateau else self.ramp_delay).merge(delay)
        if plateau:
            self.lag.merge(lag)
        counts, levels = figures.counts, figures.levels
        if levels.get("publishing") and levels.get("remb_bps"):
            self.remb_bps = levels["remb_bps"] / levels["publishing"]
        sample = Sample(
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
        )
        self.samples.append(sample)
        if self._file is None:
            # Create the file only once there is a sample.
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = open(self._folder / "samples.jsonl", "w", encoding="utf-8")
        self._file.write(json.dumps(asdict(sample)) + "\n")
        self._file.flush()
        return sample

    def skip(self, reports: dict[str, Figures]) -> None:
        """Adds figures only to the sums: figures from before the first arrival, or of a second that
        was too short.
        """
        for each in reports.values():
            self.total.merge(each)

    def close(self) -> None:
        if self._file:
            self._file.close()


def _mbps(reports: dict[str, Figures], name: str) -> float:
    """Returns the sum of the workers' bitrates. Each bitrate is computed from the worker's own
    elapsed time, because workers do not report at the same moment.
    """
    return sum(
        figures.counts[name] * 8 / max(1, figures.counts["elapsed_us"])
        for figures in reports.values()
    )
