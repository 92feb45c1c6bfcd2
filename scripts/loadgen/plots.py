"""The plots of the report, as SVG that can be embedded in the page."""

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from scripts.loadgen.histogram import EDGES, Histogram
from scripts.loadgen.record import Sample

INK, FAINT, GRID = "#1f2430", "#69707d", "#e4e7ec"
BLUE, ORANGE, RED, GREEN, VIOLET = "#2563eb", "#d97706", "#dc2626", "#15803d", "#7c3aed"
LINES = (BLUE, ORANGE, RED, GREEN, VIOLET, FAINT)
WIDE, HALF = (9.2, 3.0), (4.5, 2.5)
"""Width and height of a plot in inches. The page scales the plots."""

STYLE: Any = {
    "svg.fonttype": "none",  # Text stays text: it can be searched and uses the page's font.
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": GRID,
    "axes.labelcolor": FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "ytick.major.size": 0,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
}


def delay_over_time(samples: Sequence[Sample], limits: Sequence[tuple[str, float]]) -> str:
    """Plots percentiles of the delay over time. `limits`: label and value (ms) of each limit for
    the delay. Each limit is drawn as a line.
    """
    with _plot(WIDE) as (figure, axes):
        series = {
            "99 %": [sample.p99 for sample in samples],
            "95 %": [sample.p95 for sample in samples],
            "half": [sample.p50 for sample in samples],
        }
        _lines(axes, samples, series, (RED, ORANGE, BLUE))
        for words, limit in limits:
            _limit(axes, words, limit)
        _time(axes, samples)
        _unit(axes, "ms")
        return _svg(figure, "delay")


def delay_distribution(delay: Histogram) -> str:
    """Plots the distribution of the delays on a logarithmic axis. Marks the percentiles."""
    with _plot(WIDE) as (figure, axes):
        step = 8
        counts = delay.counts[: len(delay.counts) // step * step].reshape(-1, step).sum(axis=1)
        filled = np.flatnonzero(counts)
        first, last = (int(filled[0]), int(filled[-1]) + 1) if len(filled) else (0, 1)
        edges = EDGES[::step][first : last + 1]
        axes.stairs(
            counts[first:last] / max(1, counts.sum()) * 100,
            edges,
            fill=True,
            color=BLUE,
            alpha=0.85,
        )
        axes.set_xscale("log")
        low, high = edges[0] * 0.9, max(edges[-1] * 1.1, edges[0] * 12)
        axes.set_xlim(low, high)
        axes.xaxis.set_major_locator(_ticks(low, high))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} ms"))
        axes.xaxis.set_minor_locator(matplotlib.ticker.NullLocator())
        axes.grid(axis="x", visible=False)
        for percent, words, colour in ((50, "half", BLUE), (95, "95 %", ORANGE), (99, "99 %", RED)):
            value = delay.percentile(percent)
            if value is not None:
                axes.axvline(
                    value,
                    color=colour,
                    linewidth=1.6,
                    linestyle=(0, (3, 2)),
                    label=f"{words} within {value:.3g} ms",
                )
        _legend(axes, 3)
        _unit(axes, "% of all")
        return _svg(figure, "distribution")


def over_time(
    name: str,
    samples: Sequence[Sample],
    series: dict[str, list[float | None]],
    unit: str,
    *,
    limit: float | None = None,
    wide: bool = False,
) -> str:
    """Plots figures over time, on an axis that starts at zero. Draws `limit` as a line."""
    with _plot(WIDE if wide else HALF) as (figure, axes):
        _lines(axes, samples, series, LINES)
        if limit is not None:
            _limit(axes, f"{limit:g} {unit} allowed", limit)
        _time(axes, samples)
        _unit(axes, unit)
        return _svg(figure, name)


@contextmanager
def _plot(size: tuple[float, float]) -> Iterator[tuple[Figure, Axes]]:
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        yield figure, figure.subplots()


def _lines(
    axes: Axes,
    samples: Sequence[Sample],
    series: dict[str, list[float | None]],
    colours: Sequence[str],
) -> None:
    at = [sample.at for sample in samples]
    for (words, values), colour in zip(series.items(), colours, strict=False):
        axes.plot(
            at, [np.nan if value is None else value for value in values], color=colour, label=words
        )
    if len(series) > 1:
        _legend(axes, len(series))
    most = max(
        (value for values in series.values() for value in values if value is not None), default=1.0
    )
    axes.set_ylim(0, most * 1.15 or 1)


def _limit(axes: Axes, words: str, limit: float) -> None:
    axes.axhline(limit, color=INK, linewidth=1, linestyle=(0, (4, 3)))
    axes.annotate(
        words,
        (1, limit),
        (-2, 3),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        ha="right",
        fontsize=8,
        in_layout=False,
    )
    axes.set_ylim(0, max(axes.get_ylim()[1], limit * 1.2))


def _legend(axes: Axes, columns: int) -> None:
    """Draws the legend above the plot, so that it covers no data."""
    axes.legend(
        loc="lower right",
        bbox_to_anchor=(1, 1),
        ncols=columns,
        frameon=False,
        borderaxespad=0,
        handlelength=1.4,
        columnspacing=1.4,
    )


def _time(axes: Axes, samples: Sequence[Sample]) -> None:
    end = max((sample.at for sample in samples), default=1.0)
    axes.set_xlim(0, max(1.0, end))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g} s"))
    axes.grid(axis="x", visible=False)
    coming = max((sample.at for sample in samples if not sample.plateau), default=0.0)
    if coming > 0:
        axes.axvspan(0, coming, color="#f3f4f6", zorder=0, linewidth=0)
        axes.annotate(
            "coming",
            (0, 1),
            (4, -4),
            xycoords="axes fraction",
            textcoords="offset points",
            in_layout=False,
            va="top",
            color=FAINT,
            fontsize=8,
        )


def _unit(axes: Axes, unit: str) -> None:
    axes.set_title(unit, loc="left", color=FAINT, fontsize=8.5)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))


def _ticks(low: float, high: float) -> matplotlib.ticker.FixedLocator:
    """Returns ticks at 1, 2, 5, 10, … that lie within the axis. A long axis has ticks only at
    powers of ten.
    """
    steps = (1, 2, 5) if high / low < 2_000 else (1,)
    values = [step * 10.0**power for power in range(-3, 6) for step in steps]
    return matplotlib.ticker.FixedLocator([value for value in values if low <= value <= high])


def _svg(figure: Figure, name: str) -> str:
    text = io.StringIO()
    # Use the plot's name as salt, so that several plots on one page have different identifiers.
    with matplotlib.rc_context({**STYLE, "svg.hashsalt": name}):
        figure.savefig(
            text,
            format="svg",
            transparent=True,
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )
    svg = text.getvalue()
    svg = re.sub(
        r"\b(id=\"|#)((?:figure|axes|patch|line2d|matplotlib|text|xtick|ytick|legend|FillBetween|PathPatch)[\w.]*)",
        rf"\1{name}-\2",
        svg[svg.index("<svg") :],
    )
    return re.sub(
        r'<svg ([^>]*?)width="[^"]*"',
        r"<svg \1",
        re.sub(r'(<svg [^>]*?) height="[^"]*"', r"\1", svg, count=1),
        count=1,
    )
