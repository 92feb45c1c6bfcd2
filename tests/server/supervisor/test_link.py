"""The link between the parent and a child, with a process at the child's end."""

import asyncio
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from server.host.process import Process
from server.supervisor.link import VARIABLE, ChildLink, Orders, child_environment

ORDERS = Orders(Process(1, 2, "host-1", 7), {"port": 8080, "node_name": "host-1"})

CHILD = """
import asyncio, os, signal
from server.supervisor.link import ParentLink

async def main(link):
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    link.start()
    link.ready([link.orders.process.name, str(link.orders.settings["port"])])
    await stopped.wait()
    print("stopped", "MICROLIVE_LINK" in os.environ, "NOTIFY_SOCKET" in os.environ)
    link.close()

asyncio.run(main(ParentLink.inherited(os.environ)))
"""


def test_orders_stay_as_they_are() -> None:
    assert Orders.decode(ORDERS.encode()) == ORDERS


def test_a_child_knows_nothing_of_the_service_manager() -> None:
    environ = {"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "1", "LANG": "C"}
    assert child_environment(environ, 5) == {"LANG": "C", VARIABLE: "5"}


async def test_a_child_stops_when_its_parent_is_gone(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    heard: asyncio.Queue[Any] = asyncio.Queue()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-c", CHILD],
            env=child_environment({"NOTIFY_SOCKET": "x"}, theirs.fileno()),
            pass_fds=[theirs.fileno()],
            stdout=subprocess.PIPE,
            text=True,
        )
    with process:
        transport, link = await asyncio.get_running_loop().create_unix_connection(
            lambda: ChildLink(heard.put_nowait), sock=ours
        )
        transport.write(ORDERS.encode())
        async with asyncio.timeout(20):
            assert await heard.get() == {"beat": True}
            assert await heard.get() == {"ready": ["host-1", "8080"]}
        transport.close()
        told, _ = await asyncio.to_thread(process.communicate, timeout=10)
        assert told == "stopped False False\n" and process.returncode == 0
    await link.ended.wait()
