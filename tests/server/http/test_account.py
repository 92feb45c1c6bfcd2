"""The download of personal data and the deletion of a person, over HTTP."""

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.http import account
from server.people.purge import Purge
from server.storage import personal_data
from server.storage.errors import StorageError
from server.storage.personal_data import KINDS
from server.storage.schema import metadata
from tests.fixtures.people import Browser
from tests.fixtures.server import Server, running

WEEK = 7 * 86_400


def purge(server: Server) -> Purge:
    return Purge(server.storage.accounts, server.identity.counters)


async def contents(server: Server) -> str:
    """Every value in the database."""

    async def read(connection: AsyncConnection) -> str:
        found = []
        for table in metadata.tables.values():
            found += [str(tuple(row)) for row in await connection.execute(sa.select(table))]
        return "\n".join(found)

    return await server.storage.database.read(read)


async def test_the_download_has_everything(server: Server, browser: Browser) -> None:
    _, answer = await browser.ask("PUT", "/api/me/handle", {"handle": "다크걸"})
    async with Browser(server.url) as other:
        _, hidden = await other.ask("PUT", "/api/me/handle", {"handle": "other"})
    await browser.ask("PUT", f"/api/me/hidden/{hidden['person']['id']}")
    status, data = await browser.ask("GET", "/api/me/data")
    assert status == 200
    assert browser.headers["Content-Disposition"] == 'attachment; filename="microlive.json"'
    assert browser.headers["Cache-Control"] == "no-store"
    assert set(data) == {kind.name for kind in KINDS} | {"made_at", "followers"}
    [person] = data["person"]
    assert (person["id"], person["handle"]) == (answer["person"]["id"], "다크걸")
    assert [each["hidden"] for each in data["hidden"]] == [hidden["person"]["id"]]
    assert len(data["devices"]) == 1 and data["messages"] == []
    assert answer["recovery_code"] not in json.dumps(data)


