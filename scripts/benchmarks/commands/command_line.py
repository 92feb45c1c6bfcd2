"""`scripts/bench`: one sub-command per benchmark. Exit codes: 0 all bars met, 1 a bar missed, 2 not
measured.
"""

import signal

import typer

from scripts.benchmarks.commands import beside
from scripts.benchmarks.commands.bitrate import bitrate
from scripts.benchmarks.commands.clients import clients
from scripts.benchmarks.commands.clips import clips
from scripts.benchmarks.commands.crash import crash
from scripts.benchmarks.commands.fanout import fanout
from scripts.benchmarks.commands.feed import feed
from scripts.benchmarks.commands.feedapi import feedapi
from scripts.benchmarks.commands.growth import growth
from scripts.benchmarks.commands.highlights import highlights
from scripts.benchmarks.commands.holds import holds
from scripts.benchmarks.commands.hostile import hostile
from scripts.benchmarks.commands.ingest import ingest
from scripts.benchmarks.commands.installed import installed
from scripts.benchmarks.commands.latency import latency
from scripts.benchmarks.commands.memory import memory
from scripts.benchmarks.commands.mixed import mixed
from scripts.benchmarks.commands.peers import peers
from scripts.benchmarks.commands.raid import raid
from scripts.benchmarks.commands.recording import recording
from scripts.benchmarks.commands.search import search
from scripts.benchmarks.commands.soak import soak
from scripts.benchmarks.commands.swipe import swipe
from scripts.benchmarks.commands.uplink import uplink

cli = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__
)
for command in (
    latency,
    installed,
    holds,
    bitrate,
    clients,
    clips,
    crash,
    fanout,
    feed,
    feedapi,
    growth,
    highlights,
    hostile,
    ingest,
    memory,
    mixed,
    peers,
    raid,
    recording,
    search,
    soak,
    swipe,
    uplink,
):
    cli.command()(command)
cli.add_typer(beside.cli, name="beside")


def main() -> None:
    # Treat SIGTERM as Ctrl-C, so that a benchmark also ends the processes that it started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    cli(prog_name="bench")


@cli.callback()
def _bench() -> None:
    """Measures microlive against its targets. Exit codes: 0 all bars met, 1 a bar missed, 2 not
    measured.
    """
