"""The commands `microlive people` and `rotate-cookie-key`."""

from typing import Annotated
from urllib.parse import quote

import typer

from server.admin.client import Data, Url, ask
from server.admin.output import Json, moment, print_json, print_table


def people(
    find: Annotated[str, typer.Argument(help="An id or a handle. [default: all]")] = "",
    data: Data = None,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """List the people who used this server last, or find one person."""
    answer = ask(data, url, "GET", f"people?find={quote(find, safe='')}")
    if as_json:
        print_json(answer)
        return
    rows = [
        (
            found["person"]["id"],
            f"@{found['person']['handle']}" if found["person"]["handle"] else "guest",
            found["person"]["name"],
            moment(found["created_at"]),
            moment(found["seen_at"]),
        )
        for found in answer["people"]
    ]
    print_table(("person", "handle", "name", "since", "last seen"), rows)


def rotate_cookie_key(
    retire: Annotated[
        bool,
        typer.Option(
            "--retire", help="Make older cookies invalid after a leak. This signs every person out."
        ),
    ] = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """Make a new key for signing people's cookies."""
    answer = ask(data, url, "POST", "cookie-keys", {"retire": retire})
    print(f"key {answer['key']} signs cookies from {moment(answer['signs_at'])}")
    if retire:
        print("older cookies are no longer valid from then on")