async def test_downloads_are_limited(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    statuses = [await browser.status("GET", "/api/me/data") for _ in range(11)]
    assert statuses == [200] * 10 + [429]
    assert int(browser.headers["Retry-After"]) > 60


async def test_a_database_that_fails_meanwhile_cuts_the_download_off(
    server: Server, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a file never looks like a whole one."""

    async def failing(*_: object) -> AsyncIterator[list[dict[str, object]]]:
        yield [{"a": 1}]
        raise StorageError("gone")

    monkeypatch.setattr(personal_data.PersonalDataStore, "pages", failing)
    with pytest.raises(Exception, match=r"payload|Payload|closed|Connection|disconnected"):
        await browser.ask("GET", "/api/me/data")


async def test_a_database_that_does_not_answer_is_a_refusal(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(*_: object) -> int:
        raise StorageError("gone")

    monkeypatch.setattr(personal_data.PersonalDataStore, "count_followers", failing)
    assert await browser.status("GET", "/api/me/data") == 503


async def test_a_deletion_is_undone(server: Server, browser: Browser) -> None:
    _, answer = await browser.ask("PUT", "/api/me/handle", {"handle": "dark"})
    async with Browser(server.url) as laptop:
        _, made = await browser.ask("POST", "/api/me/transfers")
        await laptop.ask("POST", "/api/transfers", {"code": made["code"]})
        status, leaving = await browser.ask("DELETE", "/api/me")
        assert status == 200 and leaving["person"] == answer["person"]
        assert leaving["delete_at"] == pytest.approx(time.time() + WEEK, abs=60)
        assert await laptop.status("DELETE", "/api/me") == 401  # other devices are signed out
    again = await browser.ask("DELETE", "/api/me")
    assert again == (200, leaving)  # a second request postpones nothing
    assert (await browser.ask("GET", "/api/me"))[1]["delete_at"] == leaving["delete_at"]
    status, restored = await browser.ask("POST", "/api/me/restore")
    assert (status, restored["delete_at"]) == (200, None)
    assert (await browser.ask("POST", "/api/me/restore"))[0] == 200
    assert (await browser.ask("GET", "/api/me"))[1]["delete_at"] is None
    assert await purge(server).run(time.time() + 2 * WEEK) == 0


async def test_who_was_signed_out_everywhere_can_still_undo(
    server: Server, browser: Browser
) -> None:
    _, answer = await browser.ask("PUT", "/api/me/handle", {"handle": "dark"})
    _, leaving = await browser.ask("DELETE", "/api/me")
    async with Browser(server.url) as laptop:
        body = {"handle": "dark", "code": answer["recovery_code"]}
        _, recovered = await laptop.ask("POST", "/api/recover", body)
        assert recovered["delete_at"] == leaving["delete_at"]
        assert (await laptop.ask("POST", "/api/me/restore"))[1]["delete_at"] is None


async def test_after_a_week_the_database_does_not_know_the_person(
    server: Server, browser: Browser
) -> None:
    guest_cookie = browser.cookie
    _, answer = await browser.ask("PUT", "/api/me/handle", {"handle": "dark"})
    person = answer["person"]["id"]
    async with Browser(server.url) as other:
        await other.ask("PUT", "/api/me/handle", {"handle": "other"})
        await other.ask("PUT", f"/api/me/hidden/{person}")
    await browser.ask("POST", "/api/me/transfers")
    _, leaving = await browser.ask("DELETE", "/api/me")
    assert await purge(server).run(leaving["delete_at"] - 1) == 0
    assert person in await contents(server)
    assert await purge(server).run(leaving["delete_at"]) == 1
    assert server.identity.counters.deleted == 1
    assert person not in await contents(server)

    for cookie in {browser.cookie, guest_cookie} - {""}:
        async with Browser(server.url, cookie=cookie) as copy:
            status, refusal = await copy.ask("POST", "/api/me/transfers")
            assert (status, refusal["code"]) == (401, "signed_out")
    assert (await browser.ask("GET", "/api/me"))[1]["person"]["id"] != person
    assert person not in await contents(server)
    async with Browser(server.url) as heir:  # the handle is free
        assert await heir.status("PUT", "/api/me/handle", {"handle": "dark"}) == 200


async def test_rooms_in_memory_forget_the_person(server: Server, browser: Browser) -> None:
    """Also if another server deletes the person."""
    await browser.ask("GET", "/api/me")
    _, own = await browser.ask("POST", "/api/rooms", {"title": "mine"})
    async with Browser(server.url) as creator:
        _, made = await creator.ask("POST", "/api/rooms", {"title": "other"})
    messages = f"/api/rooms/{made['room']}/messages"
    assert (await browser.ask("POST", messages, {"id": "x", "text": "secret"}))[0] == 201
    _, leaving = await browser.ask("DELETE", "/api/me")
    here = Purge(server.storage.accounts, server.identity.counters, server.rooms.forget_person)
    assert await here.run(leaving["delete_at"] - 60) == 0
    async with Browser(server.url) as reader:
        assert "secret" in str(await reader.ask("GET", messages))
        assert await purge(server).run(leaving["delete_at"]) == 1
        await here.run(leaving["delete_at"])
        page = str(await reader.ask("GET", messages))
        assert "secret" not in page and leaving["person"]["id"] not in page
        assert await reader.status("GET", f"/api/rooms/{own['room']}/settings") == 410


async def test_the_cookie_from_before_the_first_write_brings_no_one_back(
    server: Server, browser: Browser
) -> None:
    _, me = await browser.ask("GET", "/api/me")
    person = me["person"]["id"]
    async with Browser(server.url, cookie=browser.cookie) as copy:
        await browser.ask("PUT", "/api/me/handle", {"handle": "dark"})
        _, leaving = await browser.ask("DELETE", "/api/me")
        await purge(server).run(leaving["delete_at"])
        assert await copy.status("POST", "/api/me/transfers") == 401
    assert person not in await contents(server)


async def test_a_guest_who_wrote_nothing_is_forgotten_at_once(
    server: Server, browser: Browser
) -> None:
    await browser.ask("GET", "/api/me")
    status, answer = await browser.ask("DELETE", "/api/me")
    assert status == 200 and answer["delete_at"] == pytest.approx(time.time(), abs=60)
    assert browser.cookie == ""


async def test_the_delay_is_a_setting(tmp_path: Path) -> None:
    async with running(tmp_path, deletion_delay=60) as server, Browser(server.url) as browser:
        await browser.ask("PUT", "/api/me/handle", {"handle": "dark"})
        _, leaving = await browser.ask("DELETE", "/api/me")
        assert leaving["delete_at"] == pytest.approx(time.time() + 60, abs=30)


async def test_another_origin_deletes_no_one(browser: Browser) -> None:
    headers = {"Origin": "https://evil.example"}
    await browser.ask("PUT", "/api/me/handle", {"handle": "dark"})
    assert await browser.status("DELETE", "/api/me", headers=headers) == 403
    assert await browser.status("GET", "/api/me/data", headers=headers) == 403
    assert (await browser.ask("GET", "/api/me"))[1]["delete_at"] is None


def test_a_download_is_bounded() -> None:
    assert account.READY_WITHIN <= 60
