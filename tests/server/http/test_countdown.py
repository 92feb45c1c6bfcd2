"""The length of a live over HTTP, as API.md describes it."""

from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.people import Browser
from tests.fixtures.server import Server, running
from tests.fixtures.viewer import Viewer


async def add(server: Server, path: str, **options: Any) -> tuple[int, Any]:
    async with server.http.post(server.url + path, **options) as response:
        return response.status, await response.json()


async def test_one_more_minute(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        room = await server.create(length=180)
        path = f"/api/rooms/{room.name}/minutes"
        assert await add(server, path, headers=room.bearer) == (
            200,
            {"length": 240, "ends_at": None},
        )
        stored = await server.storage.rooms.find(room.name)
        assert stored and stored.length_s == 240
        async with Browser(server.url) as browser:
            status, refusal = await browser.ask("POST", path)
            assert (status, refusal["code"]) == (403, "creator_only")
        async with Viewer(server.http, server.url, room.name) as viewer:
            event = await viewer.event(type="countdown")
            assert (event["state"], event["length"], event["ends_at"]) == ("waiting", 240, None)


async def test_a_live_without_a_length(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        room = await server.create(length=None)
        status, refusal = await add(server, f"/api/rooms/{room.name}/minutes", headers=room.bearer)
        assert (status, refusal["code"]) == (409, "no_countdown")


async def test_the_maximum_of_the_server(tmp_path: Path) -> None:
    async with running(tmp_path, max_length=100.0) as server:
        room = await server.create()
        status, refusal = await add(server, f"/api/rooms/{room.name}/minutes", headers=room.bearer)
        assert (status, refusal["code"]) == (409, "length_at_maximum")


@pytest.mark.parametrize("length", [0, 61, -60, True, "60", [], 1e400])
async def test_a_length_that_is_not_possible(tmp_path: Path, length: object) -> None:
    async with running(tmp_path) as server:
        status, refusal = await add(server, "/api/rooms", json={"length": length})
        assert (status, refusal["code"]) == (422, "bad_length")
