"""The plot of an estimate, as an SVG file."""

import io

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scripts.loadgen.plots import FAINT, LINES, STYLE
from scripts.planner.estimate import Estimate
from scripts.planner.world import NAMES


def plot(estimate: Estimate) -> str:
    """Returns two panels with a bar for each placement: busy cores, and Gbps between boxes."""
    style = {**STYLE, "axes.grid.axis": "y", "svg.hashsalt": "plan"}
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(9.2, 3.4), layout="constrained")
        figure.suptitle(estimate.world.title, x=0.01, ha="left", fontsize=10)
        cores, traffic = figure.subplots(1, 2)
        _cores(cores, estimate)
        _traffic(traffic, estimate)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def _cores(axes: Axes, estimate: Estimate) -> None:
    names = [NAMES[plan.placement] for plan in estimate.plans]
    below = [0.0] * len(names)
    for use, colour in zip(estimate.plans[0].busy, LINES, strict=False):
        values = [plan.busy[use] for plan in estimate.plans]
        axes.bar(names, values, 0.6, below, color=colour, label=use)
        below = [bottom + value for bottom, value in zip(below, values, strict=True)]
    _title(axes, "busy cores")
    axes.set_ylim(0, max(*below, 1e-9) * 1.25)
    axes.legend(frameon=False, ncols=2, loc="upper left", fontsize=8)


def _traffic(axes: Axes, estimate: Estimate) -> None:
    names = [NAMES[plan.placement] for plan in estimate.plans]
    bars = axes.bar(names, [plan.between_gbps for plan in estimate.plans], 0.6, color=LINES[0])
    axes.bar_label(bars, fmt="%.3g", color=FAINT)
    _title(axes, "Gbps between boxes")


def _title(axes: Axes, words: str) -> None:
    axes.set_title(words, loc="left", color=FAINT, fontsize=8.5)
