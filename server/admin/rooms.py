"""The commands `microlive rooms` and `end`."""

import time
from typing import Annotated
from urllib.parse import quote

import typer

from server.admin.client import Data, Url, ask
from server.admin.output import Json, age, print_json, print_table


def rooms(data: Data = None, url: Url = None, as_json: Json = False) -> None:
    """List the rooms that have not ended, with the addresses of their creators."""
    answer = ask(data, url, "GET", "rooms")
    if as_json:
        print_json(answer)
        return
    several = any(found["process"] is not None for found in answer["rooms"])
    rows = [
        (
            (room := found["room"])["room"],
            room["state"],
            room["visibility"],
            str(room["viewers"]),
            age(time.time() - room["created_at"]),
            found["creator"] or "unknown",
            *([str(found["process"])] if several else []),
            room["title"],
        )
        for found in answer["rooms"]
    ]
    process = ("process",) if several else ()
    columns = ("room", "state", "for", "viewers", "age", "creator", *process, "title")
    print_table(columns, rows)


def end(
    room: Annotated[str, typer.Argument(help="Name of the room.")],
    data: Data = None,
    url: Url = None,
) -> None:
    """End a room permanently."""
    ask(data, url, "DELETE", f"rooms/{quote(room, safe='')}")
    print(f"room {room} has ended")
