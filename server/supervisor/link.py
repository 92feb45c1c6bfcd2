"""The socket between the parent process and one of its children: JSON, one object in a line.

    parent → child   {"process": {…}, "settings": {…}}   once, before the child does anything
    child → parent   {"beat": true}                      every BEAT seconds, from its event loop
                     {"ready": ["http://…"]}             it serves; the URLs of the pages
                     {"refused": ["…"], "code": 2}       it cannot start, and ends with the code

If the parent ends, for any reason, the socket ends, and the child stops.
"""

import asyncio
import json
import os
import signal
import socket
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from server.host.process import Process
from server.supervisor.lifetime import BEAT

VARIABLE = "MICROLIVE_LINK"
"""Environment variable with the file descriptor of the socket, for the child."""
ORDERS_WITHIN = 30.0
"""Maximum seconds that a child waits for its orders."""
MAX_LINE = 1 << 16
AGAIN_AFTER = 0.5
"""Seconds after which a child whose parent has ended ends its own drain."""
END_WITHIN = 10
"""Seconds after which the kernel ends a child whose parent has ended."""
OF_THE_PARENT = ("NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC")
"""Variables of the service manager, which a child must not use."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What a child must know before it starts."""

    process: Process
    settings: Mapping[str, Any]
    """Settings that replace those of the command line."""

    def encode(self) -> bytes:
        return _line({"process": asdict(self.process), "settings": dict(self.settings)})

    @classmethod
    def decode(cls, line: bytes) -> Self:
        value = json.loads(line)
        return cls(Process(**value["process"]), value["settings"])


class ParentLink:
    """The link of a child to its parent. `orders` come first; `start` begins the beats."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._timer: asyncio.TimerHandle | None = None
        self.orders = self._receive_orders()

    @classmethod
    def inherited(cls, environ: MutableMapping[str, str]) -> Self | None:
        """Returns the link if a parent has started this process. Removes the variables that are not
        meant for the processes that this process starts. Raises OSError if the parent has ended.
        """
        descriptor = environ.pop(VARIABLE, None)
        if descriptor is None:
            return None
        os.set_inheritable(int(descriptor), False)
        return cls(socket.socket(fileno=int(descriptor)))

    def start(self) -> None:
        """Begins to beat, and to watch the parent. Call this in the event loop."""
        self._socket.setblocking(False)
        loop = asyncio.get_running_loop()
        loop.add_reader(self._socket, self._receive)
        self._beat()

    def ready(self, urls: list[str]) -> None:
        """Tells the parent that this process serves."""
        self._send({"ready": urls})

    def refuse(self, lines: list[str], code: int) -> None:
        """Tells the parent why this process cannot start."""
        self._send({"refused": lines, "code": code})

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._socket.close()

    def _receive_orders(self) -> Orders:
        self._socket.settimeout(ORDERS_WITHIN)
        line = b""
        while not line.endswith(b"\n"):
            if not (data := self._socket.recv(MAX_LINE)):
                raise ConnectionError("the parent process has ended")
            line += data
        return Orders.decode(line)

    def _beat(self) -> None:
        self._send({"beat": True})
        self._timer = asyncio.get_running_loop().call_later(BEAT, self._beat)

    def _receive(self) -> None:
        """The parent sends nothing, so the socket is readable only at its end."""
        try:
            if self._socket.recv(MAX_LINE):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._socket)
        signal.alarm(END_WITHIN)
        signal.raise_signal(signal.SIGTERM)
        loop.call_later(AGAIN_AFTER, signal.raise_signal, signal.SIGTERM)

    def _send(self, value: object) -> None:
        try:
            self._socket.send(_line(value))
        except OSError:  # the parent has ended, or has not read for hours
            pass


class ChildLink(asyncio.Protocol):
    """The link of the parent to one child. Calls `heard` with each object that the child sends."""

    def __init__(self, heard: Callable[[Mapping[str, Any]], None]) -> None:
        self.ended = asyncio.Event()
        """Set when the child has ended, and all that it has sent was read."""
        self._heard = heard
        self._buffer = b""

    def connection_lost(self, _: Exception | None) -> None:
        self.ended.set()

    def data_received(self, data: bytes) -> None:
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            self._heard(json.loads(line))


def child_environment(environ: Mapping[str, str], descriptor: int) -> dict[str, str]:
    """Returns the environment of a child whose end of the link is `descriptor`."""
    kept = {name: value for name, value in environ.items() if name not in OF_THE_PARENT}
    return {**kept, VARIABLE: str(descriptor)}


def _line(value: object) -> bytes:
    return json.dumps(value).encode() + b"\n"
