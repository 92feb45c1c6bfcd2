"""The option `--demo`: a room with a synthetic publisher that uses the real WHIP endpoint."""

import asyncio
import logging
import sys

from server.rooms.commands.room import End
from server.rooms.registry import Rooms

logger = logging.getLogger(__name__)

TITLE = "A live from a machine"
RETRY = 2.0
"""Delay before the demo restarts a publisher process that has ended, seconds."""


class Demo:
    """Owns the demo room and the publisher's process. `close()` ends the room and the process."""

    def __init__(self, url: str, rooms: Rooms) -> None:
        self._url = url
        self._rooms = rooms
        self._room = self._key = ""
        self._task: asyncio.Task[None] | None = None

    @property
    def watch_url(self) -> str:
        return f"{self._url}/r/{self._room}"

    async def start(self) -> None:
        new = await self._rooms.create(TITLE)
        self._room, self._key = new.room.room, new.key
        self._task = asyncio.get_running_loop().create_task(self._publish())

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._rooms.ask(self._room, End(self._key))

    async def _publish(self) -> None:
        while True:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "server.host.synthetic", f"{self._url}/whip/{self._room}"),
                stdin=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                # Start the publisher's process in a session of its own: Ctrl-C must reach only the
                # server, which then ends the publisher.
                start_new_session=True,
            )
            try:
                assert process.stdin and process.stderr
                process.stdin.write(self._key.encode() + b"\n")
                errors = await process.stderr.read(65_536)
                await process.wait()
                logger.warning(
                    "the demo publisher ended: %s",
                    errors.decode(errors="replace").strip().splitlines()[-1:],
                )
            finally:
                if process.returncode is None:
                    process.terminate()
                    await process.wait()
            await asyncio.sleep(RETRY)
