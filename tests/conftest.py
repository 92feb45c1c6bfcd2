"""What every test is held to: no task and no socket may outlive it."""

import asyncio
import inspect
import os
import socket
from collections.abc import AsyncIterator

import hypothesis
import pytest
import pytest_asyncio

# How long an example takes says how busy the machine is. pytest's own timeout bounds a test.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

SETTLE = 5.0
"""Seconds that transports which were told to close have for it."""


@pytest.fixture(autouse=True)
def _leaves_nothing(request: pytest.FixtureRequest) -> None:
    """Applies `nothing_left` to every asynchronous test but those that drive a browser, whose
    driver lives on between tests.
    """
    if inspect.iscoroutinefunction(
        getattr(request.node, "obj", None)
    ) and not request.node.get_closest_marker("browser"):
        request.getfixturevalue("nothing_left")


@pytest_asyncio.fixture
async def nothing_left() -> AsyncIterator[None]:
    """Fails a test whose tasks or sockets outlive it. Set up before all other fixtures of the test,
    and so checked after them.
    """
    before = open_sockets()
    yield
    deadline = asyncio.get_running_loop().time() + SETTLE
    while (left := (open_sockets() - before, _other_tasks())) != (set(), set()):
        if asyncio.get_running_loop().time() > deadline:
            sockets, tasks = left
            raise AssertionError(
                f"left behind: {len(sockets)} sockets, tasks {[task.get_coro() for task in tasks]}"
            )
        await asyncio.sleep(0.005)


def open_sockets() -> set[str]:
    """The TCP and UDP sockets of this process, by inode; pairs of local ones belong to event loops
    and to pipes of subprocesses.
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


def _other_tasks() -> set[asyncio.Task[object]]:
    return {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}
