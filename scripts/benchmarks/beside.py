"""Compares the fan-out, the ingest and the glass-to-glass latency of this checkout with those of
another revision, in pairs of runs.

Both sides use the benchmark and the load generator of this checkout. Only the server of the other
revision runs from that revision's own worktree and environment.
"""

import math
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import playwright.async_api
from playwright.async_api import Browser

from scripts.benchmarks import fanout, fanout_whep, ingest, latency
from scripts.benchmarks.checkout import HERE, Checkout
from scripts.benchmarks.chromium import TooLate
from scripts.benchmarks.figures import Figures
from scripts.benchmarks.load_run import LoadFailed, run_load
from scripts.benchmarks.local_server import LocalServer, ServerFailed, pinned_server
from scripts.benchmarks.paired import (
    Case,
    Comparison,
    NotMeasured,
    comparisons,
    measure_pairs,
    missing,
)
from scripts.benchmarks.paths import PATHS

START_SECONDS = 30.0
"""Maximum time that a run may take in addition to the measured time, seconds."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one case."""

    checkout: Checkout
    folder: Path
    """An empty folder for the server's data and the generator's report."""
    cores: tuple[int, int]
    """The cores of the server and of the generator."""


Measurement = Callable[[Run], Awaitable[dict[str, float]]]
Cases = dict[Case, Measurement]


def fanout_cases(sizes: list[int], seconds: float, path: str) -> Cases:
    """Returns one case for each audience size. `path`: ws or whep."""

    def case(viewers: int) -> Measurement:
        async def measure(run: Run) -> dict[str, float]:
            benchmark = fanout if path == "ws" else fanout_whep
            figures, valid = await _load(
                run, benchmark.server_options(viewers), *benchmark.load_words(viewers, seconds)
            )
            return {
                "cpu": figures["server_cpu"],
                "p99": figures["p99"] if valid else math.nan,
                "lost": figures["gaps"] + figures["failures"] + figures["disconnects"],
            }

        return measure

    return {
        Case(f"{viewers} viewers, {path}", ("cpu", "p99", "lost")): case(viewers)
        for viewers in sizes
    }


def ingest_cases(creators: int, seconds: float, bitrates: tuple[int, ...]) -> Cases:
    """Returns one case for each bitrate in kbps."""

    def case(kbps: int) -> Measurement:
        async def measure(run: Run) -> dict[str, float]:
            figures, _ = await _load(
                run, ingest.SERVER_OPTIONS, *ingest.load_words(creators, kbps, seconds)
            )
            return {
                "cpu": figures["server_cpu"] / creators,
                "lost": figures["creator_failures"] + figures["creator_disconnects"],
            }

        return measure

    return {
        Case(f"{creators} creators at {kbps / 1_000:g} Mbps", ("cpu", "lost")): case(kbps)
        for kbps in bitrates
    }


def latency_cases(creators: Browser, viewers: Browser, paths: list[str], seconds: float) -> Cases:
    """Returns one case for each playback path."""

    def case(path: str) -> Measurement:
        async def measure(run: Run) -> dict[str, float]:
            try:
                async with LocalServer(run.folder, checkout=run.checkout) as server:
                    slot = await latency.watch(server.url, creators, viewers, path, seconds)
            except (latency.BrokenPath, TooLate, playwright.async_api.TimeoutError) as error:
                raise NotMeasured(str(error)) from error
            finally:
                for context in [*creators.contexts, *viewers.contexts]:
                    await context.close()
            return {"glass": Figures.of(slot.ages).p50}

        return measure

    return {Case(PATHS[path].title, ("glass",)): case(path) for path in paths}


async def _load(
    run: Run, options: tuple[str, ...], words: tuple[str, ...], within: float
) -> tuple[dict[str, float], bool]:
    """Runs scripts/load with a server of the run's checkout. Returns the figures of scripts/load,
    and whether all these figures are valid.

    If the generator was late but sent all its frames, the CPU figures are valid, but the delays are
    not.
    """
    async with pinned_server(
        run.folder / "data", run.cores[0], *options, checkout=run.checkout
    ) as server:
        load = await run_load(run.folder / "load", run.cores[1], server.url, *words, within=within)
    valid = load["outcome"] == "fine"
    if not valid and (load["outcome"] != "invalid" or load["extra"].get("late")):
        raise NotMeasured(", ".join(load["reasons"]) or str(load["outcome"]))
    figures = {
        name: math.nan if value is None else value for name, value in load["figures"].items()
    }
    return figures, valid


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a comparison."""

    before: str
    after: str
    comparisons: list[Comparison]
    missing: list[str]
    """Names of the figures that have too few valid pairs."""

    def as_json(self) -> dict[str, Any]:
        return {
            "before": self.before,
            "after": self.after,
            "missing": self.missing,
            "comparisons": [each.as_json() for each in self.comparisons],
        }


async def measure(
    before: Checkout,
    prepare: Callable[[AsyncExitStack], Awaitable[Cases]],
    *,
    pairs: int,
    bars: Mapping[str, float],
    cores: tuple[int, int],
    progress: Callable[[str], None],
) -> Report:
    """Measures each case in `pairs` pairs of runs. `prepare` creates the cases. Resources that must
    stay open during the measurement are pushed onto the exit stack by `prepare`.
    """
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="microlive-bench-")))
        cases = await prepare(stack)
        numbers = iter(range(1 << 30))

        async def measure_one(case: Case, new: bool) -> dict[str, float]:
            own = folder / str(next(numbers))
            own.mkdir()
            try:
                return await cases[case](Run(HERE if new else before, own, cores))
            except (LoadFailed, ServerFailed) as error:
                raise NotMeasured(str(error)) from error

        for checkout in (before, HERE):
            # The first start compiles Python files and shows whether the server starts at all.
            progress(f"first start of {checkout.name}")
            async with LocalServer(folder / f"first-{checkout is HERE}", checkout=checkout):
                pass
        measured = await measure_pairs(list(cases), pairs, measure_one, progress)
    return Report(
        before.name,
        HERE.name,
        comparisons(list(cases), measured, bars),
        missing(list(cases), measured, pairs),
    )


def within(seconds_each: list[float], pairs: int) -> float:
    """Returns the maximum duration of a comparison, seconds. This duration is long enough for twice
    as many pairs, because invalid pairs are repeated.
    """
    return math.fsum(each + START_SECONDS for each in seconds_each) * 4 * pairs + 60
