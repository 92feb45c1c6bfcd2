"""Waits for conditions in a page that can only be polled."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

ASK_EVERY = 0.05


async def until(evaluate: Callable[[str], Awaitable[Any]], condition: str, within: float) -> Any:
    """Polls until the expression is true, and returns its value.

    Raises TimeoutError after `within` seconds.
    """
    async with asyncio.timeout(within):
        while True:
            if value := await evaluate(condition):
                return value
            await asyncio.sleep(ASK_EVERY)
