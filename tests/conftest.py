"""What every test is held to: no task and no socket may outlive it."""

import asyncio
import inspect
import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

SETTLE = 2.0
"""Seconds that transports which were told to close have for it."""


@pytest.fixture(autouse=True)
def _leaves_nothing(request: pytest.FixtureRequest) -> None:
    """Applies `nothing_left` to every asynchronous test but those that drive a browser, whose driver lives on between tests."""
    function = getattr(request.node, "obj", None)
    if inspect.iscoroutinefunction(inspect.unwrap(function)) and not request.node.get_closest_marker("browser") if function else False:
        request.getfixturevalue("nothing_left")


@pytest_asyncio.fixture
async def nothing_left() -> AsyncIterator[None]:
    """Fails a test whose tasks or sockets outlive it. Set up before all other fixtures of the test, and so checked after them."""
    before = open_sockets()
    yield
    deadline = asyncio.get_running_loop().time() + SETTLE
    while (left := (open_sockets() - before, _other_tasks())) != (set(), set()):
        if asyncio.get_running_loop().time() > deadline:
            sockets, tasks = left
            raise AssertionError(f"left behind: {len(sockets)} sockets, tasks {[task.get_coro() for task in tasks]}")
        await asyncio.sleep(0.005)


def open_sockets() -> set[str]:
    """The sockets of this process, by inode."""
    found = set()
    for number in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{number}")
        except OSError:  # the descriptor of the listing itself
            continue
        if target.startswith("socket:"):
            found.add(target)
    return found


def _other_tasks() -> set[asyncio.Task[object]]:
    return {task for task in asyncio.all_tasks() if task is not asyncio.current_task()}
