"""The commands `microlive ban`, `unban` and `bans`."""

from typing import Annotated
from urllib.parse import quote

import typer

from server.admin.client import Data, Url, ask
from server.admin.duration import parse_duration
from server.admin.output import Json, moment, name_of, print_json, print_table


def ban(
    person: Annotated[str, typer.Argument(help="An id of `microlive people`, or a @handle.")],
    duration: Annotated[
        str | None,
        typer.Option(
            "--for", metavar="TIME", help="Duration, such as 6h or 7d. [default: for good]"
        ),
    ] = None,
    reason: Annotated[str, typer.Option(help="Reason, for the list of bans and the log.")] = "",
    data: Data = None,
    url: Url = None,
) -> None:
    """Ban a person from writing and going live, and end the person's rooms."""
    seconds = None if duration is None else parse_duration(duration)
    body = {"person": person, "seconds": seconds, "reason": reason}
    answer = ask(data, url, "POST", "bans", body)
    made = answer["ban"]
    until = "for good" if made["until"] is None else f"until {moment(made['until'])}"
    print(f"{name_of(made['person'])} is banned {until}")
    for name in answer["ended"]:
        print(f"room {name} has ended")


def unban(
    person: Annotated[str, typer.Argument(help="An id or a @handle.")],
    data: Data = None,
    url: Url = None,
) -> None:
    """Remove the ban of a person."""
    ask(data, url, "DELETE", f"bans/{quote(person, safe='')}")
    print(f"{person} is no longer banned")


def bans(data: Data = None, url: Url = None, as_json: Json = False) -> None:
    """List the people who are banned on this server."""
    answer = ask(data, url, "GET", "bans")
    if as_json:
        print_json(answer)
        return
    rows = [
        (
            found["person"]["id"],
            name_of(found["person"]),
            "for good" if found["until"] is None else moment(found["until"]),
            found["reason"],
        )
        for found in answer["bans"]
    ]
    print_table(("person", "name", "until", "reason"), rows)
