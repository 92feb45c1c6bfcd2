"""A timeout that obeys the pause rule."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

from relay.pause import JUDGE_AGAIN, PauseRule


@asynccontextmanager
async def deadline(seconds: float, pause: PauseRule) -> AsyncIterator[None]:
    """Raises TimeoutError if the body of the `async with` block takes longer than `seconds`. If the
    process was paused, the timeout expires only after the datagrams that arrived during the pause
    have been read.
    """
    async with asyncio.timeout(None) as timeout:
        expiry = _Expiry(seconds, pause, timeout)
        try:
            yield
        finally:
            expiry.cancel()


class _Expiry:
    """Makes `timeout` expire after `seconds`, or later if the pause rule requires a delay."""

    __slots__ = ("_loop", "_pause", "_timeout", "_timer")

    def __init__(self, seconds: float, pause: PauseRule, timeout: asyncio.Timeout) -> None:
        self._loop = asyncio.get_running_loop()
        self._pause = pause
        self._timeout = timeout
        self._timer = self._loop.call_later(seconds, self._expire)

    def cancel(self) -> None:
        self._timer.cancel()

    def _expire(self) -> None:
        if self._pause.may_judge(monotonic()):
            self._timeout.reschedule(self._loop.time())
        else:
            self._timer = self._loop.call_later(JUDGE_AGAIN, self._expire)
