"""Reports the state of the server to systemd (sd_notify(3), Type=notify)."""

import asyncio
import os
import socket
from collections.abc import Mapping
from typing import Self


class ServiceManager:
    """Sends READY, STOPPING and the keep-alive messages of the watchdog. Sends nothing if no
    service manager has started the server. `close()` stops the messages.
    """

    def __init__(self, address: str, watchdog: float = 0.0) -> None:
        """`address`: path of a Unix socket, or "@" and an abstract name; empty if there is no
        service manager. `watchdog`: seconds without a message after which the service manager
        restarts the server; 0 if there is no watchdog.
        """
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._interval = watchdog / 2
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) if address else None
        if self._socket:
            self._socket.setblocking(False)
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Reads the variables that systemd sets."""
        for_this_process = environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        period = environ.get("WATCHDOG_USEC", "")
        watchdog = int(period) / 1_000_000 if for_this_process and period.isdecimal() else 0.0
        return cls(environ.get("NOTIFY_SOCKET", ""), watchdog)

    def ready(self) -> None:
        """Reports that the server answers, and starts the watchdog messages. Call this method in
        the event loop: a blocked loop then sends no message.
        """
        self._send("READY=1")
        if self._interval:
            self._keep_alive()

    def stopping(self) -> None:
        """Reports that the server shuts down."""
        self._send("STOPPING=1")

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()
        if self._socket:
            self._socket.close()

    def _keep_alive(self) -> None:
        self._send("WATCHDOG=1")
        self._timer = asyncio.get_running_loop().call_later(self._interval, self._keep_alive)

    def _send(self, message: str) -> None:
        if self._socket:
            try:
                self._socket.sendto(message.encode(), self._address)
            except OSError:  # the service manager is restarting: the next message may arrive
                pass
