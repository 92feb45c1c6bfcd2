"""The other processes of a server with several processes, which answer over their admin sockets."""

import asyncio
import logging
import os
from pathlib import Path

from aiohttp import ClientError, ClientSession, ClientTimeout, UnixConnector, web

from server.host.process import Process
from server.settings import admin_socket_name

logger = logging.getLogger(__name__)

WITHIN = 2.0
"""Maximum seconds until a process has answered."""
MAX_ANSWER = 16 << 20
"""Maximum size of an answer, bytes."""
ALONE = "Microlive-Alone"
"""Header of a request that a process must answer for itself alone."""


class Siblings:
    """The other processes."""

    def __init__(self, data: Path, process: Process) -> None:
        """`data`: data directory. `process`: this process."""
        self._data = data
        self._process = process

    async def gather(self, path: str, own: bytes) -> dict[int, bytes | None]:
        """Returns the answers of all processes to GET `path` by their numbers, with `own` as the
        answer of this process; None for a process that does not answer in time.
        """
        numbers = range(self._process.count)
        answers = await asyncio.gather(
            *(self._get(number, path) for number in numbers if number != self._process.number)
        )
        others = iter(answers)
        return {n: own if n == self._process.number else next(others) for n in numbers}

    async def _get(self, number: int, path: str) -> bytes | None:
        connector = UnixConnector(os.fspath(self._data / admin_socket_name(number)))
        timeout = ClientTimeout(total=WITHIN)
        try:
            async with (
                ClientSession(connector=connector, timeout=timeout, headers={ALONE: "1"}) as http,
                http.get(f"http://localhost{path}", raise_for_status=True) as response,
            ):
                answer = bytearray()
                async for chunk in response.content.iter_any():
                    answer += chunk
                    if len(answer) > MAX_ANSWER:
                        return None
                return bytes(answer)
        except (ClientError, OSError, TimeoutError) as error:
            logger.info("process %d does not answer: %s", number, error or type(error).__name__)
            return None


def is_for_all(request: web.Request) -> bool:
    """Whether the request is meant for all processes."""
    return ALONE not in request.headers
