"""`scripts/load`: one sub-command for each kind of load.

Exit codes: 0 if the run passed. 1 if a --fail-if condition is true, or the result is INVALID. 2 if
the input is bad, or the server went away (the results so far are kept).
"""

import asyncio
import math
import re
import shlex
import sys
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import typer
import uvloop
from rich.console import Console

from scripts.loadgen.clip import ClipError
from scripts.loadgen.conclusion import conclude
from scripts.loadgen.conditions import Condition, parse_condition
from scripts.loadgen.errors import BadInput
from scripts.loadgen.options import (
    Chat,
    Creators,
    FailIf,
    Fps,
    Insecure,
    Kbps,
    Moves,
    Nodes,
    Owned,
    PlaybackPath,
    Probes,
    Publish,
    PublishedKey,
    PublishedRoom,
    Ramp,
    Report,
    Rooms,
    Rude,
    Seconds,
    Size,
    Slow,
    SlowKbps,
    Stay,
    Swipe,
    Taps,
    Token,
    Url,
    Viewers,
    WatchedKey,
    WatchedRoom,
    Workers,
    Zipf,
)
from scripts.loadgen.playback_paths import PLAYBACK_PATHS
from scripts.loadgen.run import Run
from scripts.loadgen.scenario import MAX_SECONDS, Scenario
from scripts.loadgen.screen import Screen
from scripts.loadgen.target import parse_target

cli = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
out = Console(highlight=False)
notes = Console(stderr=True, highlight=False)

LOOPBACK = "http://127.0.0.1:8080"


def main() -> None:
    cli(prog_name="load")


@cli.callback()
def _load() -> None:
    """Put load on a microlive server and report its performance.

    Exit codes: 0 if the run passed; 1 if a --fail-if condition is true, or if the result is INVALID
    because the load generator was the limit; 2 if the input is bad, or the server went away. Ctrl-C
    ends a run early and still writes the report.
    """


@cli.command()
def viewers(
    url: Url = LOOPBACK,
    viewers: Viewers = 500,
    ramp: Ramp = 5,
    seconds: Seconds = 20,
    path: PlaybackPath = "ws",
    nodes: Nodes = None,
    room: WatchedRoom = None,
    publish: Publish = False,
    key: WatchedKey = None,
    workers: Workers = None,
    probes: Probes = 5,
    kbps: Kbps = 1_000,
    fps: Fps = 30,
    size: Size = "540x960",
    fail_if: FailIf = None,
    report: Report = None,
    token: Token = None,
    insecure: Insecure = False,
    i_own_this_server: Owned = False,
) -> None:
    """Simulate many viewers of one live room, over WebSocket, WebRTC or LL-HLS."""
    if path not in PLAYBACK_PATHS:
        _refuse(f"--path {path!r}: there are {', '.join(PLAYBACK_PATHS)}")
    if publish and (room is None) != (key is None):
        _refuse("--publish takes both --room and --key, or neither")
    _run(
        "viewers",
        url,
        report,
        fail_if,
        size,
        i_own_this_server,
        viewers=viewers,
        creators=int(publish),
        workers=_workers(workers, viewers, PLAYBACK_PATHS[path].per_core),
        ramp=ramp,
        path=path,
        nodes=nodes,
        seconds=seconds,
        probe_share=probes / 100,
        room=room,
        key=key,
        token=token,
        insecure=insecure,
        kbps=kbps,
        fps=fps,
    )


@cli.command()
def creators(
    url: Url = LOOPBACK,
    creators: Creators = 20,
    ramp: Ramp = 5,
    seconds: Seconds = 20,
    room: PublishedRoom = None,
    key: PublishedKey = None,
    moves: Moves = False,
    workers: Workers = None,
    kbps: Kbps = 1_000,
    fps: Fps = 30,
    size: Size = "540x960",
    fail_if: FailIf = None,
    report: Report = None,
    token: Token = None,
    insecure: Insecure = False,
    i_own_this_server: Owned = False,
) -> None:
    """Simulate many creators, each of which publishes a pre-encoded loop over WHIP."""
    if (room is None) != (key is None):
        _refuse("--room and --key go together")
    if room and creators != 1:
        _refuse("one room has one creator: use --creators 1")
    _run(
        "creators",
        url,
        report,
        fail_if,
        size,
        i_own_this_server,
        viewers=0,
        creators=creators,
        workers=_workers(workers, creators, 100),
        ramp=ramp,
        seconds=seconds,
        probe_share=0.0,
        room=room,
        key=key,
        moves=moves,
        token=token,
        insecure=insecure,
        kbps=kbps,
        fps=fps,
    )


