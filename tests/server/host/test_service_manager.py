"""The messages to systemd, over a real socket."""

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.host.service_manager import ServiceManager


@pytest.fixture(params=["path", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """The socket of a service manager, and its address as in NOTIFY_SOCKET."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@microlive-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(name.replace("@", "\0", 1))
        listener.settimeout(10)
        yield listener, name


async def test_ready_alive_and_stopping(systemd: tuple[socket.socket, str]) -> None:
    listener, name = systemd
    environ = {
        "NOTIFY_SOCKET": name,
        "WATCHDOG_USEC": "100000",
        "WATCHDOG_PID": str(os.getpid()),
    }
    manager = ServiceManager.from_environment(environ)
    manager.ready()
    for expected in (b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1", b"WATCHDOG=1"):
        assert await asyncio.to_thread(listener.recv, 100) == expected
    manager.stopping()
    while (message := await asyncio.to_thread(listener.recv, 100)) == b"WATCHDOG=1":
        pass
    assert message == b"STOPPING=1"
    manager.close()


async def test_a_watchdog_of_another_process(systemd: tuple[socket.socket, str]) -> None:
    listener, name = systemd
    environ = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}
    manager = ServiceManager.from_environment(environ)
    manager.ready()
    manager.stopping()
    assert [listener.recv(100), listener.recv(100)] == [b"READY=1", b"STOPPING=1"]
    assert manager._timer is None
    manager.close()


async def test_without_a_service_manager_nothing_is_sent(tmp_path: Path) -> None:
    """This holds without NOTIFY_SOCKET, and if its socket is gone."""
    for environ in ({}, {"NOTIFY_SOCKET": str(tmp_path / "gone")}):
        manager = ServiceManager.from_environment(environ)
        manager.ready()
        manager.stopping()
        manager.close()
