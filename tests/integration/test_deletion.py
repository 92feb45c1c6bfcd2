"""A person who did everything that is possible asks to be deleted, on SQLite and on PostgreSQL."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.people.purge import Purge
from server.storage.schema import metadata
from tests.fixtures.passkey import Authenticator
from tests.fixtures.people import Browser
from tests.fixtures.push_service import Phone
from tests.fixtures.server import Server, running

ANSWERS = ["yes", "no"]


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    # Session scoped, so that PostgreSQL starts before a test counts its processes.
    if request.param == "postgresql":
        request.getfixturevalue("postgres")
    return str(request.param)


@pytest_asyncio.fixture
async def server(
    dialect: str, request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Server]:
    if dialect == "sqlite":
        async with running(tmp_path) as server:
            yield server
        return
    with request.getfixturevalue("postgres").database() as url:
        async with running(tmp_path, database=url) as server:
            yield server


async def do(browser: Browser, method: str, path: str, body: object = None) -> Any:
    """A request that succeeds."""
    status, answer = await browser.ask(method, path, body)
    assert status < 300, (method, path, answer)
    return answer


async def named(browser: Browser, handle: str) -> str:
    """Takes a handle. Returns the id of the person."""
    answer = await do(browser, "PUT", "/api/me/handle", {"handle": handle})
    return str(answer["person"]["id"])


async def contents(server: Server) -> dict[str, list[str]]:
    """Every row of every table, as text."""

    async def read(connection: AsyncConnection) -> dict[str, list[str]]:
        return {
            table.name: [str(tuple(row)) for row in await connection.execute(sa.select(table))]
            for table in metadata.tables.values()
        }

    return await server.storage.database.read(read)


async def act(browser: Browser, me: str, other: Browser, they: str, room: str, number: int) -> None:
    """What one person does to another one and in a room of a third one."""
    await do(browser, "PUT", f"/api/follows/{they}")
    await do(browser, "PUT", f"/api/me/hidden/{they}")
    for text in ("first", "second"):
        body = {"id": f"{number}-{text}", "text": text}
        await do(browser, "POST", f"/api/rooms/{room}/messages", body)
    body = {"person": they, "reason": "spam", "text": "look"}
    await do(browser, "POST", f"/api/rooms/{room}/reports", body)


async def moderate(browser: Browser, person: str, room: str) -> None:
    """What a moderator does to a person in a room."""
    await do(browser, "PUT", f"/api/rooms/{room}/mutes/{person}", {"seconds": 60})
    await do(browser, "PUT", f"/api/rooms/{room}/bans/{person}", {"for_good": True})


async def discover(browser: Browser, other: Browser) -> None:
    """What one person does to find lives and to be found."""
    announced = {"title": "Tomorrow", "starts_at": time.time() + 86_400}
    await do(browser, "POST", "/api/announcements", announced)
    id = (await do(other, "POST", "/api/announcements", announced))["id"]
    await do(browser, "PUT", f"/api/announcements/{id}/reminder")
    await do(browser, "PATCH", "/api/me", {"bio": "I cook", "link": "https://cook.example/"})
    await do(browser, "PUT", "/api/taste", {"personal": False})
    await do(browser, "POST", "/api/push/subscriptions", Phone().subscription)


async def test_nothing_of_a_person_is_left(server: Server) -> None:
    localhost = server.url.replace("127.0.0.1", "localhost")
    async with Browser(localhost) as mine, Browser(server.url) as fans, Browser(server.url) as boss:
        me, fan, _ = await named(mine, "dark"), await named(fans, "fan"), await named(boss, "boss")
        room = (await do(boss, "POST", "/api/rooms", {"title": "A live"}))["room"]
        own = (await do(mine, "POST", "/api/rooms", {"title": "My live"}))["room"]
        poll = await do(
            boss, "POST", f"/api/rooms/{room}/polls", {"question": "?", "answers": ANSWERS}
        )
        await act(mine, me, fans, fan, room, 1)
        await act(fans, fan, mine, me, room, 2)
        await do(mine, "PUT", f"/api/rooms/{room}/polls/{poll['poll']['id']}/vote", {"answer": 0})
        reply = {"id": "reply", "text": "@fan", "reply_to": 1}
        await do(mine, "POST", f"/api/rooms/{room}/messages", reply)
        await do(boss, "PUT", f"/api/rooms/{room}/pin", {"message": 1})
        await do(boss, "PUT", f"/api/rooms/{room}/moderators/{me}")
        await do(mine, "DELETE", f"/api/rooms/{room}/messages/3")
        await moderate(mine, fan, room)
        await do(boss, "DELETE", f"/api/rooms/{room}/moderators/{me}")
        await moderate(boss, me, room)
        reports = (await do(boss, "GET", f"/api/rooms/{room}/reports"))["reports"]
        for report in reports:
            path = f"/api/rooms/{room}/reports/{report['id']}"
            await do(boss, "PUT", path, {"decision": "removed"})
        [about] = (await do(mine, "GET", "/api/me/reports"))["about"]
        await do(mine, "PUT", f"/api/reports/{about['id']}/answer", {"answer": "no"})

        await do(mine, "PUT", f"/api/rooms/{own}/words", {"words": ["spoiler"]})
        await do(mine, "PUT", f"/api/rooms/{own}/moderators/{fan}")
        await do(mine, "PUT", f"/api/rooms/{own}/shield")
        await do(mine, "DELETE", f"/api/rooms/{own}/moderators/{fan}")
        await do(mine, "PUT", f"/api/rooms/{own}/bans/{fan}", {"for_good": True})
        await do(mine, "PATCH", f"/api/rooms/{own}", {"visibility": "private"})
        await do(mine, "POST", f"/api/rooms/{own}/links", {})
        passkey = Authenticator("localhost", localhost)
        options = await do(mine, "POST", "/api/me/passkeys/options")
        await do(mine, "POST", "/api/me/passkeys", {"credential": passkey.register(options)})
        await do(mine, "POST", "/api/me/transfers")
        await do(mine, "PUT", "/api/me/handle", {"handle": "darker"})
        await discover(mine, fans)

        data = await do(mine, "GET", "/api/me/data")
        missing = {name for name, rows in data.items() if rows == []}
        # tests/server/http/test_clips.py deletes people who made clips. A private live has no tags.
        clips = {"clips", "clips_of_my_lives", "challenges", "pushes_about_me", "tags"}
        assert missing == {"moderator_for", "moderators"} | clips, "both have ended again"
        before = await contents(server)
        assert sum(me in row for rows in before.values() for row in rows) > 20

        await do(mine, "DELETE", "/api/me")
        purge = Purge(server.storage.accounts, server.identity.counters)
        assert await purge.run(time.time() + 8 * 86_400) == 1
        for name in (own, room):  # the end of a live stores what a room still knows
            async with server.http.request("GET", f"{server.url}/api/rooms/{name}") as answer:
                assert me not in await answer.text()
        await do(boss, "DELETE", f"/api/rooms/{room}")
        after = await contents(server)
        assert [row for rows in after.values() for row in rows if me in row] == []

        page = await do(boss, "GET", f"/api/rooms/{room}/messages")
        assert me not in str(page)


@pytest.mark.parametrize("handle", ["다크걸", "🌊"])
async def test_the_handle_is_free_again(server: Server, handle: str) -> None:
    async with Browser(server.url) as browser, Browser(server.url) as heir:
        me = await named(browser, handle)
        await do(browser, "DELETE", "/api/me")
        purge = Purge(server.storage.accounts, server.identity.counters)
        await purge.run(time.time() + 8 * 86_400)
        assert await named(heir, handle) != me
        assert (await do(heir, "GET", "/api/me/data"))["messages"] == []
