"""Prints the minutes of test time per folder. A skipped test fails the run."""

from collections import defaultdict

import pytest
from _pytest.terminal import TerminalReporter

from tests.plugins.folders import folder_of


class Minutes:
    """Sums the reports of all workers; lives in the process that prints the summary."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = defaultdict(float)
        self._tests: dict[str, int] = defaultdict(int)
        self.skipped: list[str] = []
        """Node ids."""

    def lines(self) -> list[str]:
        """One per folder, the slowest first."""
        return [
            f"{folder:20}{self._tests[folder]:6} tests{seconds / 60:7.1f} min"
            for folder, seconds in sorted(self._seconds.items(), key=lambda item: -item[1])
        ]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        folder = folder_of(report.nodeid)
        self._seconds[folder] += report.duration
        self._tests[folder] += report.when == "setup"
        if report.skipped:
            self.skipped.append(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.skipped and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        for nodeid in self.skipped:
            terminalreporter.write_line(f"ERROR {nodeid} was skipped; every test must run")
        if len(self._seconds) > 1:
            terminalreporter.section("minutes of test time per folder")
            for line in self.lines():
                terminalreporter.write_line(line)
