"""`scripts/load` from its command line, against real servers on loopback. Every wait is for output
of a process.
"""

import http.server
import io
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from scripts.loadgen.command_line import cli
from scripts.loadgen.playback_paths import PLAYBACK_PATHS

pytestmark = pytest.mark.service

ROOT = Path(__file__).parents[2]
LIGHT = ["--kbps", "200", "--fps", "15", "--size", "160x120"]
MANY = ["--max-rooms-per-address-hour=1000", "--max-whip-per-address-minute=1000"]
TIMEOUT = 90.0
SLOW = 20_000
"""Maximum of a delay that was measured on a busy machine, ms."""


class Microlive:
    """A microlive server; `url` is where it listens."""

    def __init__(self, data: Path, *arguments: str) -> None:
        command = [
            sys.executable,
            "-m",
            "server",
            "serve",
            "--port=0",
            f"--data={data}",
            "--udp-hosts=127.0.0.1",
            "--log-level=error",
            "--max-load=1",
            *arguments,
        ]
        environ = {
            name: value for name, value in os.environ.items() if not name.startswith("MICROLIVE_")
        }
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        self.url = self.process.stdout.readline().removeprefix("listening on ").strip()
        assert self.url.startswith("http://localhost:")

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(TIMEOUT)
        assert self.process.stdout
        self.process.stdout.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Microlive]:
    running = Microlive(tmp_path_factory.mktemp("data"), *MANY)
    yield running
    running.close()


@pytest.fixture
def report(tmp_path: Path) -> Path:
    return tmp_path / "report"


