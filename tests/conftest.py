"""Checks that no task, socket or process outlives a test; loads the plugins of the whole run."""

import asyncio
import inspect
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import pytest_asyncio

from scripts.benchmarks.postgres import Postgres
from scripts.benchmarks.postgres import postgres as created_postgres
from server.storage import database
from tests.fixtures.nats import NatsServer, nats_server
from tests.fixtures.s3 import S3Server, moto
from tests.plugins.minutes import Minutes

# How long one example takes depends on the load of the machine. pytest-timeout bounds the test.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

SETTLE = 15.0
"""Seconds within which closed transports and ended processes must be gone."""
PATIENCE = 20.0
"""Seconds that a database may take to connect, to begin or to answer."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--coverage",
        choices=("unit", "integration"),
        help="print the branch coverage of relay and server by unit tests, or also by integration",
    )
    parser.addoption(
        "--cluster", action="store_true", help="run browser tests on a cluster of two nodes"
    )


def pytest_configure(config: pytest.Config) -> None:
    # A shell ignores SIGINT for what it runs in the background, and programs inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    worker: dict[str, str] | None = getattr(config, "workerinput", None)
    runs_tests = worker is not None or not config.getoption("numprocesses", None)
    if runs_tests:
        import tests.plugins.statements  # noqa: F401 (every database from now on uses it)
    if worker is None:
        config.pluginmanager.register(Minutes())
    else:
        from tests.plugins.lanes import LowPriority, runs_browsers

        if not runs_browsers(worker["workerid"]):
            config.pluginmanager.register(LowPriority())
    if measured := config.getoption("--coverage"):
        from tests.plugins.coverage_report import CoverageReport, MeasuringProcess

        if worker is None:
            config.pluginmanager.register(CoverageReport(measured))
        if runs_tests:
            config.pluginmanager.register(MeasuringProcess(measured))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from tests.plugins.lanes import Lanes  # here, since only a run with workers needs xdist

    return Lanes(config, log)


ROOT = Path(__file__).resolve().parents[1]


def pytest_sessionstart() -> None:
    """Bundles the page, if its sources have changed."""
    bundler = [ROOT / "web/bundler/bundle.py", ROOT / ".venv/bundler"]
    subprocess.run([sys.executable, *bundler], check=True, timeout=120)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL for the tests of one worker. Each test makes a database of its own in it."""
    with created_postgres() as server, server.running():
        yield server


@pytest.fixture(scope="session")
def nats() -> Iterator[NatsServer]:
    """A nats-server for the tests of one worker. Each test uses accounts of its own in it."""
    with nats_server() as server, server.running():
        yield server


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """An S3 server for the tests of one worker. Each test makes a bucket of its own."""
    with moto() as server:
        yield server


@pytest.fixture(autouse=True)
def _patient_databases(request: pytest.FixtureRequest) -> Iterator[None]:
    """Lets databases answer late, as they do on a busy machine, except in tests of their deadlines
    (mark `deadlines`).
    """
    if request.node.get_closest_marker("deadlines"):
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "TURN_WITHIN", PATIENCE)
        patch.setattr(database, "CUT_AFTER", PATIENCE)
        for deadlines in (database.CONNECT_WITHIN, database.ANSWER_WITHIN):
            for dialect in deadlines:
                patch.setitem(deadlines, dialect, PATIENCE)
        yield


@pytest.fixture(autouse=True)
def _leaves_nothing(request: pytest.FixtureRequest) -> None:
    """Applies `nothing_left` to every asynchronous test except browser tests.

    Their browser outlives a test.
    """
    asynchronous = inspect.iscoroutinefunction(getattr(request.node, "obj", None))
    if asynchronous and not request.node.get_closest_marker("browser"):
        request.getfixturevalue("nothing_left")


@pytest_asyncio.fixture
async def nothing_left() -> AsyncIterator[None]:
    """Fails a test whose tasks, sockets or child processes outlive it.

    Set up before the other fixtures of the test, so that it checks after they are torn down.
    """
    sockets, processes = open_sockets(), child_processes()
    yield
    deadline = asyncio.get_running_loop().time() + SETTLE
    while any(left := (open_sockets() - sockets, child_processes() - processes, _other_tasks())):
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(
                f"left behind: {len(left[0])} sockets, processes {sorted(left[1])}, "
                f"tasks {[task.get_coro() for task in left[2]]}"
            )
        await asyncio.sleep(0.005)


def open_sockets() -> set[str]:
    """The TCP and UDP sockets of this process, by inode.

    Unix sockets are left out: event loops and pipes to subprocesses use them.
    """
    found = set()
    for number in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{number}")
            if target.startswith("socket:"):
                with socket.socket(fileno=os.dup(int(number))) as sock:
                    if sock.family != socket.AF_UNIX:
                        found.add(target)
        except OSError:  # closed meanwhile, as the descriptor of the listing itself is
            continue
    return found


def child_processes() -> set[int]:
    """The ids of the child processes of this process."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:  # there are none, which is cheaper to learn than to list them
        return set()
    return {number for number in _all_processes() if _parent(number) == os.getpid()}


def _all_processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdecimal()]


def _parent(process: int) -> int | None:
    """The id of the parent process; None if the process has ended."""
    try:
        with open(f"/proc/{process}/stat") as stat:
            # The second field is the program's name in parentheses, which may contain spaces.
            return int(stat.read().rpartition(")")[2].split()[1])
    except OSError:
        return None


def _other_tasks() -> set[asyncio.Task[object]]:
    return {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}
