"""The chat over HTTP: people with cookies, programs with the key, and viewers."""

import asyncio
from typing import Any

import pytest
import pytest_asyncio

from relay.errors import RefusalCode
from server.errors import Unprocessable
from server.http.chat import read_message
from server.http.json_body import MAX_NUMBER
from tests.fixtures.people import Browser
from tests.fixtures.server import NewRoom, Server
from tests.fixtures.viewer import Viewer

READER = {"role": "guest", "creator": None}
"""A reader of a room without an owner."""


@pytest_asyncio.fixture
async def room(server: Server) -> NewRoom:
    return await server.create()


def messages(room: NewRoom) -> str:
    return f"/api/rooms/{room.name}/messages"


def with_key(room: NewRoom) -> dict[str, str]:
    return {"Authorization": f"Bearer {room.key}"}


async def test_a_first_message_makes_a_guest(
    server: Server, browser: Browser, room: NewRoom
) -> None:
    """No question comes before it. The viewer gets the same message as the answer."""
    async with Viewer(server.http, server.url, room.name) as viewer:
        status, message = await browser.ask("POST", messages(room), {"id": "a", "text": " 안녕 "})
        assert (status, message["n"], message["text"]) == (201, 1, "안녕")
        assert message["person"]["role"] == "guest" and message["person"]["name"]
        event = await viewer.event(type="message")
        assert event["message"] == message
    me = (await browser.ask("GET", "/api/me"))[1]["person"]
    assert {**me, "role": "guest"} == message["person"]
    status, page = await browser.ask("GET", messages(room))
    assert (status, page) == (200, {"messages": [message], "sequence": 1, **READER})


async def test_a_message_sent_again_is_the_same(browser: Browser, room: NewRoom) -> None:
    first = await browser.ask("POST", messages(room), {"id": "a", "text": "hi"})
    again = await browser.ask("POST", messages(room), {"id": "a", "text": "hi"})
    assert (first[0], again[0]) == (201, 200) and first[1] == again[1]


async def test_a_program_writes_with_the_key(
    server: Server, browser: Browser, room: NewRoom
) -> None:
    """It writes as the creator, without a cookie and without an origin. The key of another room is
    refused.
    """
    body = {"id": "a", "text": "hello"}
    async with server.http.post(
        server.url + messages(room), json=body, headers=with_key(room)
    ) as response:
        assert response.status == 201
        assert (await response.json())["person"]["role"] == "creator"
    other = await server.create()
    status, answer = await browser.ask("POST", messages(room), body, with_key(other))
    assert (status, answer["code"]) == (403, "wrong_key")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "bad_message"),
        ({"id": "a"}, 422, "bad_message"),
        ({"id": "a", "text": 7}, 422, "bad_message"),
        ({"id": "a", "text": ["hi"]}, 422, "bad_message"),
        ({"id": "a b", "text": "hi"}, 422, "bad_message"),
        ({"id": "a", "text": "hi", "reply_to": -1}, 422, "bad_message"),
        ({"id": "a", "text": "hi", "reply_to": "1"}, 422, "bad_message"),
        ({"id": "a", "text": "hi", "media_time": 1 << 63}, 422, "bad_message"),
        ({"id": "a", "text": "hi", "media_time": 1.5}, 422, "bad_message"),
        ({"id": "a", "text": "hi", "reply_to": 7}, 404, "message_not_found"),
        ({"id": "a", "text": " \u200b"}, 422, "empty_message"),
        ({"id": "a", "text": "x" * 301}, 422, "message_too_long"),
        ({"id": "a", "text": "x" * 10_000}, 422, "message_too_long"),
        ({"id": "a", "text": "\ud800"}, 422, "bad_message"),
        ([], 400, "not_json"),
        ({"id": "a", "text": "x" * 70_000}, 413, "body_too_large"),
    ],
)
async def test_bad_messages(
    browser: Browser, room: NewRoom, body: object, status: int, code: str
) -> None:
    answer = await browser.ask("POST", messages(room), body)
    assert (answer[0], answer[1]["code"]) == (status, code)
    page = (await browser.ask("GET", messages(room)))[1]
    assert page == {"messages": [], "sequence": 0, **READER}


def test_numbers_that_json_cannot_carry() -> None:
    assert read_message({"id": "a", "text": "", "media_time": MAX_NUMBER}).media_time == MAX_NUMBER
    for number in (MAX_NUMBER + 1, -1, True, float("nan")):
        with pytest.raises(Unprocessable) as caught:
            read_message({"id": "a", "text": "", "media_time": number})
        assert caught.value.code is RefusalCode.BAD_MESSAGE


