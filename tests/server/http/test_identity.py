"""Who sends a request: cookies, guests, origins."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.people.cookie import COOKIE_NAME, LIFETIME, RENEW_AFTER
from server.storage.people import PersonRecord, PersonStore
from server.storage.schema.people import device, person
from tests.fixtures.deadline import eventually
from tests.fixtures.people import Browser
from tests.fixtures.server import Server, running


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with running(tmp_path, max_people_per_address_hour=3) as server:
        yield server


async def count(server: Server, table: sa.Table) -> int:
    async def work(connection: AsyncConnection) -> int:
        return int(await connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)

    return await server.storage.database.read(work)


async def test_a_visitor_becomes_a_guest_without_a_row(server: Server, browser: Browser) -> None:
    """The cookie is signed, only for HTTP, and only for this site."""
    status, me = await browser.ask("GET", "/api/me")
    assert status == 200 and me["guest"] and me["person"]["handle"] is None
    assert " " in me["person"]["name"] and 0 <= me["person"]["colour"] < 12
    header = browser.headers["Set-Cookie"]
    for part in (f"{COOKIE_NAME}-", "HttpOnly", "SameSite=Lax", "Path=/", f"Max-Age={LIFETIME}"):
        assert part in header
    assert "Secure" not in header and browser.headers["Cache-Control"] == "no-store"
    assert (await browser.ask("GET", "/api/me"))[1] == me
    assert "Set-Cookie" not in browser.headers
    assert await count(server, person) == 0


async def test_a_guest_who_writes_gets_a_row(server: Server, browser: Browser) -> None:
    _, me = await browser.ask("GET", "/api/me")
    assert await browser.status("PUT", "/api/me/handle", {"handle": "다크걸"}) == 200
    assert (await count(server, person), await count(server, device)) == (1, 1)
    _, now = await browser.ask("GET", "/api/me")
    assert now["person"] == {**me["person"], "name": "다크걸", "handle": "다크걸"}


@pytest.mark.parametrize(
    "value",
    ["", "x", "1.e30.AAAA", "1.eyJwIjoiYSJ9.AAAA", "é", "A" * 4_000, "..", "1" * 2_000],
    ids=lambda value: value[:10],
)
async def test_a_forged_cookie_is_no_cookie(server: Server, browser: Browser, value: str) -> None:
    _, me = await browser.ask("GET", "/api/me")
    async with Browser(server.url, cookie=value) as forger:
        status, other = await forger.ask("GET", "/api/me")
        assert status == 200 and other["person"]["id"] != me["person"]["id"]


async def test_two_servers_on_one_host_sign_no_visitor_out(
    server: Server, browser: Browser, tmp_path: Path
) -> None:
    """Browsers send the cookies of a host to all of its ports."""
    me = await browser.person()
    async with running(tmp_path / "other") as other:
        browser.url = browser.origin = other.url
        there = await browser.person()
        assert there["id"] != me["id"]
        browser.url = browser.origin = server.url
        assert await browser.person() == me
        browser.url = browser.origin = other.url
        assert await browser.person() == there
    assert len(browser.cookies) == 2


async def test_the_cookie_of_an_older_version_stays_valid(server: Server, browser: Browser) -> None:
    """It gets its new name. A cookie of another server with the same name is left alone."""
    me, cookie = await browser.person(), browser.cookie
    async with Browser(server.url, cookie=cookie) as older:
        assert await older.person() == me
        assert list(older.cookies) == [server.identity.cookie_name]
    async with Browser(server.url, cookie="1.eyJwIjoiYSJ9.AAAA") as foreign:
        assert await foreign.person() != me
        assert set(foreign.cookies) == {server.identity.cookie_name, COOKIE_NAME}


async def test_a_cookie_of_10_kilobytes(browser: Browser) -> None:
    """aiohttp refuses the header."""
    assert (
        await browser.status("GET", "/api/me", headers={"Cookie": "microlive=" + "A" * 10_000})
        == 400
    )


async def test_an_expired_cookie_is_no_cookie(server: Server, browser: Browser) -> None:
    _, me = await browser.ask("GET", "/api/me")
    cookie = server.identity.keys.read(browser.cookie, time.time())
    assert cookie
    old = server.identity.keys.write(cookie.visitor, time.time() - LIFETIME - 1)
    async with Browser(server.url, cookie=old) as late:
        _, other = await late.ask("GET", "/api/me")
        assert other["person"]["id"] != me["person"]["id"]


async def test_a_cookie_is_renewed_after_a_day(server: Server, browser: Browser) -> None:
    _, me = await browser.ask("GET", "/api/me")
    cookie = server.identity.keys.read(browser.cookie, time.time())
    assert cookie
    old = server.identity.keys.write(cookie.visitor, time.time() - RENEW_AFTER - 1)
    async with Browser(server.url, cookie=old) as again:
        assert (await again.ask("GET", "/api/me"))[1]["person"] == me["person"]
        assert again.cookie not in ("", old)


async def test_a_signed_out_device(server: Server, browser: Browser) -> None:
    """A write with its replayed cookie gets 401 and loses the cookie; GET makes a new guest."""
    await browser.ask("PUT", "/api/me/handle", {"handle": "Dark"})
    replayed = browser.cookie
    await server.storage.database.write(
        lambda connection: connection.execute(device.update().values(revoked_at=time.time()))
    )
    async with Browser(server.url, cookie=replayed) as thief:
        status, refusal = await thief.ask("PUT", "/api/me/handle", {"handle": "Thief"})
        assert (status, refusal["code"]) == (401, "signed_out")
        assert thief.cookie == ""
    async with Browser(server.url, cookie=replayed) as thief:
        _, me = await thief.ask("GET", "/api/me")
        assert me["guest"] and me["person"]["name"] != "Dark"
    found = await server.storage.people.find_handle("dark")
    assert found is not None


async def test_a_flood_asks_storage_once(
    server: Server, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Changes are still seen at once."""
    asked: list[str] = []
    admit = PersonStore.admit

    async def counted(store: PersonStore, id: str, device_id: str) -> PersonRecord | None:
        asked.append(id)
        return await admit(store, id, device_id)

    monkeypatch.setattr(PersonStore, "admit", counted)
    await browser.ask("PUT", "/api/me/handle", {"handle": "Dark"})
    asked.clear()
    for _ in range(5):
        assert await browser.status("DELETE", "/api/follows/none") == 200
    assert len(asked) == 1
    await browser.ask("PUT", "/api/me/handle", {"handle": "Bright"})
    assert (await browser.ask("GET", "/api/me"))[1]["person"]["handle"] == "Bright"
    server.identity.revocations.add(device_of(server, browser))
    assert await browser.status("DELETE", "/api/follows/none") == 401