@cli.command()
def mixed(
    url: Url = LOOPBACK,
    rooms: Rooms = 10,
    viewers: Viewers = 100,
    ramp: Ramp = 5,
    seconds: Seconds = 60,
    swipe: Swipe = 8,
    stay: Stay = 60,
    slow: Slow = 5,
    slow_kbps: SlowKbps = 200,
    rude: Rude = 5,
    zipf: Zipf = 1,
    nodes: Nodes = None,
    chat: Chat = 0,
    taps: Taps = 0,
    workers: Workers = None,
    probes: Probes = 5,
    kbps: Kbps = 1_000,
    fps: Fps = 30,
    size: Size = "540x960",
    fail_if: FailIf = None,
    report: Report = None,
    token: Token = None,
    insecure: Insecure = False,
    i_own_this_server: Owned = False,
) -> None:
    """Simulate many rooms. Viewers change rooms, and creators come and go. Slow viewers read too
    slowly. Rude viewers vanish or never read. With --chat and --taps, people write and viewers tap.
    """
    if slow + rude > 100:
        _refuse("--slow and --rude are more than 100 per cent together")
    _run(
        "mixed",
        url,
        report,
        fail_if,
        size,
        i_own_this_server,
        viewers=viewers,
        creators=rooms,
        workers=_workers(workers, viewers, PLAYBACK_PATHS["ws"].per_core),
        ramp=ramp,
        seconds=seconds,
        probe_share=probes / 100,
        nodes=nodes,
        token=token,
        insecure=insecure,
        kbps=kbps,
        fps=fps,
        slow_share=slow / 100,
        slow_bps=slow_kbps * 1_000,
        rude_share=rude / 100,
        swipe=swipe,
        stay=stay,
        zipf=zipf,
        chat=chat,
        taps=taps,
    )


def _run(
    name: str,
    url: str,
    report: Path | None,
    fail_if: list[str] | None,
    size: str,
    owned: bool,
    *,
    nodes: str | None = None,
    **rest: Any,
) -> NoReturn:
    began = datetime.now().astimezone()
    try:
        scenario = Scenario(
            name=name,
            command=_command(),
            target=parse_target(url, owned=owned),
            nodes=tuple(
                parse_target(each, owned=owned) for each in (nodes or "").split(",") if each
            ),
            size=_size(size),
            conditions=_conditions(fail_if),
            folder=report or Path(f"load-{began:%Y%m%d-%H%M%S}"),
            **rest,
        )
        if scenario.ramp + scenario.seconds > MAX_SECONDS:
            raise BadInput(f"--ramp and --seconds are more than {MAX_SECONDS} s together")
        broken_off, run = _go(scenario)
    except (BadInput, ClipError) as error:
        _refuse(str(error))
    except OSError as error:
        _refuse(f"{error.strerror or error}" + (f": {error.filename}" if error.filename else ""))
    raise typer.Exit(conclude(scenario, run, began, broken_off, out, notes))


def _go(scenario: Scenario) -> tuple[str | None, Run]:
    """Runs the scenario. Returns a pair (reason, run). `reason` says why the run ended early; it is
    None if the run did not end early. Raises BadInput if the run ended before its first sample.
    """
    with (
        Screen(scenario, notes) as screen,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):

        async def go() -> tuple[str | None, Run]:
            run = Run(scenario, screen.show, screen.say)
            try:
                await run.go()
            except BadInput as error:
                if not run.record.samples:
                    raise
                return str(error), run
            return None, run

        return runner.run(go())


def _conditions(texts: list[str] | None) -> tuple[Condition, ...]:
    return tuple(parse_condition(text) for text in texts or ())


def _workers(wanted: int | None, people: int, of_one: int) -> int:
    """Returns the number of worker processes. `of_one`: number of viewers or creators that one core
    can carry with some reserve, at 1 Mbps and 30 frames a second.
    """
    return min(wanted or math.ceil(people / of_one), people)


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{2,4})x(\d{2,4})", text)
    if not found or int(found[1]) % 2 or int(found[2]) % 2:
        raise BadInput(f"--size {text!r}: write the size as 540x960, with two even numbers")
    return int(found[1]), int(found[2])


def _command() -> str:
    """Returns the command line as the user typed it, without secrets."""
    words, hide = [], False
    for word in sys.argv[1:]:
        name, equals, _ = word.partition("=")
        words.append(
            "…" if hide else f"{name}=…" if equals and name in ("--key", "--token") else word
        )
        hide = word in ("--key", "--token")
    return shlex.join(["scripts/load", *words])


def _refuse(why: str) -> NoReturn:
    notes.print(f"load: {why}", markup=False, soft_wrap=True)
    raise typer.Exit(2)
