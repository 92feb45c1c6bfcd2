"""The requests of a server that a creator moves to another server (relay/PROTOCOL.md)."""

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp

RETRY = 1.0
"""Seconds until the next attempt to listen."""


async def moves(http: aiohttp.ClientSession, whip: str) -> AsyncIterator[None]:
    """Yields at each request of the server that the creator moves. Listens to the events of the
    room until the caller stops. `whip`: the URL to which the creator publishes.
    """
    url = whip.replace("/whip/", "/api/rooms/") + "/events"
    timeout = aiohttp.ClientTimeout(total=None, sock_read=60)
    while True:
        try:
            async with http.get(url, timeout=timeout) as answer:
                async for line in answer.content:
                    if b'"move"' in line and _is_move(line):
                        yield
        except (aiohttp.ClientError, TimeoutError, ValueError):
            pass  # the server closes, or it is another one by now
        await asyncio.sleep(RETRY)


def _is_move(line: bytes) -> bool:
    """Whether a line of server-sent events is the event `move`."""
    try:
        event = json.loads(line.removeprefix(b"data:"))["event"]
    except (ValueError, KeyError, TypeError):
        return False
    return isinstance(event, dict) and event.get("type") == "move"