def start(*arguments: object, **options: Any) -> subprocess.Popen[str]:
    command = [sys.executable, str(ROOT / "scripts" / "load"), *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


def load(*arguments: object) -> tuple[int, str, str]:
    """Exit code, standard output and standard error. Runs in this process, which saves its start;
    the workers are processes.
    """
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as notes:
        try:
            cli([*map(str, arguments)], prog_name="load", standalone_mode=True)
        except SystemExit as end:
            code = int(end.code or 0)
    return code, out.getvalue(), notes.getvalue()


def read_summary(report: Path) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads((report / "summary.json").read_text(encoding="utf-8"))
    assert (report / "report.html").stat().st_size > 10_000
    assert (report / "samples.jsonl").stat().st_size > 100
    return summary


def measured(code: int, summary: dict[str, Any]) -> dict[str, float]:
    """The figures of a run without a failure. On a busy machine it may be INVALID."""
    assert (code, summary["outcome"]) in ((0, "fine"), (1, "invalid")), summary
    figures: dict[str, float] = summary["figures"]
    return figures


def test_viewers(server: Microlive, report: Path) -> None:
    code, out, _ = load(
        "viewers",
        server.url,
        "--publish",
        "-n",
        20,
        "--ramp",
        0.5,
        "--seconds",
        5,
        *LIGHT,
        "--report",
        report,
        "--nodes",
        f"{server.url},{server.url}",
        "--fail-if",
        "gaps>0",
    )
    summary = read_summary(report)
    figures = measured(code, summary)
    (node,) = summary["nodes"]
    assert node["url"] == server.url.replace("localhost", "127.0.0.1")
    assert (node["watching"], node["gaps"], node["p50"]) == (20, 0, figures["p50"])
    assert node["cpu"] == pytest.approx(figures["server_cpu"])
    assert (
        figures["watching"] == 20
        and figures["failures"] == figures["disconnects"] == figures["gaps"] == 0
    )
    assert 0 < figures["p50"] <= figures["p99"] < SLOW and 0 < figures["join_p50"] < SLOW
    assert figures["received"] == pytest.approx(20 * 0.2, rel=0.7)
    assert figures["server_memory"] > 10
    assert str(report) in out


def test_viewers_over_webrtc(server: Microlive, report: Path) -> None:
    code, _, _ = load(
        "viewers",
        server.url,
        "--path",
        "whep",
        "--publish",
        "-n",
        10,
        "--ramp",
        0.5,
        "--seconds",
        3,
        *LIGHT,
        "--report",
        report,
    )
    summary = read_summary(report)
    figures = measured(code, summary)
    assert (
        figures["watching"] == 10
        and figures["failures"] == figures["disconnects"] == figures["gaps"] == 0
    )
    assert 0 < figures["p50"] <= figures["p99"] < SLOW and 0 < figures["join_p50"] < SLOW
    assert figures["received"] == pytest.approx(10 * 0.22, rel=0.7)
    assert "unreadable" not in summary["extra"]
    assert "over WebRTC" in (report / "report.html").read_text(encoding="utf-8")


def test_viewers_over_hls(server: Microlive, report: Path) -> None:
    """Viewers arrive until the first segment is ready: before it there is nothing to watch."""
    code, _, _ = load(
        "viewers",
        server.url,
        "--path",
        "hls",
        "--publish",
        "-n",
        10,
        "--ramp",
        2,
        "--seconds",
        6,
        *LIGHT,
        "--report",
        report,
    )
    summary = read_summary(report)
    figures = measured(code, summary)
    assert (
        figures["watching"] == 10
        and figures["failures"] == figures["disconnects"] == figures["gaps"] == 0
    )
    assert 0 < figures["p50"] <= figures["p99"] < SLOW and 0 < figures["join_p50"] < SLOW
    assert figures["received"] > 10 * 0.1
    assert summary["extra"]["messages"] > 10 * 10
    assert "median of all parts" in (report / "report.html").read_text(encoding="utf-8")


def test_creators_and_a_condition_that_is_true(server: Microlive, report: Path) -> None:
    fail = ["--fail-if", "publishing<100", "--fail-if", "publish_p95>30s"]
    code, out, _ = load(
        "creators",
        server.url,
        "-n",
        2,
        "--ramp",
        0,
        "--seconds",
        3,
        *LIGHT,
        "--report",
        report,
        *fail,
    )
    summary = read_summary(report)
    assert (code, summary["outcome"]) in ((1, "failed"), (1, "invalid"))
    assert summary["reasons"][-1] == "publishing<100: publishing is 2" and "publishing<100" in out
    figures = summary["figures"]
    assert (
        figures["publishing"] == 2
        and figures["creator_failures"] == figures["creator_disconnects"] == 0
    )
    assert figures["publish_p95"] < SLOW
    assert (
        summary["extra"]["packets"] > 200
        and summary["extra"]["remb"] > 5
        and summary["extra"]["remb_bps"] > 1_000_000
    )
    samples = [
        json.loads(line)
        for line in (report / "samples.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    assert max(sample["live_rooms"] for sample in samples if sample["live_rooms"] is not None) == 2


def test_mixed(server: Microlive, report: Path) -> None:
    crowd = [
        "--rooms",
        3,
        "-n",
        20,
        "--swipe",
        1,
        "--stay",
        5,
        "--slow",
        20,
        "--rude",
        20,
        "--probes",
        50,
    ]
    code, _, _ = load(
        "mixed", server.url, *crowd, "--ramp", 0.5, "--seconds", 3, *LIGHT, "--report", report
    )
    summary = read_summary(report)
    figures = measured(code, summary)
    assert figures["watching"] > 10 and figures["failures"] == 0
    assert summary["extra"]["swipes"] > 5 and summary["extra"]["slow_bytes"] > 0


def test_chat_and_taps(server: Microlive, report: Path) -> None:
    """The probes get each message exactly once and in order, and all taps in the tallies."""
    crowd = ["--rooms", 1, "-n", 20, "--swipe", 0, "--stay", 0, "--slow", 0, "--rude", 0]
    chat = ["--probes", 25, "--chat", 10, "--taps", 40, "--fail-if", "chat_lost>0"]
    code, _, _ = load(
        *("mixed", server.url, *crowd, *chat, "--ramp", 0.5, "--seconds", 8),
        *(*LIGHT, "--report", report),
    )
    summary = read_summary(report)
    figures, extra = measured(code, summary), summary["extra"]
    assert figures["chat_refused"] == figures["chat_lost"] == figures["disconnects"] == 0
    assert 0 < figures["chat_p50"] <= figures["chat_p99"] < SLOW
    assert 0 < figures["accept_p99"] < SLOW
    assert extra["chat_sent"] > 40
    assert extra["chat_received"] == pytest.approx(5 * extra["chat_sent"], rel=0.2)
    assert extra["taps_sent"] > 100
    assert extra["taps_received"] == pytest.approx(5 * extra["taps_sent"], rel=0.3)


def watched(process: subprocess.Popen[str]) -> None:
    """Returns once the first viewers have arrived."""
    assert process.stderr
    for line in process.stderr:
        if " viewers; " in line and " 0 viewers; " not in line:
            return
    raise AssertionError("no viewer arrived")


@pytest.mark.parametrize("path", list(PLAYBACK_PATHS))
def test_the_server_dies(tmp_path: Path, report: Path, path: str) -> None:
    server = Microlive(tmp_path / "data")
    crowd = ["-n", 10, "--ramp", 1, "--seconds", 60, "--path", path]
    with start("viewers", server.url, "--publish", *crowd, *LIGHT, "--report", report) as process:
        watched(process)
        server.process.kill()
        _, notes = process.communicate(timeout=TIMEOUT)
    server.close()
    assert process.returncode == 2
    assert "the server went away" in notes and "Traceback" not in notes
    summary = read_summary(report)
    assert summary["outcome"] == "broken off" and summary["causes"]["closed"]


def test_an_interrupted_run_has_its_report(server: Microlive, report: Path) -> None:
    with start(
        "viewers",
        server.url,
        "--publish",
        "-n",
        10,
        "--ramp",
        1,
        "--seconds",
        60,
        *LIGHT,
        "--report",
        report,
    ) as process:
        watched(process)
        process.send_signal(signal.SIGINT)
        _, notes = process.communicate(timeout=TIMEOUT)
    assert process.returncode in (0, 1) and "Traceback" not in notes
    assert read_summary(report)["interrupted"]


class NotMicrolive(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def stranger() -> Iterator[str]:
    """The URL of an HTTP server that is not microlive."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), NotMicrolive) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def refused(words: str, *arguments: object) -> None:
    code, out, notes = load(*arguments)
    check_refusal(words, code, notes)
    assert not out


def check_refusal(words: str, code: int, notes: str) -> None:
    assert code == 2, notes
    complaint = [line for line in notes.splitlines() if line.startswith("load: ")][-1]
    assert words in complaint and "Traceback" not in notes


def test_refusals(server: Microlive, stranger: str, report: Path) -> None:
    where = ["--report", report]
    refused("cannot be reached", "viewers", "http://127.0.0.1:9", *where)
    refused("not a microlive server", "viewers", stranger, *where)
    refused("no room is live", "viewers", server.url, *where)
    refused("there are ws, standby, whep, hls", "viewers", server.url, "--path", "smoke", *where)
    refused("there is no room nowhere", "viewers", server.url, "--room", "nowhere", *where)
    refused("--i-own-this-server", "viewers", "http://192.0.2.1", *where)
    assert not report.exists()


def test_a_wrong_key(server: Microlive, report: Path) -> None:
    with urllib.request.urlopen(
        urllib.request.Request(f"{server.url}/api/rooms", data=b"{}", method="POST")
    ) as answer:
        room = json.load(answer)["room"]
    refused(
        f"key does not belong to room {room}",
        "creators",
        server.url,
        "-n",
        1,
        "--room",
        room,
        "--key",
        "wrong",
        *LIGHT,
        "--report",
        report,
    )


def test_too_few_descriptors(server: Microlive, report: Path) -> None:
    def few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (300, 300))

    with start("viewers", server.url, "-n", 500, "--report", report, preexec_fn=few) as process:
        _, notes = process.communicate(timeout=TIMEOUT)
    check_refusal("sudo prlimit --pid $$ --nofile=628:628", process.returncode, notes)
