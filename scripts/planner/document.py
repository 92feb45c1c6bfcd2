"""PLANS.md: the plans of the example worlds, as Markdown. Pure."""

import textwrap
from collections.abc import Sequence

from scripts.planner.errors import BadInput
from scripts.planner.estimate import Estimate
from scripts.planner.tables import Rows, plan_rows, summary_lines

MARK = "<!-- scripts/plan --write replaces everything below this line. -->\n"
WIDTH = 100


def with_plans(document: str, plans: Sequence[tuple[Estimate, Rows]]) -> str:
    """Returns the document with the plans below MARK, in place of what was there. `plans`: each
    estimate with the table of its constants. Raises BadInput.
    """
    kept, found, _ = document.partition(MARK)
    if not found:
        raise BadInput(f"the file has no line {MARK.strip()!r}")
    parts, shown = [f"{kept}{MARK}"], None
    for estimate, constants in plans:
        if constants != shown:
            parts += ["## Constants\n", _table(constants)]
            shown = constants
        parts.append(f"## {estimate.world.title}\n")
        parts.append(textwrap.fill(" ".join(summary_lines(estimate)), WIDTH) + "\n")
        parts.append(_table(plan_rows(estimate)))
    return "\n".join(parts)


def _table(rows: Rows) -> str:
    titles, *below = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([titles, "|---" * len(rows[0]) + "|", *below]) + "\n"
