"""The commands `microlive block`, `unblock` and `blocks`."""

from typing import Annotated
from urllib.parse import quote

import typer

from server.admin.client import Data, Url, ask
from server.admin.duration import parse_duration
from server.admin.output import Json, moment, print_json, print_table


def block(
    network: Annotated[
        str,
        typer.Argument(
            help="Address or network, such as 203.0.113.0/24. An IPv6 address means its /64."
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
    """Block the clients of an address or a network for a limited time, and end their rooms."""
    body = {
        "network": network,
        "seconds": parse_duration(duration),
        "reason": reason,
        "end_rooms": not keep_rooms,
    }
    answer = ask(data, url, "POST", "blocks", body)
    made = answer["block"]
    print(f"{made['network']} is blocked until {moment(made['until'])}")
    for name in answer["ended"]:
        print(f"room {name} has ended")


def unblock(
    network: Annotated[str, typer.Argument(help="A network in the list of `microlive blocks`.")],
    data: Data = None,
    url: Url = None,
) -> None:
    """Remove a block."""
    ask(data, url, "DELETE", f"blocks/{quote(network)}")
    print(f"{network} is no longer blocked")


def blocks(data: Data = None, url: Url = None, as_json: Json = False) -> None:
    """List the blocked networks."""
    answer = ask(data, url, "GET", "blocks")
    if as_json:
        print_json(answer)
        return
    rows = [
        (found["network"], moment(found["until"]), found["reason"]) for found in answer["blocks"]
    ]
    print_table(("network", "until", "reason"), rows)
