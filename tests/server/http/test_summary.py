"""The summary of an ended live over HTTP, as API.md describes it."""

import time
from typing import Any

from server.rooms.life import RoomEvent
from tests.fixtures.media import video_sample
from tests.fixtures.people import Browser
from tests.fixtures.server import NewRoom, Server
from tests.fixtures.viewer import Viewer


async def read(server: Server, room: str, **options: Any) -> tuple[int, Any]:
    async with server.http.get(f"{server.url}/api/rooms/{room}/summary", **options) as response:
        return response.status, await response.json()


async def ended(server: Server) -> NewRoom:
    """A live with hearts and a poll that has ended."""
    room = await server.create(title="A title")
    server.stream(room).publish(video_sample(90_000, key=True))
    server.room(room).happen(RoomEvent.MEDIA_CAME)
    async with Browser(server.url) as browser, Viewer(server.http, server.url, room.name) as viewer:
        await browser.ask("GET", "/api/me")
        async with browser.watch(room.name) as ws:
            await ws.send_json({"type": "taps", "media_time": 900_000, "counts": {"heart": [3]}})
            await viewer.event(type="tally", taps={"heart": 3})
        await viewer.ws.send_json({"type": "taps", "counts": {"fire": [1]}})
        await viewer.event(type="tally", taps={"fire": 1})
        async with server.http.post(
            f"{server.url}/api/rooms/{room.name}/polls",
            json={"question": "Tea?", "answers": ["Yes", "No"]},
            headers=room.bearer,
        ) as response:
            poll = (await response.json())["poll"]["id"]
        path = f"/api/rooms/{room.name}/polls/{poll}/vote"
        await browser.ask("PUT", path, {"answer": 1})
        assert (await read(server, room.name))[0] == 409
        assert await server.status("DELETE", f"/api/rooms/{room.name}", headers=room.bearer) == 204
    return room


async def test_the_summary_for_the_creator(server: Server) -> None:
    room = await ended(server)
    status, summary = await read(server, room.name, headers=room.bearer)
    assert status == 200
    assert time.time() - summary.pop("live_at") < 60 and summary.pop("duration") < 60
    summary["hearts"].pop("counts")
    for name in ("peak", "people"):
        assert isinstance(summary.pop(name), int)
    assert summary == {
        "room": room.name,
        "title": "A title",
        "hearts": {"total": 4, "emoji": {"heart": 3, "fire": 1}, "step": 5},
        "messages": 0,
        "top_moment": {"at": 0, "people": 1, "taps": 4},
        "talkers": [],
        "new_followers": 0,
        "polls": [{"question": "Tea?", "answers": ["Yes", "No"], "votes": [0, 1], "at": 0}],
    }


async def test_the_public_part(server: Server) -> None:
    room = await ended(server)
    status, summary = await read(server, room.name)
    assert status == 200
    assert set(summary) == {"room", "title", "live_at", "duration", "peak", "hearts"}
    other = await server.create()
    status, refusal = await read(server, room.name, headers=other.bearer)
    assert (status, refusal["code"]) == (403, "wrong_key")


async def test_a_room_without_a_summary(server: Server) -> None:
    room = await server.create()
    status, refusal = await read(server, room.name)
    assert (status, refusal["code"]) == (409, "room_not_ended")
    status, refusal = await read(server, "nowhere")
    assert (status, refusal["code"]) == (404, "room_not_found")
