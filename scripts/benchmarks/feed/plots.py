"""The plots of `scripts/bench feed`, as SVG files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scripts.benchmarks.feed.evaluation import Report, typical
from scripts.benchmarks.feed.evening import BINS

COLOURS = {
    "ours": "#2563eb",
    "most watched": "#d97706",
    "newest": "#15803d",
    "random": "#69707d",
    "oracle": "#7c3aed",
}


def write_plots(report: Report, folder: Path) -> list[Path]:
    """Writes the plots into the folder. Returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    plots = {
        "watch-time.svg": _watch_time,
        "over-time.svg": _over_time,
        "exposure.svg": _exposure,
    }
    written = []
    for name, draw in plots.items():
        with _plot(folder / name) as axes:
            draw(report, axes)
        written.append(folder / name)
    return written


def _watch_time(report: Report, axes: Axes) -> None:
    """Minutes watched in a visit, for each order and seed."""
    orders = list(report.seeds[0].results)
    for place, order in enumerate(orders):
        minutes = [seed.results[order].minutes for seed in report.seeds]
        axes.bar(place, sum(minutes) / len(minutes), color=COLOURS[order], alpha=0.35)
        axes.plot([place] * len(minutes), minutes, ".", color=COLOURS[order])
    axes.set_xticks(range(len(orders)), orders)
    axes.set_title("minutes watched in a visit: mean, and each seed")


def _over_time(report: Report, axes: Axes) -> None:
    """Hours watched in each ten minutes of the evening."""
    for order in report.seeds[0].results:
        hours = typical(report, order).over_time
        times = [(place + 0.5) * BINS / 60 for place in range(len(hours))]
        axes.plot(times, hours, color=COLOURS[order], label=order)
    axes.set_xlabel("minutes")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, ncols=3)
    axes.set_title("hours watched by all viewers in ten minutes")


def _exposure(report: Report, axes: Axes) -> None:
    """How evenly impressions are shared: the share of the lives that were shown least often."""
    for order in report.seeds[0].results:
        shown = typical(report, order).by_live
        total, sums = max(1, sum(shown)), 0
        shares = [0.0]
        for number in shown:
            sums += number
            shares.append(100 * sums / total)
        lives = [100 * place / max(1, len(shown)) for place in range(len(shares))]
        axes.plot(lives, shares, color=COLOURS[order], label=order)
    axes.set_xlabel("% of new lives, the least shown first")
    axes.legend(frameon=False)
    axes.set_title("% of impressions of new lives")


@contextmanager
def _plot(path: Path) -> Iterator[Axes]:
    style: Any = {
        "svg.fonttype": "none",
        "svg.hashsalt": path.name,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 10,
        "axes.titlelocation": "left",
    }
    with rc_context(style):
        figure = Figure(figsize=(7.0, 3.6), layout="constrained")
        yield figure.subplots()
        figure.savefig(path, format="svg", metadata={"Date": None})
