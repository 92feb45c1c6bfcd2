"""Runs the PostgreSQL server of Debian's package, with the data in a separate folder."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

from scripts.benchmarks.local_program import LocalProgram

PROGRAMS = Path("/usr/lib/postgresql")
USER = "postgres"
"""User that runs PostgreSQL if this process runs as root, because PostgreSQL refuses to run as
root.
"""


class PostgresMissing(Exception):
    """PostgreSQL is not installed."""

    def __init__(self) -> None:
        super().__init__("needs PostgreSQL; on Debian: sudo apt-get install postgresql")


class Postgres(LocalProgram):
    """A PostgreSQL server, which listens on a Unix socket in `folder` too. The start after `stop`
    recovers all committed data.
    """

    END = signal.SIGQUIT

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._numbers = count(1)

    def create(self) -> None:
        """Creates the files of an empty server."""
        _run(
            _program("initdb"),
            *("-D", str(self.folder / "data"), "-U", USER, "-A", "trust", "-E", "UTF8"),
            *("--locale=C.UTF-8", "--no-sync"),
        )

    def command(self) -> list[str]:
        options = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self.folder,
            "max_connections": 60,
            "shared_buffers": "16MB",
        }
        arguments = [f"--{name}={value}" for name, value in options.items()]
        return [*as_user(), _program("postgres"), "-D", str(self.folder / "data"), *arguments]

    def answers(self) -> bool:
        try:
            psycopg.connect(self.url()).close()
        except psycopg.OperationalError:
            return False
        return True

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

    def send(self, number: signal.Signals) -> None:
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        for pid in (self.pid, *map(int, children.split())):
            os.kill(pid, number)


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
