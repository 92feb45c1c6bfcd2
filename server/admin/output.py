"""The output of the operator's commands."""

import json
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer

WIDE = 200
"""Width of a table that is not printed to a terminal, characters."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def print_json(answer: object) -> None:
    print(json.dumps(answer, indent=2))


def print_table(columns: Iterable[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints a table. The cells are printed as plain text, because a name may contain characters
    that Rich reads as markup.
    """
    # These imports are slow, and --help needs no tables.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*map(Text, row))
    width = None if sys.stdout.isatty() else WIDE
    Console(width=width, highlight=False).print(table)


def name_of(person: dict[str, Any] | None) -> str:
    """Returns the handle or the name of a person."""
    if person is None:
        return "-"
    return f"@{person['handle']}" if person["handle"] else person["name"] or person["id"]


def moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def age(seconds: float) -> str:
    whole = max(0, int(seconds))
    return f"{whole // 3_600}:{whole // 60 % 60:02}:{whole % 60:02}"
