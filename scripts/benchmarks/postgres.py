"""Runs the PostgreSQL server of Debian's package, with the data in a separate folder."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

PROGRAMS = Path("/usr/lib/postgresql")
USER = "postgres"
"""User that runs PostgreSQL if this process runs as root, because PostgreSQL refuses to run as
root.
"""
START_WITHIN = 30.0


class PostgresMissing(Exception):
    """PostgreSQL is not installed."""

    def __init__(self) -> None:
        super().__init__("needs PostgreSQL; on Debian: sudo apt-get install postgresql")


class Postgres:
    """A PostgreSQL server that listens on 127.0.0.1, and on a Unix socket in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)

    def create(self) -> None:
        """Creates the files of an empty server."""
        _run(
            _program("initdb"),
            *("-D", str(self.folder / "data"), "-U", USER, "-A", "trust", "-E", "UTF8"),
            *("--locale=C.UTF-8", "--no-sync"),
        )

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
        options = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self.folder,
            "max_connections": 60,
            "shared_buffers": "16MB",
        }
        arguments = [f"--{name}={value}" for name, value in options.items()]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*as_user(), _program("postgres"), "-D", str(self.folder / "data"), *arguments],
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )
        self._await_answer(self._process)

    def stop(self) -> None:
        """Ends the server at once, as a crash does. The next start recovers all committed data."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(START_WITHIN)
            self._process = None

    def url(self, database: str = "postgres", port: int | None = None) -> str:
        return f"postgresql://{USER}@127.0.0.1:{port or self.port}/{database}"

    @contextmanager
    def database(self) -> Iterator[str]:
        """Creates an empty database. Yields its URL."""
        name = f"test{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Suspends every process of the server until the context ends. Connections stay open, but
        get no answer.
        """
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process
        process = self._process.pid
        children = Path(f"/proc/{process}/task/{process}/children").read_text()
        for pid in (process, *map(int, children.split())):
            os.kill(pid, number)

    def _await_answer(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_WITHIN
        while True:
            try:
                psycopg.connect(self.url()).close()
                return
            except psycopg.OperationalError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError((self.folder / "log").read_text()) from None
                time.sleep(0.05)


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Creates an empty PostgreSQL server, but does not start it. Raises PostgresMissing."""
    with own_folder() as folder:
        server = Postgres(folder)
        server.create()
        yield server


@contextmanager
def own_folder() -> Iterator[Path]:
    """Creates a folder that belongs to the user that runs PostgreSQL. The path is short enough for
    a socket.
    """
    folder = Path(tempfile.mkdtemp(prefix="microlive-"))
    try:
        if os.geteuid() == 0:
            user = pwd.getpwnam(USER)
            os.chown(folder, user.pw_uid, user.pw_gid)
        yield folder
    finally:
        shutil.rmtree(folder)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def as_user() -> list[str]:
    """Returns the words to put before a command, so that the command runs as a user that PostgreSQL
    accepts. The command also ends when this process ends.
    """
    if os.geteuid() != 0:
        return ["setpriv", "--pdeathsig", "QUIT"]
    return [
        *("setpriv", "--reuid", USER, "--regid", USER, "--init-groups"),
        *("--pdeathsig", "QUIT"),
    ]


def _program(name: str) -> str:
    """Returns the path of the newest installed version of a program. Raises PostgresMissing."""
    found = sorted(PROGRAMS.glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    if not found:
        raise PostgresMissing
    return str(found[-1])


def _run(*command: str) -> None:
    subprocess.run(
        [*as_user(), *command], check=True, stdout=subprocess.DEVNULL, cwd="/", timeout=60
    )
