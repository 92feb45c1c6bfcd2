"""A room that a benchmark creates and ends."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from scripts.loadgen.errors import BadInput
from scripts.loadgen.target import PublishEndpoint, Server, parse_target


@asynccontextmanager
async def own_room(url: str, title: str) -> AsyncIterator[tuple[Server, PublishEndpoint]]:
    """Creates a room, and ends the room at the end if the server still answers. Raises BadInput."""
    api = Server(parse_target(url, owned=False), None, False)
    try:
        endpoint = await api.create_room(title)
        try:
            yield api, endpoint
        finally:
            with suppress(BadInput):
                await api.end_room(endpoint)
    finally:
        await api.close()
