"""Branch coverage of relay and server (pytest --coverage=unit or integration).

Tracing doubles the CPU time on Python 3.11, so the full run measures nothing. Browser, load and
fuzz tests depend on time and are never measured.
"""

import json
import os
import shutil
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter
from coverage import Coverage

from tests.plugins.folders import folder_of

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "pyproject.toml"
DATA = ROOT / ".coverage-data"
UNIT = frozenset({"tests/relay", "tests/server"})
FOLDERS = {"unit": UNIT, "integration": UNIT | {"tests/integration"}}
"""By the value of --coverage."""
ENOUGH = 80
"""Percent of branches; modules below are listed."""


class MeasuringProcess:
    """Traces the process that runs tests, and the Python processes that those tests start."""

    def __init__(self, measured: str) -> None:
        self._folders = FOLDERS[measured]
        self._coverage = Coverage(
            data_file=str(DATA / "data"), data_suffix=True, config_file=str(CONFIG)
        )
        self._tracing = False

    def pytest_configure(self) -> None:
        os.environ["COVERAGE_FILE"] = str(DATA / "data")
        self._trace(True)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self._trace(folder_of(item.nodeid) in self._folders)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        self._trace(False)
        self._coverage.save()

    def _trace(self, wanted: bool) -> None:
        if wanted and not self._tracing:
            self._coverage.start()
            os.environ["COVERAGE_PROCESS_START"] = str(CONFIG)
        elif self._tracing and not wanted:
            self._coverage.stop()
            os.environ.pop("COVERAGE_PROCESS_START", None)
        self._tracing = wanted


class CoverageReport:
    """Combines what all processes wrote and prints the modules with low coverage."""

    def __init__(self, measured: str) -> None:
        self._tests = {"unit": "unit tests", "integration": "unit and integration tests"}[measured]

    def pytest_configure(self) -> None:
        shutil.rmtree(DATA, ignore_errors=True)
        DATA.mkdir()

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        measured = Coverage(data_file=str(DATA / "data"), config_file=str(CONFIG), messages=False)
        measured.combine()
        measured.json_report(outfile=str(DATA / "report.json"))
        report = json.loads((DATA / "report.json").read_text(encoding="utf-8"))
        shares = {
            name: module["summary"]["percent_branches_covered"]
            for name, module in report["files"].items()
        }
        terminalreporter.section(f"modules under {ENOUGH} % branch coverage by {self._tests}")
        for name, share in sorted(shares.items(), key=lambda item: item[1]):
            if share < ENOUGH:
                lines = report["files"][name]["summary"]["percent_statements_covered"]
                terminalreporter.write_line(
                    f"{name:50}{share:5.0f} % of branches{lines:5.0f} % of lines"
                )
        totals = report["totals"]
        branches, lines = totals["percent_branches_covered"], totals["percent_statements_covered"]
        terminalreporter.write_line(
            f"{'relay and server':50}{branches:5.0f} % of branches{lines:5.0f} % of lines"
        )
