"""Clients that this project did not write play a live, and publish, from a page of another site.

All play at the same time, so that the slowest one decides how long this takes.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from playwright.async_api import Browser

from relay.sample import Track
from scripts.benchmarks.clapping import clapping
from scripts.benchmarks.clients import page, programs
from scripts.benchmarks.clients.catalogue import CLIENTS, Client
from scripts.benchmarks.clients.site import site
from scripts.benchmarks.clients.watching import Watching, shows
from scripts.benchmarks.local_server import LocalServer
from tests.fixtures.viewer import Viewer

PICTURES, WITHIN = 90, 30.0
PLAYERS = [client for client in CLIENTS if client.kind != "publisher" and not client.tuned]
PUBLISHERS = [client for client in CLIENTS if client.kind == "publisher"]


@dataclass(frozen=True, slots=True)
class Stage:
    """A server that the page of another site may use."""

    server: LocalServer
    origin: str
    browser: Browser

    def plays(self, client: Client, room: str) -> AbstractAsyncContextManager[Watching]:
        hls = f"{self.server.url}/hls/{room}/index.m3u8"
        if client.kind == "program":
            return programs.started(client, hls)
        urls = {"hls": hls, "whep": f"{self.server.url}/whep/{room}"}
        return page.playing(self.browser, self.origin, client, urls)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stage(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    data = tmp_path_factory.mktemp("data")
    async with site() as origin:
        allowed = f"--cors-origins={origin.rpartition('/')[0]}"
        async with LocalServer(data, allowed) as server:
            yield Stage(server, origin, chromium)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def playing(stage: Stage) -> AsyncIterator[dict[str, asyncio.Task[None]]]:
    """All players, by name; each task ends when its player has shown enough."""

    async def play(client: Client, room: str) -> None:
        async with stage.plays(client, room) as watching:
            await shows(watching, PICTURES, WITHIN)

    async with clapping(stage.server.url, "Clients") as (_, room):
        tasks = {client.name: asyncio.create_task(play(client, room)) for client in PLAYERS}
        yield tasks
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)


@pytest.mark.parametrize("name", [client.name for client in PLAYERS])
async def test_a_player_shows_pictures_and_plays_sound(
    playing: dict[str, asyncio.Task[None]], name: str
) -> None:
    await playing[name]


@pytest.mark.parametrize("client", PUBLISHERS, ids=[client.name for client in PUBLISHERS])
async def test_a_publisher_sends_pictures_and_sound(stage: Stage, client: Client) -> None:
    url = stage.server.url
    async with ClientSession() as http:
        async with http.post(f"{url}/api/rooms", json={}) as answer:
            made = await answer.json()
        async with (
            page.publishing(stage.browser, stage.origin, client, made["whip"], made["key"]),
            Viewer(http, url, made["room"]) as viewer,
        ):
            await viewer.until(
                lambda: len(viewer.media(Track.VIDEO)) >= PICTURES and viewer.media(Track.AUDIO),
                WITHIN,
            )
