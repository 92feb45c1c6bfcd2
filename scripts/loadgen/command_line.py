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
from typing import Annotated, Any, NoReturn

import typer
import uvloop
from rich.console import Console

from scripts.loadgen.clip import ClipError
from scripts.loadgen.conditions import METRICS, Condition, parse_condition
from scripts.loadgen.errors import BadInput
from scripts.loadgen.machine import this_machine
from scripts.loadgen.playback_paths import PLAYBACK_PATHS
from scripts.loadgen.run import Run
from scripts.loadgen.scenario import (
    MAX_CHAT,
    MAX_CREATORS,
    MAX_SECONDS,
    MAX_TAPS,
    MAX_VIEWERS,
    Scenario,
)
from scripts.loadgen.screen import Screen
from scripts.loadgen.summary import Outcome, Summary, causes_of, extra_of, figures_of, judge
from scripts.loadgen.target import parse_target

cli = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
out = Console(highlight=False)
notes = Console(stderr=True, highlight=False)

Url = Annotated[str, typer.Argument(metavar="URL", help="URL of the server.")]
Ramp = Annotated[float, typer.Option(min=0, max=MAX_SECONDS, help="Seconds over which all arrive.")]
Seconds = Annotated[
    float, typer.Option(min=1, max=MAX_SECONDS, help="Seconds measured after all arrived.")
]
Workers = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=64,
        help=(
            "Number of processes for viewers or creators; probes have one more. "
            "[default: as many as are needed]"
        ),
    ),
]
Probes = Annotated[
    float, typer.Option(min=0, max=100, help="Per cent of viewers who time every message.")
]
Token = Annotated[
    str | None,
    typer.Option(
        help="Token, if the server requires one to create rooms.",
        envvar="MICROLIVE_CREATE_TOKEN",
    ),
]
Kbps = Annotated[
    int, typer.Option(min=100, max=20_000, help="Of each creator, video and audio together.")
]
Fps = Annotated[int, typer.Option(min=1, max=60, help="Frames a second.")]
Size = Annotated[str, typer.Option(help="Frame size, WIDTHxHEIGHT.")]
FailIf = Annotated[
    list[str] | None,
    typer.Option(
        help='Fail on this, such as "p99>50ms"; may be repeated. Names: ' + ", ".join(METRICS) + "."
    ),
]
Report = Annotated[
    Path | None,
    typer.Option(
        help="Folder for report.html, summary.json and samples.jsonl. [default: load-DATE-TIME]"
    ),
]
Insecure = Annotated[
    bool, typer.Option("--insecure", help="Accept any TLS certificate, such as a self-signed one.")
]
Owned = Annotated[
    bool, typer.Option("--i-own-this-server", help="Required for a server on another machine.")
]

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
    viewers: Annotated[
        int, typer.Option("--viewers", "-n", min=1, max=MAX_VIEWERS, help="Number of viewers.")
    ] = 500,
    ramp: Ramp = 5,
    seconds: Seconds = 20,
    path: Annotated[
        str, typer.Option(help="How they watch. ws: the WebSocket; whep: WebRTC; hls: LL-HLS.")
    ] = "ws",
    room: Annotated[
        str | None,
        typer.Option(help="The room to watch. [default: the live room with most viewers]"),
    ] = None,
    publish: Annotated[
        bool,
        typer.Option("--publish", help="Also publish: to a new room, or to --room with --key."),
    ] = False,
    key: Annotated[
        str | None,
        typer.Option(help="The creator's key of --room, for --publish.", envvar="MICROLIVE_KEY"),
    ] = None,
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
    creators: Annotated[
        int,
        typer.Option(
            "--creators",
            "-n",
            min=1,
            max=MAX_CREATORS,
            help="Number of creators, each with its own room.",
        ),
    ] = 20,
    ramp: Ramp = 5,
    seconds: Seconds = 20,
    room: Annotated[
        str | None,
        typer.Option(help="Publish to this room instead of new ones; needs --key."),
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="The creator's key of --room.", envvar="MICROLIVE_KEY")
    ] = None,
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
        token=token,
        insecure=insecure,
        kbps=kbps,
        fps=fps,
    )


