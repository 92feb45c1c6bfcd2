"""SIGHUP: what changes while the server runs, and what is said about the rest."""

import asyncio
import logging
import os
import pty
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from shutil import copy

import pytest
from cryptography import x509

from server import app
from server.host import lan
from server.host.logs import PACKAGES
from server.setting_sources import load
from tests.fixtures.deadline import eventually
from tests.fixtures.server import Server, running


@pytest.fixture(autouse=True)
def levels() -> Iterator[None]:
    """Each test gives the loggers back as they were."""
    loggers = [logging.getLogger(name) for name in (None, *PACKAGES)]
    before = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


class Operator:
    """Writes the file of settings of a server, and sends this process a real SIGHUP."""

    def __init__(self, file: Path, server: Server, caplog: pytest.LogCaptureFixture) -> None:
        self._file = file
        self._server = server
        self._caplog = caplog
        self._arguments = server.reloading.settings.model_dump(exclude_defaults=True)

    async def change(self, text: str) -> list[str]:
        """Returns the lines that the server logs."""
        self._file.write_text(text)
        self._caplog.set_level(logging.INFO)
        self._caplog.clear()
        again = partial(load, self._arguments, {}, self._file)
        app._reload_on_hangup(self._server.reloading, again, asyncio.Event())
        try:
            os.kill(os.getpid(), signal.SIGHUP)
            await eventually(lambda: "settings" in self._caplog.text)
        finally:
            asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)
        return [line.message for line in self._caplog.records if line.name == "server.reloading"]


async def test_limits_and_the_level_of_the_log_change(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Other settings need a restart, and each reload says so until it comes."""
    async with running(tmp_path / "data") as server:
        operator = Operator(tmp_path / "microlive.toml", server, caplog)

        async def creates() -> list[int]:
            return [await server.status("POST", "/api/rooms", json={}) for _ in range(3)]

        assert await creates() == [201, 201, 201]
        for changed in ("log_level, max_rooms_per_address_hour, max_sockets_per_address", "none"):
            lines = await operator.change(
                'log_level = "debug"\nmax_rooms_per_address_hour = 2\nmax_length = 90\n'
                "max_sockets_per_address = 1\n"
            )
            assert lines == [
                f"settings were read again; changed: {changed}",
                "only a restart can change these settings: max_length",
            ]
        assert logging.getLogger("server").level == logging.DEBUG
        assert await creates() == [201, 201, 429]
        room = next(iter(server.rooms.in_memory)).name
        async with server.http.ws_connect(f"{server.url}/ws/{room}"):
            assert await server.status("GET", f"/ws/{room}") == 429
        changed = "log_level, max_rooms_per_address_hour, max_sockets_per_address"
        assert await operator.change("") == [f"settings were read again; changed: {changed}"]
        assert logging.getLogger("server").level == logging.INFO


async def test_an_invalid_setting_changes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(tmp_path / "data") as server:
        operator = Operator(tmp_path / "microlive.toml", server, caplog)
        [line] = await operator.change("max_rooms_per_address_hour = 1\nprot = 1\n")
        assert line.startswith("the settings stay as they are: ")
        assert line.endswith("microlive.toml: prot: there is no such setting")
        assert [await server.status("POST", "/api/rooms", json={}) for _ in range(2)] == [201] * 2


async def test_new_connections_get_the_new_certificate(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It has the same path. A key that does not belong to it changes nothing."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    certificate, key = (tmp_path / "cert.pem", tmp_path / "key.pem")
    pairs = []
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        pairs.append(lan.self_signed(tmp_path / folder, ["127.0.0.1"]))

    def put(number: int, *, with_key: bool = True) -> x509.Certificate:
        copy(pairs[number][0], certificate)
        if with_key:
            copy(pairs[number][1], key)
        return x509.load_pem_x509_certificate(certificate.read_bytes())

    first = put(0)
    async with running(tmp_path / "data", tls_cert=certificate, tls_key=key) as server:
        port = int(server.url.rpartition(":")[2])

        async def connect() -> tuple[asyncio.StreamWriter, x509.Certificate]:
            _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
            found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            return writer, x509.load_der_x509_certificate(found)

        async def shown() -> x509.Certificate:
            writer, found = await connect()
            writer.close()
            return found

        operator = Operator(tmp_path / "microlive.toml", server, caplog)
        kept, found = await connect()
        assert found == first
        second = put(1, with_key=False)
        [line] = await operator.change("")
        assert line.startswith("the settings stay as they are: --tls-key: ")
        assert await shown() == first
        put(1)
        assert await operator.change("") == ["settings were read again; changed: none"]
        assert await shown() == second
        kept.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await kept.drain()
        kept.close()


def test_a_terminal_that_was_closed_ends_the_server() -> None:
    """A SIGHUP without a terminal, or with the terminal still open, is a request to read again."""
    program = """
import os, signal, sys
from server.host.terminal import Terminal
terminal = Terminal()
signal.signal(signal.SIGHUP, lambda *_: os.write(3, b"closed" if terminal.closed else b"open  "))
os.write(3, b"ready ")
while True:
    signal.pause()
"""
    reader, writer = os.pipe()
    child, terminal = pty.fork()
    if child == 0:
        os.dup2(writer, 3)
        os.execv(sys.executable, [sys.executable, "-c", program])
    try:
        assert os.read(reader, 6) == b"ready "
        os.kill(child, signal.SIGHUP)
        assert os.read(reader, 6) == b"open  "
        os.close(terminal)
        assert os.read(reader, 6) == b"closed"
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reader)
        os.close(writer)
    without = subprocess.run(
        [
            sys.executable,
            "-c",
            "from server.host.terminal import Terminal\nprint(Terminal().closed)",
        ],
        capture_output=True,
        text=True,
        start_new_session=True,
        check=True,
    )
    assert without.stdout == "False\n"
