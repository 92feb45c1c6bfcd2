"""The database goes away for 10 s while a room is on air: the live goes on, writes are refused in
time, and everything works again by itself.
"""

import time
from pathlib import Path

import pytest

from scripts.benchmarks.postgres import Postgres
from tests.fixtures.publisher import Publisher
from tests.fixtures.server import Server, running
from tests.fixtures.viewer import Viewer

AWAY = 10.0


async def refused(server: Server) -> None:
    """A write is refused within the time that server/OPERATIONS.md says."""
    began = time.monotonic()
    async with server.http.post(f"{server.url}/api/rooms", json={}) as response:
        assert response.status == 503, await response.text()
        assert (await response.json())["code"] == "storage_unavailable"
        assert int(response.headers["Retry-After"]) > 0
    assert time.monotonic() - began < 3.0


@pytest.mark.service
@pytest.mark.deadlines
async def test_a_database_that_goes_away_for_ten_seconds(
    tmp_path: Path, postgres: Postgres
) -> None:
    with postgres.database() as url:
        async with running(tmp_path, database=url) as server:
            room = await server.create(title="on air")
            async with (
                Publisher(server.http, room.whip, room.key),
                Viewer(server.http, server.url, room.name) as viewer,
            ):
                await viewer.frames(10)
                with postgres.hanging():
                    gone = time.monotonic()
                    while time.monotonic() - gone < AWAY:
                        await refused(server)
                        assert await server.state(room) == "live"
                        assert await server.status("GET", "/healthz") == 200
                        assert await server.status("GET", "/readyz") == 503
                    async with Viewer(server.http, server.url, room.name) as second:
                        await second.frames(10)
                    await viewer.frames(10)
                viewer.assert_unbroken()
                other = await server.create(title="after")
                assert await server.state(other) == "idle"
                assert await server.status("GET", "/readyz") == 200


async def test_two_servers_share_one_database(tmp_path: Path, postgres: Postgres) -> None:
    """Only the server of an open room answers for it. Both servers show an ended room."""
    with postgres.database() as url:
        async with (
            running(tmp_path / "a", database=url) as first,
            running(tmp_path / "b", database=url) as second,
        ):
            room = await first.create(title="here")
            async with second.http.get(f"{second.url}/api/rooms/{room.name}") as response:
                assert response.status == 421
                assert (await response.json())["code"] == "room_elsewhere"
            assert (
                await second.status("DELETE", f"/api/rooms/{room.name}", headers=room.bearer) == 421
            )
            assert await first.state(room) == "idle"
            assert (
                await first.status("DELETE", f"/api/rooms/{room.name}", headers=room.bearer) == 204
            )
            assert await second.state(room) == "ended"
            kept = await first.create(title="kept")
        async with running(tmp_path / "b", database=url) as second:
            assert kept.name not in second.rooms.in_memory
        async with running(tmp_path / "a", database=url) as first:
            assert await first.state(kept) == "idle"
