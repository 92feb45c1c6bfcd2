"""The timeline of a live over HTTP."""

from typing import Any

import pytest

from server.rooms.life import RoomEvent
from tests.fixtures.media import video_sample
from tests.fixtures.people import Browser
from tests.fixtures.server import Server
from tests.fixtures.viewer import Viewer


async def read(server: Server, room: str, query: str, **options: Any) -> tuple[int, Any]:
    url = f"{server.url}/api/rooms/{room}/timeline?{query}"
    async with server.http.get(url, **options) as response:
        return response.status, await response.json()


async def test_messages_and_hearts_during_and_after_the_live(
    server: Server, browser: Browser
) -> None:
    room = await server.create()
    server.stream(room).publish(video_sample(270_000, key=True))
    server.room(room).happen(RoomEvent.MEDIA_CAME)
    path = f"/api/rooms/{room.name}/messages"
    for time in (1_000_000, 2_500_000):
        await browser.ask("POST", path, {"id": f"m{time}", "text": "hi", "media_time": time})
    async with Viewer(server.http, server.url, room.name) as viewer, browser.watch(room.name) as ws:
        await ws.send_json({"type": "taps", "media_time": 2_900_000, "counts": {"heart": [3]}})
        await viewer.event(type="tally", taps={"heart": 3})
    part = "from=2000000&to=4000000"
    status, found = await read(server, room.name, part)
    assert status == 200 and found["until"] == 4_000_000
    me = await browser.person()
    assert isinstance(found["messages"][0]["sequence"], int)
    assert found["messages"] == [
        {
            "media_time": 2_500_000,
            "sequence": found["messages"][0]["sequence"],
            "person": me["id"],
            "name": me["name"],
            "colour": me["colour"],
            "handle": None,
            "role": "guest",
            "body": "hi",
        }
    ]
    await server.status("DELETE", f"/api/rooms/{room.name}", headers=room.bearer)
    status, ended = await read(server, room.name, part)
    assert (status, ended) == (200, {**found, "hearts": [{"second": 2, "emoji": {"heart": 3}}]})


@pytest.mark.parametrize(
    "query",
    [
        "",
        "from=0",
        "from=-1&to=5",
        "from=5&to=5",
        "from=6&to=5",
        "from=0&to=600000001",
        "from=a&to=b",
        "from=0&to=99999999999999999999",
    ],
)
async def test_a_part_that_makes_no_sense(server: Server, query: str) -> None:
    room = await server.create()
    status, refusal = await read(server, room.name, query)
    assert (status, refusal["code"]) == (400, "bad_request")


async def test_only_those_who_may_watch_read_it(server: Server) -> None:
    room = await server.create(visibility="private")
    status, refusal = await read(server, room.name, "from=0&to=9")
    assert (status, refusal["code"]) == (403, "private_room")
    status, _ = await read(server, room.name, "from=0&to=9", headers=room.bearer)
    assert status == 200
    status, refusal = await read(server, "nowhere", "from=0&to=9")
    assert (status, refusal["code"]) == (404, "room_not_found")
