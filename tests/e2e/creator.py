"""A publisher that uses little CPU: a real WHIP sender of media that was encoded before."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache

from aiohttp import ClientSession

from scripts.loadgen.clip import Clip, encode
from scripts.loadgen.plans import PublishersPlan
from scripts.loadgen.publisher import Publisher
from scripts.loadgen.publishers import Publishers

WIDTH, HEIGHT, FPS, KBPS = 360, 640, 30, 800


@cache
def _clip() -> Clip:
    return encode(WIDTH, HEIGHT, FPS, KBPS)


@dataclass(frozen=True)
class LiveRoom:
    """A room that is live."""

    room: str
    key: str
    watch: str


@asynccontextmanager
async def live_room(
    server_url: str, title: str, headers: Mapping[str, str] | None = None
) -> AsyncIterator[LiveRoom]:
    """Publishes inside `async with`. The request that creates the room has these `headers`."""
    clip = _clip()
    publishers = Publishers(
        PublishersPlan(insecure=False, rooms=[], clip=clip.to_json(), stay=0, ramp=0)
    )
    publishers._tick()
    async with ClientSession() as http:
        try:
            async with http.post(
                f"{server_url}/api/rooms", json={"title": title}, headers=headers
            ) as response:
                made = await response.json()
            publisher = Publisher(
                publishers.counts, clip, made["room"], made["key"], made["whip"], http
            )
            publishers._publishers.add(publisher)
            await publisher.connect()
            yield LiveRoom(made["room"], made["key"], made["watch"])
        finally:
            await publishers.close()


@asynccontextmanager
async def creator(server_url: str, title: str) -> AsyncIterator[str]:
    """Publishes inside `async with`. Yields the URL of the room."""
    async with live_room(server_url, title) as live:
        yield live.watch
