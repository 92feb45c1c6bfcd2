"""The end of a run: writes the report and prints the result."""

from datetime import datetime

from rich.console import Console

from scripts.loadgen.conditions import METRICS
from scripts.loadgen.machine import this_machine
from scripts.loadgen.run import Run
from scripts.loadgen.scenario import Scenario
from scripts.loadgen.summary import (
    Outcome,
    Summary,
    causes_of,
    extra_of,
    figures_of,
    judge,
    nodes_of,
)

STYLES = {
    Outcome.FINE: "bold green",
    Outcome.FAILED: "bold red",
    Outcome.INVALID: "bold white on red",
    Outcome.BROKEN_OFF: "bold red",
}


def conclude(
    scenario: Scenario,
    run: Run,
    began: datetime,
    broken_off: str | None,
    out: Console,
    notes: Console,
) -> int:
    """Writes the report and prints the result to `out`. If the run ended early, prints the reason
    to `notes`. Returns the exit code of the program.
    """
    # Import this module only here: the import takes a second, and a refused run needs no report.
    from scripts.loadgen.report import write_report

    summary = _summarise(scenario, run, began, broken_off)
    page = write_report(summary, run.record)
    _print_verdict(summary, out, notes)
    _print_figures(summary, out)
    out.print(f"report: {page}", markup=False, soft_wrap=True)
    return summary.verdict.exit_code


def _summarise(scenario: Scenario, run: Run, began: datetime, broken_off: str | None) -> Summary:
    record = run.record
    figures = figures_of(record, scenario.viewers > 0, scenario.creators > 0)
    return Summary(
        scenario=scenario,
        machine=this_machine(),
        version=run.version,
        began=began,
        lasted=record.samples[-1].at if record.samples else 0.0,
        interrupted=run.interrupted,
        figures=figures,
        causes=causes_of(record),
        extra=extra_of(record),
        nodes=nodes_of(scenario, record),
        clip_kbps=run.clip.kbps if run.clip else None,
        verdict=judge(scenario, record, figures, broken_off),
    )


def _print_verdict(summary: Summary, out: Console, notes: Console) -> None:
    outcome = summary.verdict.outcome
    out.print(outcome.value.upper(), style=STYLES[outcome])
    broken_off = outcome is Outcome.BROKEN_OFF
    for reason in summary.verdict.reasons:
        (notes if broken_off else out).print(
            f"load: {reason}" if broken_off else f"  {reason}", markup=False, soft_wrap=True
        )


def _print_figures(summary: Summary, out: Console) -> None:
    for metric, value in summary.figures.items():
        if value is not None:
            out.print(f"  {metric:<20} {value:>12,.1f} {METRICS[metric][0]}".rstrip(), markup=False)
    for node in summary.nodes:
        figures = (("p50", node.p50, "ms"), ("p99", node.p99, "ms"), ("CPU", node.cpu, "%"))
        out.print(
            f"  {node.url}: {node.watching} viewers, "
            + ", ".join(
                f"{name} {value:,.1f} {unit}" for name, value, unit in figures if value is not None
            ),
            markup=False,
            soft_wrap=True,
        )
    for what, causes in summary.causes.items():
        out.print(
            f"  {what}: " + ", ".join(f"{count} × {cause}" for cause, count in causes.items()),
            markup=False,
            soft_wrap=True,
        )