async def test_a_flood_from_one_person(browser: Browser, room: NewRoom) -> None:
    """Five messages pass at once. The next gets 429 with the seconds to wait, and is not stored."""
    answers = [
        await browser.ask("POST", messages(room), {"id": f"m-{number}", "text": str(number)})
        for number in range(7)
    ]
    assert [status for status, _ in answers] == [201] * 5 + [429] * 2
    assert answers[-1][1]["code"] == "rate_limited" and answers[-1][1]["retry_after"] == 2
    assert browser.headers["Retry-After"] == "2"
    page = (await browser.ask("GET", messages(room)))[1]
    assert [message["text"] for message in page["messages"]] == ["0", "1", "2", "3", "4"]


async def test_pages_of_another_origin_cannot_write(browser: Browser, room: NewRoom) -> None:
    assert await browser.status("POST", messages(room), {"id": "a", "text": "hi"}) == 201
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}):
        status, answer = await browser.ask(
            "POST", messages(room), {"id": "b", "text": "hi"}, headers
        )
        assert (status, answer["code"]) == (403, "foreign_origin")


async def test_the_history(browser: Browser, room: NewRoom) -> None:
    for number in range(1, 8):
        await browser.ask(
            "POST", messages(room), {"id": f"m-{number}", "text": str(number)}, with_key(room)
        )

    async def texts(query: str) -> list[str]:
        status, page = await browser.ask("GET", messages(room) + query)
        assert status == 200 and page["sequence"] == 7
        return [message["text"] for message in page["messages"]]

    assert await texts("?limit=2") == ["6", "7"]
    assert await texts("?before=4&limit=2") == ["2", "3"]
    assert await texts("?after=4") == ["5", "6", "7"]
    assert await texts("?limit=99999999") == [str(number) for number in range(1, 8)]
    for query in (
        "?before=-1",
        "?after=x",
        "?limit=1e3",
        "?after=٣",
        f"?after={10**30}",
        f"?before={'0' * 20}{10**30}",
    ):
        status, answer = await browser.ask("GET", messages(room) + query)
        assert (status, answer["code"]) == (400, "bad_request")


async def test_the_history_of_an_ended_room(browser: Browser, room: NewRoom) -> None:
    """It stays readable, and nothing is added."""
    body = {"id": "a", "text": "hi"}
    await browser.ask("POST", messages(room), body)
    assert await browser.status("DELETE", f"/api/rooms/{room.name}", None, with_key(room)) == 204
    page = (await browser.ask("GET", messages(room)))[1]
    assert [message["text"] for message in page["messages"]] == ["hi"]
    status, answer = await browser.ask("POST", messages(room), {"id": "b", "text": "late"})
    assert (status, answer["code"]) == (410, "room_ended")
    assert await browser.status("GET", "/api/rooms/nosuch/messages") == 404


async def test_messages_are_removed_restored_and_pinned(
    server: Server, browser: Browser, room: NewRoom
) -> None:
    """Their author and the creator may do so, others may not."""
    await browser.ask("POST", messages(room), {"id": "a", "text": "hi"})
    path, pin = f"{messages(room)}/1", f"/api/rooms/{room.name}/pin"
    async with Browser(server.url) as stranger:
        for method, where, body in (
            ("DELETE", path, None),
            ("POST", f"{path}/restore", None),
            ("PUT", pin, {"message": 1}),
            ("DELETE", pin, None),
        ):
            status, answer = await stranger.ask(method, where, body)
            assert (status, answer["code"]) == (403, "moderators_only")
    assert await browser.status("PUT", pin, {"message": 1}, with_key(room)) == 204
    assert await browser.status("DELETE", path) == 204
    assert (await browser.ask("GET", messages(room)))[1]["messages"] == []
    assert await browser.status("POST", f"{path}/restore", None, with_key(room)) == 204
    assert len((await browser.ask("GET", messages(room)))[1]["messages"]) == 1
    assert await browser.status("PUT", pin, {"message": 1}, with_key(room)) == 204
    assert await browser.status("DELETE", pin, None, with_key(room)) == 204
    for where in (f"{messages(room)}/9", f"{messages(room)}/x", f"{messages(room)}/{10**20}"):
        status, answer = await browser.ask("DELETE", where, None, with_key(room))
        assert (status, answer["code"]) == (404, "message_not_found")
    bodies: list[dict[str, Any]] = [{}, {"message": "1"}, {"message": -1}]
    for bad in bodies:
        status, answer = await browser.ask("PUT", pin, bad, with_key(room))
        assert (status, answer["code"]) == (422, "bad_message")


async def test_two_tabs_of_one_person_share_the_limit(browser: Browser, room: NewRoom) -> None:
    statuses = await asyncio.gather(
        *(
            browser.status("POST", messages(room), {"id": f"m-{number}", "text": "hi"})
            for number in range(10)
        )
    )
    # The first requests may make several guests, each before the cookie of the other arrives.
    assert statuses.count(201) >= 5
    last: list[Any] = [
        await browser.status("POST", messages(room), {"id": f"n-{number}", "text": "hi"})
        for number in range(6)
    ]
    assert 429 in last
