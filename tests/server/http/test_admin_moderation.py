"""Bans and reports for the operator."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.fixtures.deadline import eventually
from tests.fixtures.people import Browser
from tests.fixtures.server import Server, running

TOKEN = "an-admin-token-of-some-length"


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with running(tmp_path, admin_token=TOKEN) as server:
        yield server


@pytest_asyncio.fixture
async def sam(server: Server) -> AsyncIterator[Browser]:
    async with Browser(server.url) as browser:
        await browser.ask("PUT", "/api/me/handle", {"handle": "sam-test"})
        yield browser


async def admin(server: Server, method: str, path: str, body: object = None) -> tuple[int, Any]:
    async with server.http.request(
        method,
        f"{server.url}/api/admin/{path}",
        json=body,
        headers={"Authorization": f"Bearer {TOKEN}"},
    ) as response:
        return response.status, await response.json() if response.status != 204 else None


async def test_a_banned_person_can_neither_write_nor_go_live(server: Server, sam: Browser) -> None:
    own, other = await sam.create_room(), await server.create()
    async with sam.watch(other.name) as socket:
        body = {"person": "@Sam-Test", "reason": "spam"}
        status, answer = await admin(server, "POST", "bans", body)
        assert (status, answer["ended"]) == (201, [own.name])
        assert (answer["ban"]["until"], answer["ban"]["reason"]) == (None, "spam")
        while not socket.closed:
            await socket.receive()
        assert socket.close_code == 4403
    await eventually(lambda: own.name not in server.rooms.in_memory)
    messages = f"/api/rooms/{other.name}/messages"
    status, refusal = await sam.ask("POST", messages, {"id": "a", "text": "hi"})
    assert status == 403 and refusal["code"] in ("banned", "banned_by_operator")
    status, refusal = await sam.ask("POST", "/api/rooms", {})
    assert (status, refusal["code"]) == (403, "banned_by_operator")
    _, listed = await admin(server, "GET", "bans")
    assert listed == {"bans": [answer["ban"]]}
    assert (await admin(server, "DELETE", "bans/@sam-test"))[0] == 204
    assert (await admin(server, "DELETE", "bans/@sam-test"))[0] == 404
    room = await server.rooms.local(other.name)
    await eventually(lambda: not room.social.moderation.state.operator_bans)
    assert await sam.status("POST", messages, {"id": "a", "text": "hi"}) == 201


async def test_a_ban_for_a_time(server: Server, sam: Browser) -> None:
    person = (await sam.ask("GET", "/api/me"))[1]["person"]["id"]
    status, answer = await admin(server, "POST", "bans", {"person": person, "seconds": 0.2})
    assert status == 201 and answer["ban"]["until"]
    assert await sam.status("POST", "/api/rooms", {}) == 403
    until = answer["ban"]["until"]
    await eventually(lambda: time.time() >= until)
    assert await sam.status("POST", "/api/rooms", {}) == 201


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "bans", {}, 422, "bad_moderation"),
        ("POST", "bans", {"person": "x", "seconds": -1}, 422, "bad_moderation"),
        ("POST", "bans", {"person": "x", "seconds": 1e9}, 422, "bad_moderation"),
        ("POST", "bans", {"person": "no-such-person"}, 404, "person_not_found"),
        ("POST", "bans", {"person": "\u0000"}, 404, "person_not_found"),
        ("DELETE", "bans/none", None, 404, "person_not_found"),
        ("POST", "reports/none", {"decision": "removed"}, 404, "report_not_found"),
        ("POST", "reports/none", {"decision": "forgiven"}, 422, "bad_report"),
        ("POST", "reports/none", [], 400, "not_json"),
    ],
)
async def test_bad_input(
    server: Server, method: str, path: str, body: object, status: int, code: str
) -> None:
    found, answer = await admin(server, method, path, body)
    assert (found, answer["code"]) == (status, code)


async def test_reports_about_rooms_reach_the_operator(server: Server, sam: Browser) -> None:
    room = await sam.create_room()
    async with Browser(server.url) as ali:
        path = f"/api/rooms/{room.name}/reports"
        status, made = await ali.ask("POST", path, {"reason": "violence", "text": "look"})
        assert status == 201
        _, listed = await admin(server, "GET", "reports?state=open")
        (entry,) = listed["reports"]
        assert entry["report"] == made and entry["reporter"]["id"]
        decision = {"decision": "ended", "note": "against the rules"}
        status, decided = await admin(server, "POST", f"reports/{made['id']}", decision)
        assert (status, decided["report"]["decision"]) == (200, "ended")
        status, refusal = await admin(server, "POST", f"reports/{made['id']}", decision)
        assert (status, refusal["code"]) == (409, "report_decided")
        assert (await admin(server, "GET", "reports?state=open"))[1] == {"reports": []}
        assert len((await admin(server, "GET", "reports"))[1]["reports"]) == 1
        for browser, kind in ((ali, "made"), (sam, "about")):
            _, own = await browser.ask("GET", "/api/me/reports")
            assert own[kind][0]["note"] == "against the rules"


@pytest.mark.parametrize("path", ["bans", "reports"])
async def test_the_token_is_needed(server: Server, path: str) -> None:
    assert await server.status("GET", f"/api/admin/{path}") == 401
    headers = {"Authorization": "Bearer another-token-of-some-length"}
    assert await server.status("GET", f"/api/admin/{path}", headers=headers) == 403
