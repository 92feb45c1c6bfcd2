"""Which worker of pytest-xdist runs which file. One worker runs all tests of a file, since its
fixtures may last as long.
"""

import os
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from tests.plugins.folders import folder_of

ROOT = Path(__file__).parents[2]
BROWSER = "tests/e2e"
BROWSER_WORKERS = 1
"""Workers that run browser tests. Browsers decode and draw in software, and need the CPU time of
both cores to do so in real time.
"""
PATIENT = ("tests/relay", "tests/server")
"""Folders whose files without coroutines wait for a core without harm. The other workers run these
files beside browser tests, which use less than half of the CPU time on average. Coroutines wait for
answers with deadlines.
"""
NICE = 10
"""By how much the priority of these workers is lower then."""
PATIENCE = 300
"""Maximum seconds that a test without a limit of its own may take there."""
PAGES = (
    "tests/e2e/test_accessibility.py",
    "tests/e2e/test_arrival.py",
    "tests/e2e/test_chat.py",
    "tests/e2e/test_creator_room.py",
    "tests/e2e/test_explore.py",
    "tests/e2e/test_follow.py",
    "tests/e2e/test_installed.py",
    "tests/e2e/test_me.py",
    "tests/e2e/test_passkeys.py",
    "tests/e2e/test_push.py",
    "tests/e2e/test_studio.py",
)
"""Files of browser tests that any worker runs beside other tests: a late picture does not matter to
them.
"""
DEMANDING = (
    "tests/e2e/test_browsers.py",
    "tests/e2e/test_clients.py",
    "tests/e2e/test_firefox.py",
    "tests/e2e/test_hls.py",
)
"""Files that run last, when the other workers have certainly ended. They need the most CPU time."""
ORDER = ("tests/load", "tests/integration", "tests/fuzz")
"""The slowest folders begin first, so that no worker is left alone with one of them at the end.
`PAGES` follow.
"""


class Lanes(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no py.typed
    """Runs `PAGES` and most other tests on every worker. Then the first workers run browser tests,
    and the others patient ones (`is_patient`).
    """

    def _split_scope(self, nodeid: str) -> str:
        return str(nodeid.partition("::")[0])

    def _reschedule(self, node: WorkerController) -> None:
        if self.workqueue and self._next(node) is None:
            if not node.shutting_down:
                node.shutdown()
            return
        super()._reschedule(node)

    def _assign_work_unit(self, node: WorkerController) -> None:
        scope = self._next(node)
        if scope is not None:
            self.workqueue.move_to_end(scope, last=False)
            super()._assign_work_unit(node)

    def _next(self, node: WorkerController) -> str | None:
        """The unit that this worker runs next, if any is left for it."""
        return choose(self.workqueue, browsers=runs_browsers(node.gateway.id))


def runs_browsers(worker: str) -> bool:
    """Whether the worker with this id of pytest-xdist (`gw0`, `gw1`, …) runs browser tests."""
    return int(worker.removeprefix("gw")) < BROWSER_WORKERS


def choose(units: Iterable[str], *, browsers: bool) -> str | None:
    """The unit to run next on a worker with or without a browser; None if there is none for it."""
    return min(
        (unit for unit in units if browsers or not needs_both_cores(unit)), key=_rank, default=None
    )


def needs_both_cores(nodeid: str) -> bool:
    """Whether this is a browser test that other tests may not slow down, or its file."""
    return folder_of(nodeid) == BROWSER and nodeid.partition("::")[0] not in PAGES


def is_patient(nodeid: str) -> bool:
    """Whether this is a test that may be slow, or its file."""
    return folder_of(nodeid) in PATIENT and not _has_coroutines(nodeid.partition("::")[0])


@cache
def _has_coroutines(file: str) -> bool:
    return "async def" in (ROOT / file).read_text()


@cache
def _rank(unit: str) -> int:
    if unit in DEMANDING:
        return len(ORDER) + 4
    if is_patient(unit):
        return len(ORDER) + 3
    if needs_both_cores(unit):
        return len(ORDER) + 2
    if unit in PAGES:
        return len(ORDER)
    folder = folder_of(unit)
    return ORDER.index(folder) if folder in ORDER else len(ORDER) + 1


class LowPriority:
    """Lowers the priority of a worker before its first patient test if the run has browser tests.
    All other tests of the worker are over by then.
    """

    def __init__(self) -> None:
        self._lowered = False

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._lowered = not any(needs_both_cores(item.nodeid) for item in session.items)
        for item in session.items:
            if not self._lowered and is_patient(item.nodeid):
                item.add_marker(pytest.mark.timeout(PATIENCE))  # behind the marks of the test

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if not self._lowered and is_patient(item.nodeid):
            os.nice(NICE)
            self._lowered = True
