"""The operator's commands: `microlive rooms`, `end`, `block`, `unblock`, `blocks`, `people`, `ban`,
`unban`, `bans`, `reports`, `decide` and `rotate-cookie-key`.

By default, a command uses the Unix socket in the server's data directory. With `--url`, it uses the
server at that URL and the admin token.

Exit codes: 0 if the server has carried out the request, 1 if the server has refused the request,
2 if the command cannot reach the server or has an invalid argument.
"""

import asyncio
import json
import os
import re
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from server.setting_types import expanded
from server.settings import ADMIN_SOCKET_NAME, ENVIRONMENT_PREFIX, default_data

WITHIN = 30.0
"""Maximum seconds for a request."""
WIDE = 200
"""Width of a table that is not printed to a terminal, characters."""
UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
"""Seconds in each unit of a duration."""

Data = Annotated[
    Path | None,
    typer.Option(
        envvar=f"{ENVIRONMENT_PREFIX}DATA",
        metavar="DIR",
        help="Data directory of the server. [default: that of microlive serve]",
    ),
]
Url = Annotated[
    str | None,
    typer.Option(
        help=(
            "URL of a server, such as https://live.example.org. The admin token is read from "
            f"{ENVIRONMENT_PREFIX}ADMIN_TOKEN. [default: the socket in the data directory]"
        )
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def add_commands(cli: typer.Typer) -> None:
    for command in (
        *(rooms, end, block, unblock, blocks, people, ban, unban, bans, reports, decide),
        rotate_cookie_key,
    ):
        cli.command()(command)


def rooms(data: Data = None, url: Url = None, as_json: Json = False) -> None:
    """List the rooms that have not ended, with the addresses of their creators."""
    answer = _ask(data, url, "GET", "rooms")
    if as_json:
        print(json.dumps(answer, indent=2))
        return
    rows = [
        (
            (room := found["room"])["room"],
            room["state"],
            room["visibility"],
            str(room["viewers"]),
            _duration(time.time() - room["created_at"]),
            found["creator"] or "unknown",
            room["title"],
        )
        for found in answer["rooms"]
    ]
    _print_table(("room", "state", "for", "viewers", "age", "creator", "title"), rows)


def end(
    room: Annotated[str, typer.Argument(help="Name of the room.")],
    data: Data = None,
    url: Url = None,
) -> None:
    """End a room permanently."""
    _ask(data, url, "DELETE", f"rooms/{quote(room, safe='')}")
    print(f"room {room} has ended")


def block(
    network: Annotated[
        str,
        typer.Argument(
            help="Address or network, such as 203.0.113.0/24. For an IPv6 address, its /64."
        ),
    ],
    duration: Annotated[
        str, typer.Option("--for", metavar="TIME", help="Duration, such as 90s, 10m, 6h or 7d.")
    ] = "1d",
    reason: Annotated[str, typer.Option(help="Reason, for the list of blocks and the log.")] = "",
    keep_rooms: Annotated[
        bool, typer.Option("--keep-rooms", help="Do not end the rooms of this network.")
    ] = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """Block an address or a network for a time, and end its rooms."""
    body = {
        "network": network,
        "seconds": parse_duration(duration),
        "reason": reason,
        "end_rooms": not keep_rooms,
    }
    answer = _ask(data, url, "POST", "blocks", body)
    made = answer["block"]
    print(f"{made['network']} is blocked until {_moment(made['until'])}")
    for name in answer["ended"]:
        print(f"room {name} has ended")


def unblock(
    network: Annotated[str, typer.Argument(help="A network in the list of `microlive blocks`.")],
    data: Data = None,
    url: Url = None,
) -> None:
    """Remove a block."""
    _ask(data, url, "DELETE", f"blocks/{quote(network)}")
    print(f"{network} is no longer blocked")


def blocks(data: Data = None, url: Url = None, as_json: Json = False) -> None:
    """List the blocked networks."""
    answer = _ask(data, url, "GET", "blocks")
    if as_json:
        print(json.dumps(answer, indent=2))
        return
    rows = [
        (found["network"], _moment(found["until"]), found["reason"]) for found in answer["blocks"]
    ]
    _print_table(("network", "until", "reason"), rows)


def people(
    find: Annotated[str, typer.Argument(help="An id or a handle. [default: all]")] = "",
    data: Data = None,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """List the people who were here last, or find one of them."""
    answer = _ask(data, url, "GET", f"people?find={quote(find, safe='')}")
    if as_json:
        print(json.dumps(answer, indent=2))
        return
    rows = [
        (
            found["person"]["id"],
            f"@{found['person']['handle']}" if found["person"]["handle"] else "guest",
            found["person"]["name"],
            _moment(found["created_at"]),
            _moment(found["seen_at"]),
        )
        for found in answer["people"]
    ]
    _print_table(("person", "handle", "name", "since", "last seen"), rows)


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
    answer = _ask(data, url, "POST", "bans", body)
    made = answer["ban"]
    until = "for good" if made["until"] is None else f"until {_moment(made['until'])}"
    print(f"{_name(made['person'])} is banned {until}")
    for name in answer["ended"]:
        print(f"room {name} has ended")


def unban(
    person: Annotated[str, typer.Argument(help="An id or a @handle.")],
    data: Data = None,
    url: Url = None,
) -> None:
    """Remove the ban of a person."""
    _ask(data, url, "DELETE", f"bans/{quote(person, safe='')}")
    print(f"{person} is no longer banned")


def bans(data: Data = None, url: Url = None, as_json: Json = False) -> None:
    """List the people who are banned on this server."""
    answer = _ask(data, url, "GET", "bans")
    if as_json:
        print(json.dumps(answer, indent=2))
        return
    rows = [
        (
            found["person"]["id"],
            _name(found["person"]),
            "for good" if found["until"] is None else _moment(found["until"]),
            found["reason"],
        )
        for found in answer["bans"]
    ]
    _print_table(("person", "name", "until", "reason"), rows)


def reports(
    decided: Annotated[bool, typer.Option("--all", help="Include the decided reports.")] = False,
    data: Data = None,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """List the reports of viewers about messages, people and rooms."""
    answer = _ask(data, url, "GET", "reports" if decided else "reports?state=open")
    if as_json:
        print(json.dumps(answer, indent=2))
        return
    rows = [
        (
            (report := found["report"])["id"],
            _moment(report["at"]),
            report["room"],
            report["kind"],
            _name(report["person"]),
            report["reason"],
            (report["message"] or {"text": ""})["text"],
            report["text"],
            report["decision"] or report["state"],
        )
        for found in answer["reports"]
    ]
    columns = ("report", "at", "room", "about", "person", "reason", "message", "text", "state")
    _print_table(columns, rows)


def decide(
    report: Annotated[str, typer.Argument(help="An id of `microlive reports`.")],
    decision: Annotated[str, typer.Argument(help="removed, muted, banned, ended or dismissed.")],
    note: Annotated[str, typer.Option(help="Reason, for the reporter and the reported.")] = "",
    data: Data = None,
    url: Url = None,
) -> None:
    """Record the decision about a report, which the reporter and the reported can read."""
    path = f"reports/{quote(report, safe='')}"
    _ask(data, url, "POST", path, {"decision": decision, "note": note})
    print(f"report {report}: {decision}")


def rotate_cookie_key(
    retire: Annotated[
        bool,
        typer.Option(
            "--retire", help="Make older cookies invalid, after a leak: signs every person out."
        ),
    ] = False,
    data: Data = None,
    url: Url = None,
) -> None:
    """Make a new key for the cookies of people."""
    answer = _ask(data, url, "POST", "cookie-keys", {"retire": retire})
    print(f"key {answer['key']} signs cookies from {_moment(answer['signs_at'])}")
    if retire:
        print("older cookies are no longer valid from then on")


def _print_table(columns: Iterable[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints a table. Names may contain anything: they are printed as text, not as markup."""
    # Import late: --help needs no tables.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*map(Text, row))
    width = None if sys.stdout.isatty() else WIDE
    Console(width=width, highlight=False).print(table)


def parse_duration(text: str) -> float:
    """Returns the seconds of a duration such as `90s`, `10m`, `6h` or `7d`. Raises
    typer.BadParameter.
    """
    found = re.fullmatch(r"(\d{1,9})([smhd])", text)
    if found is None or int(found[1]) == 0:
        raise typer.BadParameter(f"{text!r} is not a duration such as 90s, 10m, 6h or 7d")
    return float(int(found[1]) * UNITS[found[2]])


def _ask(data: Path | None, url: str | None, method: str, path: str, body: object = None) -> Any:
    """Sends a request to the admin API. Returns the JSON of the answer, or None if the answer has
    no content. Exits with 1 or 2 if the request fails.
    """
    # Import late: --help needs no HTTP client.
    from aiohttp import ClientError, ClientSession, ClientTimeout, UnixConnector

    socket_path = expanded(data or default_data(os.environ)) / ADMIN_SOCKET_NAME

    async def send() -> tuple[int, Any]:
        token = os.environ.get(f"{ENVIRONMENT_PREFIX}ADMIN_TOKEN", "")
        headers = {"Authorization": f"Bearer {token}"} if url else {}
        connector = None if url else UnixConnector(os.fspath(socket_path))
        async with (
            ClientSession(connector=connector, timeout=ClientTimeout(WITHIN)) as http,
            http.request(
                method,
                f"{(url or 'http://localhost').rstrip('/')}/api/admin/{path}",
                json=body,
                headers=headers,
            ) as response,
        ):
            text = await response.text()
            return response.status, json.loads(text) if text else None

    try:
        status, answer = asyncio.run(send())
    except (ClientError, OSError, ValueError) as error:
        typer.echo(
            f"cannot reach a server at {url or socket_path}: {error or type(error).__name__}. Is "
            "it running? Name its data directory with --data, or its address with --url.",
            err=True,
        )
        raise typer.Exit(2) from error
    if status >= 400:
        message = answer.get("error") if isinstance(answer, dict) else None
        typer.echo(message or f"the server answered with status {status}", err=True)
        raise typer.Exit(1)
    return answer


def _name(person: dict[str, Any] | None) -> str:
    """Returns the handle or the name of a person."""
    if person is None:
        return "-"
    return f"@{person['handle']}" if person["handle"] else person["name"] or person["id"]


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def _duration(seconds: float) -> str:
    whole = max(0, int(seconds))
    return f"{whole // 3_600}:{whole // 60 % 60:02}:{whole % 60:02}"
