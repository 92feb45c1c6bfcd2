"""Polls over HTTP, as API.md describes them."""

from typing import Any

import pytest

from tests.fixtures.people import Browser
from tests.fixtures.server import NewRoom, Server

QUESTION = {"question": "Tea or coffee?", "answers": ["Tea", "Coffee"]}


async def ask(
    server: Server, method: str, path: str, room: NewRoom, body: object = None
) -> tuple[int, Any]:
    """A request of the creator."""
    async with server.http.request(
        method, server.url + path, json=body, headers=room.bearer
    ) as response:
        return response.status, await response.json() if response.status != 204 else None


async def opened(server: Server, room: NewRoom) -> str:
    status, answer = await ask(server, "POST", f"/api/rooms/{room.name}/polls", room, QUESTION)
    assert status == 201
    return str(answer["poll"]["id"])


async def test_a_poll_by_two_people(server: Server, browser: Browser) -> None:
    room = await server.create()
    poll = await opened(server, room)
    path = f"/api/rooms/{room.name}/polls"
    async with Browser(server.url) as other:
        status, voted = await browser.ask("PUT", f"{path}/{poll}/vote", {"answer": 1})
        assert (status, voted["vote"], voted["poll"]["votes"]) == (200, 1, [0, 1])
        await other.ask("PUT", f"{path}/{poll}/vote", {"answer": 0})
        await other.ask("PUT", f"{path}/{poll}/vote", {"answer": 1})
        assert (await other.ask("GET", path))[1]["vote"] == 1
    _, read = await browser.ask("GET", path)
    assert read == {
        "poll": {"id": poll, **QUESTION, "votes": [0, 2], "open": True, "closes_shown_until": None},
        "vote": 1,
    }
    status, closed = await ask(server, "DELETE", f"{path}/{poll}", room)
    assert status == 200 and not closed["poll"]["open"] and closed["poll"]["closes_shown_until"]
    status, refusal = await browser.ask("PUT", f"{path}/{poll}/vote", {"answer": 1})
    assert (status, refusal["code"]) == (409, "poll_closed")


async def test_two_tabs_of_one_person_vote_once(server: Server, browser: Browser) -> None:
    room = await server.create()
    poll = await opened(server, room)
    await browser.ask("GET", "/api/me")
    async with Browser(server.url, cookie=browser.cookie) as tab:
        for page, answer in ((browser, 0), (tab, 1), (browser, 1), (tab, 0)):
            path = f"/api/rooms/{room.name}/polls/{poll}/vote"
            status, _ = await page.ask("PUT", path, {"answer": answer})
            assert status == 200
        _, read = await tab.ask("GET", f"/api/rooms/{room.name}/polls")
    assert read["poll"]["votes"] == [1, 0]


@pytest.mark.parametrize("body", [{"answer": 7}, {"answer": -1}, {"answer": "0"}, {}])
async def test_a_vote_for_no_answer(
    server: Server, browser: Browser, body: dict[str, object]
) -> None:
    room = await server.create()
    poll = await opened(server, room)
    path = f"/api/rooms/{room.name}/polls/{poll}/vote"
    status, refusal = await browser.ask("PUT", path, body)
    assert (status, refusal["code"]) == (422, "no_such_answer")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"question": 1, "answers": ["a", "b"]}, 400),
        ({"question": "q", "answers": "ab"}, 400),
        ({"question": "q", "answers": ["a", 1]}, 400),
        ({"question": "q", "answers": ["a"]}, 422),
        ({"question": "\u0000", "answers": ["a", "b"]}, 422),
    ],
)
async def test_a_bad_question(server: Server, body: dict[str, object], status: int) -> None:
    room = await server.create()
    path = f"/api/rooms/{room.name}/polls"
    got, refusal = await ask(server, "POST", path, room, body)
    assert (got, refusal["code"]) == (status, "bad_poll")


async def test_only_the_creator_asks_and_closes(server: Server, browser: Browser) -> None:
    room, other = await server.create(), await server.create()
    poll = await opened(server, room)
    path = f"/api/rooms/{room.name}/polls"
    for method, where, body in (("POST", path, QUESTION), ("DELETE", f"{path}/{poll}", None)):
        status, refusal = await browser.ask(method, where, body)
        assert (status, refusal["code"]) == (403, "creator_only")
        status, refusal = await ask(server, method, where, other, body)
        assert (status, refusal["code"]) == (403, "wrong_key")


async def test_a_vote_needs_a_person_and_a_page_of_this_server(server: Server) -> None:
    room = await server.create()
    poll = await opened(server, room)
    path = f"/api/rooms/{room.name}/polls/{poll}/vote"
    status, refusal = await ask(server, "PUT", path, room, {"answer": 0})
    assert (status, refusal["code"]) == (401, "signed_out")
    async with Browser(server.url, origin="https://elsewhere.example") as browser:
        status, refusal = await browser.ask("PUT", path, {"answer": 0})
        assert (status, refusal["code"]) == (403, "foreign_origin")


async def test_polls_of_an_ended_or_unknown_room(server: Server, browser: Browser) -> None:
    room = await server.create()
    poll = await opened(server, room)
    await ask(server, "DELETE", f"/api/rooms/{room.name}", room)
    path = f"/api/rooms/{room.name}/polls"
    for method, where, body in (
        ("GET", path, None),
        ("PUT", f"{path}/{poll}/vote", {"answer": 0}),
    ):
        status, refusal = await browser.ask(method, where, body)
        assert (status, refusal["code"]) == (410, "room_ended")
    status, refusal = await browser.ask("GET", "/api/rooms/nowhere/polls")
    assert (status, refusal["code"]) == (404, "room_not_found")
