"""People over the whole server: restarts, floods, storage that is away."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from server.storage.database import Database
from server.storage.errors import StorageUnavailable
from tests.fixtures.people import Browser
from tests.fixtures.server import running
from tests.integration.conftest import Live

GUESTS = 1_000
PEOPLE_PER_HOUR = 500
"""From one address, by default."""


@pytest.fixture
def settings() -> dict[str, Any]:
    return {
        "max_requests_per_address_second": 100_000,
        "max_person_requests_per_address_minute": 100_000,
        "max_people_per_address_hour": 20,
    }


async def test_a_person_survives_a_restart(tmp_path: Path) -> None:
    """The cookie stays valid; the handle and the follows remain."""
    async with running(tmp_path) as server, Browser(server.url) as creator:
        await creator.ask("PUT", "/api/me/handle", {"handle": "다크걸"})
        _, me = await creator.ask("GET", "/api/me")
        async with Browser(server.url) as fan:
            assert await fan.status("PUT", f"/api/follows/{me['person']['id']}") == 200
            cookies = creator.cookie, fan.cookie
    async with running(tmp_path) as server:
        async with Browser(server.url, cookie=cookies[0]) as creator:
            assert (await creator.ask("GET", "/api/me"))[1] == me
            _, profile = await creator.ask("GET", "/api/handles/다크걸")
            assert profile["followers"] == 1
        async with Browser(server.url, cookie=cookies[1]) as fan:
            _, follows = await fan.ask("GET", "/api/me/follows")
            assert follows == {"follows": [me["person"]]}


async def test_a_thousand_fresh_guests(live: Live) -> None:
    """Each guest gets a cookie, and none a row in the database. Guests who write are limited. The
    picture goes on.
    """
    server = live.server
    began = time.monotonic()

    async def arrive(number: int) -> int:
        async with server.http.get(f"{server.url}/api/me") as response:
            assert response.status == 200 and "Set-Cookie" in response.headers
            cookie = response.headers["Set-Cookie"].partition(";")[0]
        async with server.http.put(
            f"{server.url}/api/me/handle",
            json={"handle": f"dark-{number}"},
            headers={"Cookie": cookie, "Origin": server.url},
        ) as response:
            return response.status

    statuses: list[int] = []
    for start in range(0, GUESTS, 50):
        statuses += await asyncio.gather(*map(arrive, range(start, start + 50)))
    refilled = (time.monotonic() - began) * PEOPLE_PER_HOUR / 3_600
    assert set(statuses) == {200, 429}
    assert 20 <= statuses.count(200) <= 21 + refilled, "a bucket of 20, and what is refilled"
    assert len(await server.storage.people.people()) == statuses.count(200)
    await live.viewer.frames(5)


async def test_two_tabs_write_for_the_first_time(tmp_path: Path) -> None:
    async with running(tmp_path) as server, Browser(server.url) as browser:
        await browser.ask("GET", "/api/me")
        results = await asyncio.gather(
            *(browser.status("PUT", "/api/me/handle", {"handle": text}) for text in ("a1", "A1"))
        )
        assert results == [200, 200]
        (record,) = await server.storage.people.people()
        assert record.handle in ("a1", "A1")


async def test_without_storage_people_stay_who_they_are(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the cookie, people still read and watch. Writes get 503 with Retry-After."""
    server = live.server
    async with Browser(server.url) as browser, Browser(server.url) as guest:
        await browser.ask("PUT", "/api/me/handle", {"handle": "Dark"})
        _, me = await browser.ask("GET", "/api/me")

        async def fail(*_: object) -> None:
            raise StorageUnavailable("away")

        with monkeypatch.context() as away:
            for name in ("read", "select", "write"):
                away.setattr(Database, name, fail)
            assert await browser.ask("GET", "/api/me") == (200, me)
            assert await guest.status("GET", "/api/me") == 200
            async with browser.watch(live.room.name) as socket:
                await socket.receive(timeout=5)
            for visitor in (browser, guest):
                status, refusal = await visitor.ask("PUT", "/api/me/handle", {"handle": "Other"})
                assert (status, refusal["code"]) == (503, "storage_unavailable")
                assert visitor.headers["Retry-After"]
        assert await guest.status("PUT", "/api/me/handle", {"handle": "Other"}) == 200