def device_of(server: Server, browser: Browser) -> str:
    cookie = server.identity.keys.read(browser.cookie, time.time())
    assert cookie
    return cookie.visitor.device


async def test_sign_outs_are_learnt_from_the_database(server: Server, browser: Browser) -> None:
    """A viewer with the replayed cookie is then no person, and the database is not asked."""
    await browser.ask("PUT", "/api/me/handle", {"handle": "Dark"})
    await server.storage.database.write(
        lambda connection: connection.execute(device.update().values(revoked_at=time.time()))
    )
    await server.identity.refresh()
    room = await server.create()
    async with browser.watch(room.name):
        await eventually(lambda: server.channel(room).members == 1)
        assert people_of(server, room) == [None]


async def test_the_first_visit_to_a_room_makes_a_guest(server: Server, browser: Browser) -> None:
    """The visitor then counts once, even after a reconnection. A program stays without a name."""
    room = await server.create()
    async with browser.watch(room.name, origin=""):
        await eventually(lambda: server.channel(room).members == 1)
        assert people_of(server, room) == [None] and not browser.cookie
    await eventually(lambda: server.channel(room).members == 0)
    for _ in range(2):
        async with browser.watch(room.name):
            await eventually(lambda: server.channel(room).members == 1)
            person = (await browser.ask("GET", "/api/me"))[1]["person"]
            assert people_of(server, room) == [person["id"]]
        await eventually(lambda: server.channel(room).members == 0)
    assert server.room(room).social.presence.figures.people == 1 + 1  # and the program


