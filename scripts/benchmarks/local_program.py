"""A server program of another project in a separate process, on loopback."""

import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

START_WITHIN = 30.0
CHECK_EVERY = 0.02


class LocalProgram:
    """A program that keeps its files and its log in `folder`. The caller can start it again with
    the same port and files.
    """

    END: ClassVar = signal.SIGKILL
    """The signal that ends the program at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        """The port of 127.0.0.1 on which the program must listen."""
        self._process: subprocess.Popen[bytes] | None = None

    def command(self) -> Sequence[str]:
        """Returns the command line. Subclasses also write their configuration."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Whether the program answers at its port. May raise OSError instead."""
        raise NotImplementedError

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    @contextmanager
    def running(self) -> Iterator[None]:
        """Starts the program, and stops it at the end if it still runs."""
        try:
            self.start()
            yield
        finally:
            self.stop()

    def start(self) -> None:
        """Starts the program and waits until it answers."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, cwd=self.folder
            )
        deadline = time.monotonic() + START_WITHIN
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError((self.folder / "log").read_text())
            time.sleep(CHECK_EVERY)

    def stop(self) -> None:
        """Ends the program at once, as a crash does."""
        if self._process is not None:
            self._process.send_signal(self.END)
            self._process.wait(START_WITHIN)
            self._process = None

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Suspends the program until the context ends. Connections stay open, but get no answer."""
        self.send(signal.SIGSTOP)
        try:
            yield
        finally:
            self.send(signal.SIGCONT)

    def send(self, number: signal.Signals) -> None:
        """Sends a signal to every process of the program."""
        assert self._process
        self._process.send_signal(number)

    def _answers(self) -> bool:
        try:
            return self.answers()
        except OSError:
            return False


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
