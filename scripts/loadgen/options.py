"""The options of the commands of `scripts/load`."""

from pathlib import Path
from typing import Annotated

import typer

from scripts.loadgen.conditions import METRICS
from scripts.loadgen.scenario import MAX_CHAT, MAX_CREATORS, MAX_SECONDS, MAX_TAPS, MAX_VIEWERS

# Of all commands

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

# Options that only one or two commands have

Viewers = Annotated[
    int, typer.Option("--viewers", "-n", min=1, max=MAX_VIEWERS, help="Number of viewers.")
]
PlaybackPath = Annotated[
    str,
    typer.Option(
        help="How they watch. ws: the WebSocket; standby: the WebSocket on standby; whep: WebRTC; "
        "hls: LL-HLS."
    ),
]
Nodes = Annotated[
    str | None,
    typer.Option(
        metavar="URL,URL",
        help="The nodes at which the viewers watch, in equal shares; a node may be named several "
        "times. [default: URL]",
    ),
]
WatchedRoom = Annotated[
    str | None,
    typer.Option(help="The room to watch. [default: the live room with most viewers]"),
]
Publish = Annotated[
    bool,
    typer.Option("--publish", help="Also publish: to a new room, or to --room with --key."),
]
WatchedKey = Annotated[
    str | None,
    typer.Option(help="The creator's key of --room, for --publish.", envvar="MICROLIVE_KEY"),
]
Creators = Annotated[
    int,
    typer.Option(
        "--creators",
        "-n",
        min=1,
        max=MAX_CREATORS,
        help="Number of creators, each with its own room.",
    ),
]
PublishedRoom = Annotated[
    str | None,
    typer.Option(help="Publish to this room instead of new ones; needs --key."),
]
PublishedKey = Annotated[
    str | None, typer.Option(help="The creator's key of --room.", envvar="MICROLIVE_KEY")
]
Rooms = Annotated[int, typer.Option(min=1, max=MAX_CREATORS, help="Rooms, each with a creator.")]
Swipe = Annotated[
    float, typer.Option(min=0, help="Mean seconds until a viewer changes rooms; 0: never.")
]
Stay = Annotated[
    float, typer.Option(min=0, help="Mean seconds until a creator leaves for a moment; 0: never.")
]
Moves = Annotated[
    bool,
    typer.Option(
        "--moves",
        help="Creators move to another server when theirs asks for it, as the studio does.",
    ),
]
Slow = Annotated[
    float, typer.Option(min=0, max=100, help="Per cent of viewers with a slow connection.")
]
SlowKbps = Annotated[int, typer.Option(min=10, help="Rate of a slow connection.")]
Rude = Annotated[
    float,
    typer.Option(
        min=0, max=100, help="Per cent of viewers who vanish without closing, or never read."
    ),
]
Zipf = Annotated[
    float,
    typer.Option(min=0, max=5, help="Viewers per room: exponent of Zipf's law; 0: all alike."),
]
Chat = Annotated[
    float,
    typer.Option(
        min=0,
        max=MAX_CHAT,
        help="Chat messages a second, in all rooms together. The probes read each of them.",
    ),
]
Taps = Annotated[
    float,
    typer.Option(min=0, max=MAX_TAPS, help="Taps on hearts a second, of all viewers together."),
]
