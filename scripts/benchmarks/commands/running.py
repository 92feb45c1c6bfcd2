"""Code that the commands of scripts/bench share: options, a server, and a time limit."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import aiohttp
import playwright.async_api
import typer

from scripts.benchmarks import latency, namespaces
from scripts.benchmarks.baseline import NoCompiler
from scripts.benchmarks.chromium import ChromiumMissing, TooLate
from scripts.benchmarks.clients.site import ClientsMissing
from scripts.benchmarks.commands.output import give_up
from scripts.benchmarks.inspected import PageFailed
from scripts.benchmarks.load_run import LoadFailed
from scripts.benchmarks.local_server import LocalServer, ServerFailed
from scripts.benchmarks.nats_server import NatsMissing
from scripts.benchmarks.paths import PATHS
from scripts.benchmarks.peers.process import PeerFailed
from scripts.benchmarks.postgres import PostgresMissing
from scripts.benchmarks.pulse import PulseMissing
from scripts.benchmarks.webkit import WebKitMissing
from scripts.benchmarks.xvfb import XvfbMissing
from scripts.loadgen.errors import BadInput

Report = TypeVar("Report")

Url = Annotated[
    str | None,
    typer.Option(metavar="URL", help="A running server. [default: a new one on loopback]"),
]
Json = Annotated[
    bool, typer.Option("--json", help="One JSON object on standard output instead of a table.")
]


@asynccontextmanager
async def server(url: str | None) -> AsyncIterator[str]:
    if url is not None:
        yield url.rstrip("/")
        return
    with tempfile.TemporaryDirectory(prefix="microlive-bench-") as data:
        async with LocalServer(Path(data)) as local:
            yield local.url


def measured(benchmark: Coroutine[Any, Any, Report], within: float) -> Report:
    async def bounded() -> Report:
        async with asyncio.timeout(within):
            return await benchmark

    try:
        return asyncio.run(bounded())
    except (
        BadInput,
        ChromiumMissing,
        ClientsMissing,
        LoadFailed,
        namespaces.NamespacesMissing,
        NatsMissing,
        NoCompiler,
        PageFailed,
        PeerFailed,
        PostgresMissing,
        PulseMissing,
        ServerFailed,
        TooLate,
        WebKitMissing,
        XvfbMissing,
        aiohttp.ClientError,
        latency.BrokenPath,
    ) as error:
        give_up(str(error) or type(error).__name__)
    except playwright.async_api.Error as error:
        give_up(error.message)
    except TimeoutError:
        give_up(f"not finished after {within:.0f} s")
    except KeyboardInterrupt:
        give_up("interrupted")


def players(paths: str) -> list[str]:
    chosen = paths.split(",")
    if unknown := [path for path in chosen if path not in PATHS]:
        give_up(f"--paths: there is no player {unknown[0]!r}; there are {', '.join(PATHS)}")
    return chosen


def two_cores() -> tuple[int, int]:
    """Returns the CPU core of the server and the CPU core of the load generator."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        give_up("server and generator need a core each; this machine has one")
    return cores[0], cores[1]
