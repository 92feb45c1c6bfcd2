"""The commands `microlive reports` and `decide`."""

from typing import Annotated
from urllib.parse import quote

import typer

from server.admin.client import Data, Url, ask
from server.admin.output import Json, moment, name_of, print_json, print_table


def reports(
    decided: Annotated[bool, typer.Option("--all", help="Include the decided reports.")] = False,
    data: Data = None,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """List the reports of viewers about messages, people and rooms."""
    answer = ask(data, url, "GET", "reports" if decided else "reports?state=open")
    if as_json:
        print_json(answer)
        return
    rows = [
        (
            (report := found["report"])["id"],
            moment(report["at"]),
            report["room"],
            report["kind"],
            name_of(report["person"]),
            report["reason"],
            (report["message"] or {"text": ""})["text"],
            report["text"],
            report["decision"] or report["state"],
        )
        for found in answer["reports"]
    ]
    columns = ("report", "at", "room", "about", "person", "reason", "message", "text", "state")
    print_table(columns, rows)


def decide(
    report: Annotated[str, typer.Argument(help="An id of `microlive reports`.")],
    decision: Annotated[str, typer.Argument(help="removed, muted, banned, ended or dismissed.")],
    note: Annotated[str, typer.Option(help="Reason, for the reporter and the reported.")] = "",
    data: Data = None,
    url: Url = None,
) -> None:
    """Record the decision about a report. The reporter and the reported person can read the
    decision.
    """
    path = f"reports/{quote(report, safe='')}"
    ask(data, url, "POST", path, {"decision": decision, "note": note})
    print(f"report {report}: {decision}")
