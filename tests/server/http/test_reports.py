"""Reports over HTTP: who may read them, decide on them and answer them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from server.storage import reports as stored_reports
from tests.fixtures.people import Browser
from tests.fixtures.server import NewRoom, Server


@pytest_asyncio.fixture
async def minji(server: Server) -> AsyncIterator[Browser]:
    """The creator."""
    async with Browser(server.url) as browser:
        await browser.ask("PUT", "/api/me/handle", {"handle": "minji-test"})
        yield browser


@pytest_asyncio.fixture
async def sam(server: Server, room: NewRoom) -> AsyncIterator[Browser]:
    """A guest who has written the first message."""
    async with Browser(server.url) as browser:
        path = f"/api/rooms/{room.name}/messages"
        assert (await browser.ask("POST", path, {"id": "a", "text": "rude"}))[0] == 201
        yield browser


@pytest_asyncio.fixture
async def ali(server: Server) -> AsyncIterator[Browser]:
    """A viewer who reports."""
    async with Browser(server.url) as browser:
        yield browser


@pytest_asyncio.fixture
async def room(minji: Browser) -> NewRoom:
    return await minji.create_room()


def reports(room: NewRoom) -> str:
    return f"/api/rooms/{room.name}/reports"


async def own(browser: Browser) -> Any:
    status, answer = await browser.ask("GET", "/api/me/reports")
    assert status == 200
    return answer


async def test_a_report_from_its_making_to_the_answer(
    minji: Browser, sam: Browser, ali: Browser, room: NewRoom
) -> None:
    body = {"message": 1, "reason": "harassment", "text": "please \u0000 look"}
    status, report = await ali.ask("POST", reports(room), body)
    assert status == 201
    assert (report["kind"], report["message"]) == ("message", {"n": 1, "text": "rude"})
    assert (report["state"], report["text"]) == ("open", "please look")
    assert await own(ali) == {"made": [report], "about": []}
    seen = (await own(sam))["about"]
    assert seen == [{**report, "text": ""}]
    assert (await minji.ask("GET", reports(room)))[1] == {"reports": [report]}

    path = f"{reports(room)}/{report['id']}"
    decision = {"decision": "removed", "note": "be kind"}
    status, decided = await minji.ask("PUT", path, decision)
    assert (status, decided["state"], decided["decision"]) == (200, "decided", "removed")
    status, refusal = await minji.ask("PUT", path, {"decision": "dismissed"})
    assert (status, refusal["code"]) == (409, "report_decided")
    for browser, kind in ((ali, "made"), (sam, "about")):
        (shown,) = (await own(browser))[kind]
        assert (shown["decision"], shown["note"]) == ("removed", "be kind")

    answer = f"/api/reports/{report['id']}/answer"
    status, refusal = await ali.ask("PUT", answer, {"answer": "not about me"})
    assert (status, refusal["code"]) == (404, "report_not_found")
    status, answered = await sam.ask("PUT", answer, {"answer": "sorry"})
    assert (status, answered["answer"], answered["text"]) == (200, "sorry", "")
    status, refusal = await sam.ask("PUT", answer, {"answer": "really"})
    assert (status, refusal["code"]) == (409, "report_answered")
    assert (await own(ali))["made"][0]["answer"] == "sorry"
    _, log = await minji.ask("GET", f"/api/rooms/{room.name}/log")
    assert (log["log"][0]["action"], log["log"][0]["detail"]) == ("decide", "removed")


async def test_a_moderator_neither_reads_nor_decides_reports_about_itself(
    minji: Browser, sam: Browser, ali: Browser, room: NewRoom
) -> None:
    _, report = await ali.ask("POST", reports(room), {"message": 1, "reason": "hate"})
    _, me = await sam.ask("GET", "/api/me")
    path = f"/api/rooms/{room.name}/moderators/{me['person']['id']}"
    assert await minji.status("PUT", path) == 204
    assert (await sam.ask("GET", reports(room)))[1] == {"reports": []}
    decision = f"{reports(room)}/{report['id']}", {"decision": "dismissed"}
    assert await sam.status("PUT", *decision) == 404
    assert await minji.status("PUT", *decision) == 200


async def test_a_report_is_decided_when_many_newer_ones_are_listed(
    minji: Browser, sam: Browser, ali: Browser, room: NewRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_reports, "MAX_LISTED", 1)
    body = {"message": 1, "reason": "hate"}
    _, first = await ali.ask("POST", reports(room), body)
    _, second = await ali.ask("POST", reports(room), body)
    for report in (second, first):
        path = f"{reports(room)}/{report['id']}"
        assert await minji.status("PUT", path, {"decision": "dismissed"}) == 200


async def test_reports_about_the_creator_are_not_for_the_creator(
    minji: Browser, ali: Browser, room: NewRoom
) -> None:
    me = (await minji.ask("GET", "/api/me"))[1]["person"]["id"]
    status, about_room = await ali.ask("POST", reports(room), {"reason": "violence"})
    assert (status, about_room["kind"], about_room["person"]["id"]) == (201, "room", me)
    status, about_creator = await ali.ask("POST", reports(room), {"reason": "hate", "person": me})
    assert (status, about_creator["kind"]) == (201, "person")
    assert (await minji.ask("GET", reports(room)))[1] == {"reports": []}
    for report in (about_room, about_creator):
        path = f"{reports(room)}/{report['id']}"
        assert await minji.status("PUT", path, {"decision": "dismissed"}) == 404
    assert len((await own(minji))["about"]) == 2


async def test_an_ended_live_can_be_reported(
    server: Server, sam: Browser, ali: Browser, room: NewRoom
) -> None:
    path = f"{server.url}/api/rooms/{room.name}"
    async with server.http.delete(path, headers=room.bearer) as response:
        assert response.status == 204
    status, report = await ali.ask("POST", reports(room), {"message": 1, "reason": "spam"})
    assert (status, report["message"]["text"]) == (201, "rude")


async def test_a_person_makes_ten_reports_an_hour(ali: Browser, room: NewRoom) -> None:
    for _ in range(10):
        assert await ali.status("POST", reports(room), {"reason": "other"}) == 201
    status, refusal = await ali.ask("POST", reports(room), {"reason": "other"})
    assert (status, refusal["code"]) == (429, "rate_limited") and refusal["retry_after"] > 3_500


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "bad_report"),
        ({"reason": "boring"}, 422, "bad_report"),
        ({"reason": "spam", "text": "x" * 501}, 422, "bad_report"),
        ({"reason": "spam", "message": "1"}, 422, "bad_report"),
        ({"reason": "spam", "message": 0}, 422, "bad_report"),
        ({"reason": "spam", "message": 1, "person": "p"}, 422, "bad_report"),
        ({"reason": "spam", "person": "p\u0000"}, 422, "bad_report"),
        ({"reason": "spam", "more": 1}, 422, "bad_report"),
        ({"reason": "spam", "message": 99}, 404, "message_not_found"),
    ],
)
async def test_bad_reports(
    ali: Browser, room: NewRoom, body: object, status: int, code: str
) -> None:
    answer = await ali.ask("POST", reports(room), body)
    assert (answer[0], answer[1]["code"]) == (status, code)


async def test_what_is_not_found(ali: Browser, minji: Browser, room: NewRoom) -> None:
    await ali.ask("GET", "/api/me")
    answer = {"answer": "x"}
    assert await ali.status("PUT", "/api/reports/none/answer", answer) == 404
    assert await ali.status("PUT", "/api/reports/n%00ne/answer", answer) == 404
    assert await minji.status("PUT", f"{reports(room)}/none", {"decision": "removed"}) == 404
    assert await minji.status("PUT", f"{reports(room)}/none", {"decision": "forgiven"}) == 422


async def test_a_program_cannot_report(server: Server, room: NewRoom) -> None:
    body = {"reason": "spam"}
    async with server.http.post(
        server.url + reports(room), json=body, headers=room.bearer
    ) as response:
        assert response.status == 401
