"""The answers that a node gave lately, so that a command that is sent again because its answer was
lost is not executed again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from server.recent import Recent

KEEP = 60.0
"""Seconds for which an answer is kept."""
MAX_KEPT = 10_000
MAX_SIZE = 4_096
"""Maximum size of an answer that is kept, bytes. Longer answers only read something, and may be
made again.
"""


@dataclass(slots=True)
class _Kept:
    answer: "asyncio.Future[bytes]"
    until: float


class Answers:
    """Executes each command once. Every command has an id."""

    def __init__(self) -> None:
        self._kept: Recent[str, _Kept] = Recent(MAX_KEPT)

    async def once(self, id: str, execute: Callable[[], Awaitable[bytes]]) -> bytes:
        """Returns the answer to the command with this id. Calls `execute` unless the command is
        being executed, or was executed lately.
        """
        loop = asyncio.get_running_loop()
        known = self._kept.get(id)
        if known and known.until > loop.time():
            return await asyncio.shield(known.answer)
        answer: asyncio.Future[bytes] = loop.create_future()
        self._kept.keep(id, _Kept(answer, loop.time() + KEEP))
        try:
            found = await execute()
        except BaseException:
            self._kept.pop(id, None)
            answer.cancel()
            raise
        answer.set_result(found)
        if len(found) > MAX_SIZE:
            self.forget(id)
        return found

    def forget(self, id: str) -> None:
        """Executes the command again if it comes again."""
        self._kept.pop(id, None)