def people_of(server: Server, room: Any) -> list[str | None]:
    return [member.person for member in server.channel(room)._members._members.values()]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "own", "Sec-Fetch-Site": "same-origin"}, 200),
    ],
    ids=str,
)
async def test_only_own_pages_change_anything(
    server: Server, browser: Browser, headers: dict[str, str], status: int
) -> None:
    if headers.get("Origin") == "own":
        headers = {**headers, "Origin": server.url}
    for method, path, body in (
        ("PUT", "/api/me/handle", {"handle": "Dark"}),
        ("PATCH", "/api/me", {"name": "Dark"}),
    ):
        async with server.http.request(
            method, server.url + path, json=body, headers=headers, cookies=browser.cookies
        ) as response:
            assert response.status == status
            if status == 403:
                assert (await response.json())["code"] == "foreign_origin"
                assert "Set-Cookie" not in response.headers


async def test_a_bearer_key_hides_the_cookie(server: Server, browser: Browser) -> None:
    await browser.ask("GET", "/api/me")
    headers = {"Authorization": "Bearer x"}
    assert await browser.status("GET", "/api/me", headers=headers) == 401
    assert await browser.status("PUT", "/api/me/handle", {"handle": "a"}, headers=headers) == 401


async def test_what_visitors_send_is_counted(server: Server, browser: Browser) -> None:
    await browser.ask("PUT", "/api/me/handle", {"handle": "Dark"})
    async with Browser(server.url, cookie="1.forged.AAAA") as forger:
        await forger.ask("GET", "/api/me")
    counters = server.identity.counters
    assert (counters.guests, counters.stored, counters.refused_cookies) == (2, 1, 1)


async def test_new_people_of_an_address_are_limited(server: Server) -> None:
    """Only people who write count; guests who only watch do not."""
    for number in range(3):
        async with Browser(server.url) as browser:
            assert (
                await browser.status("PUT", "/api/me/handle", {"handle": f"dark-{number}"}) == 200
            )
            assert await browser.status("PUT", "/api/me/handle", {"handle": f"d-{number}"}) == 200
    async with Browser(server.url) as browser:
        status, refusal = await browser.ask("PUT", "/api/me/handle", {"handle": "one-more"})
        assert (status, refusal["code"]) == (429, "too_many_people")
        assert int(browser.headers["Retry-After"]) > 1
        assert await browser.status("GET", "/api/me") == 200
    assert await count(server, person) == 3


async def test_a_viewer_is_the_person_of_the_cookie(server: Server, browser: Browser) -> None:
    _, me = await browser.ask("GET", "/api/me")
    room = await server.create()
    for origin, expected in ((server.url, me["person"]["id"]), ("", None)):
        async with browser.watch(room.name, origin):
            await eventually(lambda: server.channel(room).members == 1)
            assert people_of(server, room) == [expected]
        await eventually(lambda: server.channel(room).members == 0)


async def test_an_event_stream_is_of_the_person_of_the_cookie(
    server: Server, browser: Browser
) -> None:
    _, me = await browser.ask("GET", "/api/me")
    room = await server.create()
    async with browser.http.get(f"{server.url}/api/rooms/{room.name}/events"):
        await eventually(lambda: server.channel(room).members == 1)
        assert people_of(server, room) == [me["person"]["id"]]


async def test_the_cookie_is_secure_over_https(tmp_path: Path) -> None:
    async with running(tmp_path, public_url="https://live.example.org") as server:
        async with Browser(server.url, origin="https://live.example.org") as browser:
            host = {"Host": "live.example.org"}
            assert await browser.status("GET", "/api/me", headers=host) == 200
            assert "; Secure" in browser.headers["Set-Cookie"]
            # A page over plain HTTP can be forged.
            forged = {**host, "Origin": "http://live.example.org"}
            body = {"handle": "a"}
            assert await browser.status("PUT", "/api/me/handle", body, headers=forged) == 403
            assert await browser.status("PUT", "/api/me/handle", body, headers=host) == 200


async def test_a_new_key_keeps_all_people(server: Server, browser: Browser) -> None:
    """Cookies of the old key stay valid, and are renewed once the new key signs."""
    _, me = await browser.ask("GET", "/api/me")
    first = browser.cookie
    await server.storage.cookie_keys.add(b"new" * 11, time.time() - 60)
    await server.identity.refresh()
    assert (await browser.ask("GET", "/api/me"))[1] == me
    assert first.startswith("1.") and browser.cookie.startswith("2.")