@cli.command()
def mixed(
    url: Url = LOOPBACK,
    rooms: Annotated[
        int, typer.Option(min=1, max=MAX_CREATORS, help="Rooms, each with a creator.")
    ] = 10,
    viewers: Annotated[
        int, typer.Option("--viewers", "-n", min=1, max=MAX_VIEWERS, help="Number of viewers.")
    ] = 100,
    ramp: Ramp = 5,
    seconds: Seconds = 60,
    swipe: Annotated[
        float,
        typer.Option(min=0, help="Mean seconds until a viewer changes rooms; 0: never."),
    ] = 8,
    stay: Annotated[
        float,
        typer.Option(min=0, help="Mean seconds until a creator leaves for a moment; 0: never."),
    ] = 60,
    slow: Annotated[
        float, typer.Option(min=0, max=100, help="Per cent of viewers with a slow connection.")
    ] = 5,
    slow_kbps: Annotated[int, typer.Option(min=10, help="Rate of a slow connection.")] = 200,
    rude: Annotated[
        float,
        typer.Option(
            min=0,
            max=100,
            help="Per cent of viewers who vanish without closing, or never read.",
        ),
    ] = 5,
    zipf: Annotated[
        float,
        typer.Option(
            min=0,
            max=5,
            help="Viewers per room: exponent of Zipf's law; 0: all alike.",
        ),
    ] = 1,
    chat: Annotated[
        float,
        typer.Option(
            min=0,
            max=MAX_CHAT,
            help="Chat messages a second, in all rooms together. The probes read each of them.",
        ),
    ] = 0,
    taps: Annotated[
        float,
        typer.Option(min=0, max=MAX_TAPS, help="Taps on hearts a second, of all viewers together."),
    ] = 0,
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
        room=None,
        key=None,
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
    **rest: Any,
) -> NoReturn:
    began = datetime.now().astimezone()
    try:
        scenario = Scenario(
            name=name,
            command=_command(),
            target=parse_target(url, owned=owned),
            size=_size(size),
            conditions=_conditions(fail_if),
            folder=report or Path(f"load-{began:%Y%m%d-%H%M%S}"),
            **{
                "path": "ws",
                "slow_share": 0.0,
                "slow_bps": 200_000,
                "rude_share": 0.0,
                "swipe": 0.0,
                "stay": 0.0,
                "zipf": 0.0,
                "chat": 0.0,
                "taps": 0.0,
                **rest,
            },
        )
        if scenario.ramp + scenario.seconds > MAX_SECONDS:
            raise BadInput(f"--ramp and --seconds are more than {MAX_SECONDS} s together")
        broken_off, run = _go(scenario)
    except (BadInput, ClipError) as error:
        _refuse(str(error))
    except OSError as error:
        _refuse(f"{error.strerror or error}" + (f": {error.filename}" if error.filename else ""))
    raise typer.Exit(_conclude(scenario, run, began, broken_off))


def _go(scenario: Scenario) -> tuple[str | None, Run]:
    """Runs the scenario. Returns a pair (reason, run). The reason tells why the run was broken off,
    or is None. Raises BadInput if the run was broken off before its first sample.
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


def _conclude(scenario: Scenario, run: Run, began: datetime, broken_off: str | None) -> int:
    """Writes the report, prints the result, and returns the exit code of the program."""
    record = run.record
    figures = figures_of(record, scenario.viewers > 0, scenario.creators > 0)
    summary = Summary(
        scenario=scenario,
        machine=this_machine(),
        version=run.version,
        began=began,
        lasted=record.samples[-1].at if record.samples else 0.0,
        interrupted=run.interrupted,
        figures=figures,
        causes=causes_of(record),
        extra=extra_of(record),
        clip_kbps=run.clip.kbps if run.clip else None,
        verdict=judge(scenario, record, figures, broken_off),
    )
    from scripts.loadgen.report import (
        write_report,
    )  # imported here: the import takes a second, which a refused run need not wait for

    page = write_report(summary, record)
    styles = {
        Outcome.FINE: "bold green",
        Outcome.FAILED: "bold red",
        Outcome.INVALID: "bold white on red",
        Outcome.BROKEN_OFF: "bold red",
    }
    outcome = summary.verdict.outcome
    out.print(outcome.value.upper(), style=styles[outcome])
    for reason in summary.verdict.reasons:
        (notes if outcome is Outcome.BROKEN_OFF else out).print(
            f"load: {reason}" if outcome is Outcome.BROKEN_OFF else f"  {reason}",
            markup=False,
            soft_wrap=True,
        )
    for metric, value in figures.items():
        if value is not None:
            out.print(f"  {metric:<20} {value:>12,.1f} {METRICS[metric][0]}".rstrip(), markup=False)
    for what, causes in summary.causes.items():
        out.print(
            f"  {what}: " + ", ".join(f"{count} × {cause}" for cause, count in causes.items()),
            markup=False,
            soft_wrap=True,
        )
    out.print(f"report: {page}", markup=False, soft_wrap=True)
    return summary.verdict.exit_code


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
