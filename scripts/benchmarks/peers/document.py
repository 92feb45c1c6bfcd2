"""The text of the last run in server/COMPARED.md. Pure."""

import textwrap
from collections.abc import Iterator

from scripts.benchmarks.peers.comparison import Comparison, show
from scripts.benchmarks.peers.kinds import KINDS
from scripts.benchmarks.peers.rounds import GENERATOR_MOST

HEADING = "## The last run\n"
WIDTH = 100


class NoHeading(Exception):
    """Raised if a document has no place for the last run."""


def with_last_run(document: str, comparison: Comparison) -> str:
    """Returns the document with the comparison below HEADING, in place of what was there. Raises
    NoHeading.
    """
    kept, found, _ = document.partition(HEADING)
    if not found:
        raise NoHeading(f"the file has no line {HEADING.strip()!r}")
    parts = (_introduction, _table, _behind, _versions, _validity)
    sections = ("\n".join(part(comparison)) for part in parts)
    return f"{kept}{HEADING}\n" + "\n\n".join(sections) + "\n"


def _introduction(comparison: Comparison) -> Iterator[str]:
    plan = comparison.plan
    rounds = (
        "one run" if plan.rounds == 1 else f"the median of {plan.rounds} rounds, with the range"
    )
    yield _wrapped(
        f"{comparison.date}, on {comparison.machine}: {plan.creators} creators; {plan.viewers} "
        f"viewers; {plan.seconds:g} s for each run. Each cell is {rounds}; the best is bold."
    )
    if plan.short:
        yield ""
        yield "**This was a short run.** Its values are less certain than those of a full run."
    if plan.disturbed:
        yield ""
        yield "**Other programs used both cores at the same time**, which changes delays and costs."


def _table(comparison: Comparison) -> Iterator[str]:
    titles = [subject.title for subject in comparison.subjects]
    yield f"| | {' | '.join(titles)} |"
    yield "|---" * (len(titles) + 1) + "|"
    for name in comparison.kinds:
        kind = KINDS[name]
        best = comparison.best(name)
        cells = " | ".join(
            f"**{cell}**" if title in best else cell
            for title in titles
            for cell in [comparison.cell(title, name)]
        )
        yield f"| {kind.title}{f', {kind.unit}' if kind.unit else ''} | {cells} |"


def _behind(comparison: Comparison) -> Iterator[str]:
    yield "### Where microlive is behind"
    yield ""
    for each in comparison.behind:
        kind = KINDS[each.kind]
        unit = f" {kind.unit}" if kind.unit else ""
        ours, theirs = (f"{show(values, each.kind)}{unit}" for values in (each.ours, each.theirs))
        yield f"- {kind.title}: {ours}; {each.peer} {theirs}"
    if not comparison.behind:
        yield "Nowhere in this run."


def _versions(comparison: Comparison) -> Iterator[str]:
    yield "### Versions"
    yield ""
    for subject in comparison.subjects:
        yield f"- {subject.title}: {subject.version or 'unknown'}"


def _validity(comparison: Comparison) -> Iterator[str]:
    measured = comparison.measured
    yield "### Validity"
    yield ""
    yield _wrapped(
        f"The load generator used at most {100 * measured.generator:.0f} % of its core; a run "
        f"above {100 * GENERATOR_MOST:.0f} % does not count. Other programs used at most "
        f"{100 * measured.others:.0f} % of the server's core."
    )
    if measured.invalid:
        yield ""
        yield "Runs that do not count:"
        yield ""
        yield from (f"- {reason}" for reason in measured.invalid)


def _wrapped(text: str) -> str:
    return textwrap.fill(text, WIDTH)
