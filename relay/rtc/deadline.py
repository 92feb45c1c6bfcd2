"""A timeout that obeys the pause rule."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

from relay.pause import JUDGE_AGAIN, PauseRule


@asynccontextmanager
async def deadline(seconds: float, pause: PauseRule) -> AsyncIterator[None]:
    """Raises TimeoutError if the context takes longer than `seconds`. After a pause of
    the process, the error is delayed until the datagrams that arrived during the pause are read.
    """
    loop = asyncio.get_running_loop()
    timer: asyncio.TimerHandle

    def expire() -> None:
        nonlocal timer
        if pause.may_judge(monotonic()):
            timeout.reschedule(loop.time())
        else:
            timer = loop.call_later(JUDGE_AGAIN, expire)

    async with asyncio.timeout(None) as timeout:
        timer = loop.call_later(seconds, expire)
        try:
            yield
        finally:
            timer.cancel()
