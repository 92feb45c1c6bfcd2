"""Spreads long work of many requests over passes of the event loop, so that the frames between two
passes wait for little of it.
"""

import asyncio
from collections import deque

MOST = 3
"""Number of turns in one pass of the event loop."""


class Turns:
    """Gives turns in the order in which they were asked for. The owner of a turn works until its
    next await.
    """

    def __init__(self) -> None:
        self._left = MOST
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> None:
        """Returns at once if turns are left in this pass of the event loop, else in a later one."""
        loop = asyncio.get_running_loop()
        if self._left:
            if self._left == MOST:
                loop.call_soon(self._begin_pass)
            self._left -= 1
            return
        turn = loop.create_future()
        self._waiting.append(turn)
        await turn

    def _begin_pass(self) -> None:
        """Gives turns to those who wait. They work in the next pass, with those who come then."""
        self._left = MOST
        while self._waiting and self._left:
            turn = self._waiting.popleft()
            if not turn.done():  # who left meanwhile needs no turn
                turn.set_result(None)
                self._left -= 1
        if self._left < MOST:
            asyncio.get_running_loop().call_soon(self._begin_pass)
