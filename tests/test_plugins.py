"""The plugins that run the suite."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.plugins.folders import folder_of
from tests.plugins.lanes import (
    DEMANDING,
    NICE,
    PAGES,
    LowPriority,
    choose,
    is_patient,
    runs_browsers,
)
from tests.plugins.minutes import Minutes

E2E, LOAD, UNIT = "tests/e2e/test_live.py", "tests/load/test_load.py", "tests/test_floors.py"
QUIET = "tests/relay/test_message.py"


@pytest.mark.parametrize(
    ("nodeid", "folder"),
    [
        ("tests/relay/rtc/test_udp.py::test_a[tests/x]", "tests/relay"),
        ("tests/e2e/test_live.py::test_b", "tests/e2e"),
        ("tests/test_floors.py::test_c", "tests"),
    ],
)
def test_folders(nodeid: str, folder: str) -> None:
    assert folder_of(nodeid) == folder


def test_slow_folders_come_first_and_browsers_last() -> None:
    for browsers in (True, False):
        assert choose([UNIT, LOAD, E2E], browsers=browsers) == LOAD
        assert choose([E2E, UNIT], browsers=browsers) == UNIT
    assert choose([E2E], browsers=True) == E2E
    assert choose([E2E], browsers=False) is choose([], browsers=True) is None


def test_patient_tests_run_beside_browsers() -> None:
    units = [QUIET, E2E, UNIT, *DEMANDING]
    for browsers in (True, False):
        assert choose(units, browsers=browsers) == UNIT
    units.remove(UNIT)
    assert choose(units, browsers=True) == E2E
    assert choose(units, browsers=False) == QUIET
    units.remove(E2E)
    assert choose(units, browsers=True) == QUIET, "it helps before the most demanding files begin"


def test_only_files_without_coroutines_are_patient() -> None:
    assert is_patient(f"{QUIET}::test_a")
    assert not is_patient("tests/server/test_app.py::test_a") and not is_patient(UNIT)


def test_files_that_need_both_cores_come_last() -> None:
    for unit in DEMANDING:
        assert (Path(__file__).parents[1] / unit).is_file()
        assert choose([unit, UNIT], browsers=True) == UNIT
        assert choose([unit, QUIET], browsers=True) == QUIET
        assert choose([unit, E2E], browsers=True) == E2E
        assert choose([unit], browsers=True) == unit
        assert choose([unit], browsers=False) is None


@pytest.mark.parametrize("browsers", [True, False])
def test_pages_come_before_short_tests_on_every_worker(browsers: bool) -> None:
    for unit in PAGES:
        assert (Path(__file__).parents[1] / unit).is_file()
        assert choose([UNIT, unit, E2E], browsers=browsers) == unit
        assert choose([unit, LOAD], browsers=browsers) == LOAD


def test_one_worker_runs_browsers() -> None:
    assert [runs_browsers(f"gw{number}") for number in range(4)] == [True, False, False, False]


@pytest.mark.parametrize(
    ("tests", "lowered"), [([UNIT, QUIET, QUIET, E2E], [NICE]), ([UNIT, QUIET], []), ([E2E], [])]
)
def test_patient_tests_lower_the_priority_once_if_browsers_run(
    monkeypatch: pytest.MonkeyPatch, tests: list[str], lowered: list[int]
) -> None:
    said: list[int] = []
    monkeypatch.setattr(os, "nice", said.append)
    items: Any = [
        SimpleNamespace(nodeid=f"{test}::test_a", add_marker=lambda _: None) for test in tests
    ]
    session: Any = SimpleNamespace(items=items)
    plugin = LowPriority()
    plugin.pytest_collection_finish(session)
    for item in items:
        plugin.pytest_runtest_setup(item)
    assert said == lowered


def test_minutes_are_summed_per_folder() -> None:
    minutes = Minutes()
    for when in ("setup", "call"):
        minutes.pytest_runtest_logreport(report(f"{E2E}::test_a", when, 45.0))
    minutes.pytest_runtest_logreport(report(f"{QUIET}::test_b", "setup", 6.0))
    assert [line.split() for line in minutes.lines()] == [
        ["tests/e2e", "1", "tests", "1.5", "min"],
        ["tests/relay", "1", "tests", "0.1", "min"],
    ]
    assert minutes.skipped == []


def test_a_skipped_test_is_remembered() -> None:
    minutes = Minutes()
    minutes.pytest_runtest_logreport(report(f"{E2E}::test_a", "setup", 0.0, "skipped"))
    assert minutes.skipped == [f"{E2E}::test_a"]


def report(nodeid: str, when: str, seconds: float, outcome: str = "passed") -> pytest.TestReport:
    return pytest.TestReport(
        nodeid,
        (nodeid, 0, ""),
        {},
        outcome,  # type: ignore[arg-type]
        None,
        when,  # type: ignore[arg-type]
        duration=seconds,
    )
