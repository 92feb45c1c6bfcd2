"""All commands for the operator of a running server."""

import typer

from server.admin.bans import ban, bans, unban
from server.admin.blocks import block, blocks, unblock
from server.admin.export import export
from server.admin.people import people, rotate_cookie_key
from server.admin.reports import decide, reports
from server.admin.rooms import end, rooms


def add_commands(cli: typer.Typer) -> None:
    for command in (
        *(rooms, end, export, block, unblock, blocks, people, ban, unban, bans, reports, decide),
        rotate_cookie_key,
    ):
        cli.command()(command)
