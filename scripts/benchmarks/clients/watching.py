"""A client that plays."""

import asyncio
import time
from typing import Protocol

from scripts.benchmarks import timecode

LOOK_EVERY = 0.05


class ClientFailed(Exception):
    """Raised if a client reports an error, ends, or shows nothing in time."""


class Watching(Protocol):
    """A client that plays a live with the clapperboard."""

    async def take(self) -> list[tuple[float, int]]:
        """Returns the time codes shown since the last call, each with its moment (monotonic clock,
        seconds). Raises ClientFailed if the client has reported an error.
        """
        ...

    async def heard(self) -> bool:
        """Whether the client has played sound so far."""
        ...


async def shows(client: Watching, pictures: int, within: float) -> float:
    """Waits until the client has shown that many different pictures and has played sound. Returns
    the moment of the first picture. Raises ClientFailed.
    """
    moments: list[float] = []
    before = None
    deadline = time.monotonic() + within
    while True:
        for moment, word in await client.take():
            code = timecode.decode(word)
            if code is not None and code != before:
                before = code
                moments.append(moment)
        if len(moments) >= pictures and await client.heard():
            return moments[0]
        if time.monotonic() > deadline:
            sound = "sound" if await client.heard() else "no sound"
            raise ClientFailed(f"{len(moments)} pictures and {sound} after {within:g} s")
        await asyncio.sleep(LOOK_EVERY)
