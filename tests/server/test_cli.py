"""The command line in real processes: output and exit codes."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from server import FORM, __version__
from server.setting_sources import option_of
from server.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
ENVIRON = {name: value for name, value in os.environ.items() if not name.startswith("MICROLIVE_")}
ENVIRON["MICROLIVE_ALLOW_ROOT"] = "1"

# Replaces the real server, with the same contract as server.app.serve: these tests need no media.
STAND_IN = """
import asyncio, logging, os, signal, sys, types
from server.__main__ import main
from server.storage.storage import Storage

async def serve(settings, ready, stopping, load, process):
    storage = await Storage.open(settings.data, settings.database_url)
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    server = await asyncio.start_server(lambda reader, writer: None, settings.host, settings.port)
    urls = [f"http://{settings.host}:{server.sockets[0].getsockname()[1]}/"]
    ready(urls + (["https://192.168.7.7:8443/"] if settings.lan else []))
    if os.environ.get("TEST_FAILS"):
        raise OSError("while running")
    if settings.log_format == "json":
        logging.getLogger("server.rooms").info("room %s: open\\n", "k3v9x2")
    await stopped.wait()
    stopping()
    server.close()
    await storage.close()
    print("closed", type(asyncio.get_running_loop()).__module__, flush=True)

sys.modules["server.app"] = types.ModuleType("server.app")
sys.modules["server.app"].serve = serve
main()
"""


def microlive(*arguments: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "server", *map(str, arguments)]
    return subprocess.run(
        command,
        env=ENVIRON | {"COLUMNS": "500"} | environ,
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.fixture
def started(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    with start(tmp_path) as process:
        yield process
        process.kill()


def start(data: Path, *arguments: str, **environ: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", STAND_IN, "serve", "--port=0", f"--data={data}", *arguments]
    return subprocess.Popen(
        command,
        env=ENVIRON | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_version() -> None:
    done = microlive("--version")
    assert (done.returncode, done.stdout, done.stderr) == (
        0,
        f"microlive {__version__} ({FORM})\n",
        "",
    )


def test_the_console_script_is_the_module() -> None:
    script = Path(sys.executable).with_name("microlive")
    assert (
        subprocess.run([script, "--version"], capture_output=True, text=True, timeout=30).stdout
        == f"microlive {__version__} ({FORM})\n"
    )


def test_help_documents_every_setting() -> None:
    done = microlive("serve", "--help")
    assert done.returncode == 0
    text = "".join(done.stdout.split())  # the help is wrapped, also at hyphens
    for name, field in Settings.model_fields.items():
        assert field.description
        documented = f"{field.description} [default: {field.default}]"
        if field.default in (None, False, ()):
            documented = field.description
        assert option_of(name) in text and "".join(documented.split()) in text, name


def test_an_error_is_one_line_with_its_source(tmp_path: Path) -> None:
    (tmp_path / "microlive.toml").write_text("remb = 'much'\nprot = 1")
    done = microlive("serve", "--port", "x", "--data", tmp_path, MICROLIVE_LAN_PORT="99999")
    assert (done.returncode, done.stdout) == (2, "")
    file = tmp_path / "microlive.toml"
    assert [line.split(": Input")[0] for line in done.stderr.splitlines()] == [
        "--port",
        "MICROLIVE_LAN_PORT",
        f"{file}: remb",
        f"{file}: prot: there is no such setting",
    ]


def test_a_config_file_that_is_missing(tmp_path: Path) -> None:
    done = microlive("serve", "--config", tmp_path / "a.toml")
    assert (done.returncode, done.stderr) == (2, f"{tmp_path}/a.toml: No such file or directory\n")


@pytest.mark.parametrize(
    "arguments", [["serve", "--prot", "1"], ["serve", "--port"], ["serve", "more"], ["swerve"]]
)
def test_invalid_arguments_are_refused(arguments: list[str]) -> None:
    done = microlive(*arguments)
    assert (
        done.returncode == 2
        and "Traceback" not in done.stderr
        and "\nError: " in f"\n{done.stderr}"
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_its_url_and_ends_cleanly(
    started: subprocess.Popen[str], number: signal.Signals
) -> None:
    url = first_line(started).removeprefix("listening on ").strip()
    host, _, port = url.removeprefix("http://").rstrip("/").partition(":")
    socket.create_connection((host, int(port)), timeout=10).close()
    started.send_signal(number)
    out, err = started.communicate(timeout=30)
    assert (started.returncode, out, err) == (0, "closed uvloop\n", "")


def test_compiled_modules_that_cannot_be_loaded_cost_one_line(tmp_path: Path) -> None:
    """The server runs from the sources, which are links to this checkout."""
    for name in ("relay", "server"):
        (tmp_path / name).mkdir()
        for path in (ROOT / name).iterdir():
            (tmp_path / name / path.name).symlink_to(path)
    (tmp_path / f"relay/_compiled__mypyc{EXTENSION_SUFFIXES[0]}").write_bytes(b"no ELF header")
    data = tmp_path / "data"
    with start(data, PYTHONPATH=str(tmp_path), PYTHONSAFEPATH="1") as process:
        assert first_line(process).startswith("listening on ")
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    [line] = err.splitlines()
    assert "WARNING server: compiled modules are not used: they cannot be loaded: " in line


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_before_the_server_handles_signals(
    tmp_path: Path, number: signal.Signals
) -> None:
    blocked = STAND_IN.replace(
        "    storage = await",
        "    print('starting', flush=True)\n    await asyncio.Event().wait()\n    storage = await",
    )
    command = [sys.executable, "-c", blocked, "serve", f"--data={tmp_path}"]
    with subprocess.Popen(
        command, env=ENVIRON, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert first_line(process) == "starting\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "", "")


def test_the_log_as_json(tmp_path: Path) -> None:
    node = ("--nats=nats://a:b@127.0.0.1:4222", "--node-name=a-1")
    with start(tmp_path, "--log-format=json", *node) as process:
        first_line(process)
        assert process.stderr is not None
        line = json.loads(process.stderr.readline())
        process.kill()
    assert line["message"] == "room k3v9x2: open\n"
    assert (line["room"], line["node"]) == ("k3v9x2", "a-1")


def test_lan_prints_the_studio_and_its_qr_code_without_a_terminal(tmp_path: Path) -> None:
    with start(tmp_path, "--lan") as process:
        assert first_line(process).startswith("listening on http://localhost:")
        assert first_line(process) == "listening on https://192.168.7.7:8443/\n"
        assert (
            first_line(process)
            == "go live from a phone on this network: https://192.168.7.7:8443/live\n"
        )
        assert "█" in first_line(process)
        after = (line for line in iter(lambda: first_line(process), "") if "█" not in line)
        assert any("passkeys only for host names" in line for line in after)
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 0


def test_a_terminal_without_block_characters_shows_the_addresses(tmp_path: Path) -> None:
    with start(tmp_path, "--lan", PYTHONIOENCODING="ascii", PYTHONUTF8="0") as process:
        assert first_line(process).startswith("listening on")
        process.terminate()
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")


def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with start(tmp_path, f"--port={port}") as process:
            out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("cannot start: ") and str(port) in err and "address already in use" in err


def test_two_servers_on_one_data_directory(started: subprocess.Popen[str], tmp_path: Path) -> None:
    first_line(started)
    with start(tmp_path) as second:
        out, err = second.communicate(timeout=30)
    assert (second.returncode, out, err) == (
        2,
        "",
        (
            f"{tmp_path}: another microlive server uses this data directory; stop that server, or "
            "choose another directory with --data\n"
        ),
    )


def test_a_database_that_does_not_answer_yet(tmp_path: Path) -> None:
    """systemd starts the server again after exit code 1, but not after 2."""
    url = "postgresql://user:hush@127.0.0.1:1/live"
    with start(tmp_path, MICROLIVE_DATABASE=url) as process:
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("postgresql://user:***@127.0.0.1:1/live: ") and "hush" not in err


def test_a_data_directory_that_cannot_be_created() -> None:
    with start(Path("/proc/microlive")) as process:
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err.count("\n")) == (2, "", 1) and err.startswith(
        "/proc/microlive: "
    )


def test_an_error_after_the_start_keeps_its_traceback(tmp_path: Path) -> None:
    with start(tmp_path, TEST_FAILS="1") as process:
        out, err = process.communicate(timeout=30)
    assert process.returncode == 1 and "Traceback" in err and "while running" in err


def test_root_on_a_low_port(tmp_path: Path) -> None:
    """Exit code 2 and one line, which names the unit if root would have got the port."""
    with start(tmp_path, "--port=443", MICROLIVE_ALLOW_ROOT="0") as process:
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err.count("\n")) == (2, "", 1)
    assert ("AmbientCapabilities=CAP_NET_BIND_SERVICE" in err) == (os.geteuid() == 0)


def test_root_on_a_high_port_is_warned_in_one_line(tmp_path: Path) -> None:
    with start(tmp_path, MICROLIVE_ALLOW_ROOT="0") as process:
        assert first_line(process).startswith("listening on")
        process.terminate()
        _, err = process.communicate(timeout=30)
    warned = err.count("\n") == 1 and "runs as root" in err
    assert (process.returncode, warned or err == "") == (0, True)
    assert warned == (os.geteuid() == 0)


def test_files_are_for_this_user_only(tmp_path: Path) -> None:
    with start(tmp_path / "data") as process:
        first_line(process)
        files = [tmp_path / "data", *(tmp_path / "data").iterdir()]
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in files}
        process.terminate()
        process.communicate(timeout=30)
    assert "microlive.sqlite3-wal" in modes
    assert not [name for name, mode in modes.items() if mode & 0o077], modes


def test_the_service_manager_learns_of_start_and_end(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(30)
        with start(tmp_path / "data", NOTIFY_SOCKET=str(tmp_path / "notify")) as process:
            assert systemd.recv(100) == b"READY=1"
            process.terminate()
            assert systemd.recv(100) == b"STOPPING=1"
            process.communicate(timeout=30)
    assert process.returncode == 0
