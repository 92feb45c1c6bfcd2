"""Server-sent events and notices over a real server."""

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse

from server.http import events
from tests.fixtures.deadline import eventually
from tests.fixtures.metrics import scrape
from tests.fixtures.server import NewRoom, Server, running


async def next_event(response: ClientResponse) -> dict[str, Any]:
    """The next event of the stream, its data as JSON; comments are skipped."""
    found: dict[str, Any] = {}
    async with asyncio.timeout(10):
        while True:
            line = (await response.content.readline()).decode().rstrip("\n")
            assert line or found or not response.content.at_eof(), "the stream has ended"
            if not line and found:
                return {**found, "data": json.loads(found["data"])}
            name, _, value = line.partition(": ")
            if name:
                found[name] = value


def events_url(server: Server, room: NewRoom) -> str:
    return f"{server.url}/api/rooms/{room.name}/events"


async def test_events_come_and_resume(tmp_path: Path) -> None:
    """The room's state comes first, then posted events. A new connection with Last-Event-ID gets
    only later events.
    """
    async with running(tmp_path) as server:
        room = await server.create(title="A")
        channel = server.channel(room)
        async with server.http.get(events_url(server, room)) as response:
            assert response.content_type == "text/event-stream"
            assert (await next_event(response))["event"] == "hello"
            state = await next_event(response)
            assert state["data"]["event"]["state"] == "idle"
            channel.post(b'{"type":"chat","n":1}')
            chat = await next_event(response)
            assert chat["data"]["event"] == {"type": "chat", "n": 1}
        await eventually(lambda: not channel.members, 20)
        channel.post(b'{"type":"chat","n":2}')
        headers = {"Last-Event-ID": chat["id"]}
        async with server.http.get(events_url(server, room), headers=headers) as response:
            await next_event(response)
            assert (await next_event(response))["data"]["event"]["n"] == 2


async def test_notices_by_post(tmp_path: Path) -> None:
    """A time question is answered, a report is accepted, and each refusal has its code."""
    async with running(tmp_path) as server:
        room = await server.create()

        async def post(viewer: str, body: bytes) -> tuple[int, Any]:
            url = f"{server.url}/api/rooms/{room.name}/notices"
            async with server.http.post(url, params={"viewer": viewer}, data=body) as response:
                text = await response.text()
                return response.status, json.loads(text) if text else None

        async with server.http.get(events_url(server, room)) as response:
            viewer = (await next_event(response))["data"]["viewer"]
            status, answer = await post(viewer, b'{"type":"time","id":3}')
            assert status == 200 and answer["id"] == 3 and answer["type"] == "time"
            assert await post(viewer, b'{"type":"report","media_time":5}') == (204, None)
            for body in (b"", b"[]", b"\xff", b'{"type":"dance"}'):
                status, answer = await post(viewer, body)
                assert (status, answer["code"]) == (400, "bad_notice")
            status, answer = await post(viewer, bytes(5_000))
            assert (status, answer["code"]) == (413, "body_too_large")
            for _ in range(40):
                status, answer = await post(viewer, b'{"type":"time","id":3}')
            assert (status, answer["code"]) == (429, "rate_limited")
            async with server.http.get(f"{server.url}/metrics") as metrics:
                told = scrape(await metrics.text())
            assert told['microlive_dropped_notices_total{path="events"}'] >= 1
            status, answer = await post("someone", b'{"type":"time","id":3}')
            assert (status, answer["code"]) == (404, "session_not_found")


async def test_a_stream_is_charged_like_a_socket(tmp_path: Path) -> None:
    """It takes one of the address's places, like a WebSocket. Leaving frees the place."""
    async with running(tmp_path, max_sockets_per_address=1) as server:
        room = await server.create()
        watch = f"{server.url}/ws/{room.name}"
        async with server.http.get(events_url(server, room)) as response:
            await next_event(response)
            assert await server.status("GET", f"/ws/{room.name}") == 429
            assert await server.status("GET", f"/api/rooms/{room.name}/events") == 429
        await eventually(lambda: not server.channel(room).members, 20)
        async with server.http.ws_connect(watch) as ws:
            assert (await ws.receive_json())["type"] == "hello"


async def test_the_end_of_a_room_and_of_the_server(tmp_path: Path) -> None:
    """The last event says why; a room that has ended is refused with 410."""
    async with running(tmp_path) as server:
        room, other = await server.create(), await server.create()
        async with server.http.get(events_url(server, room)) as response:
            await next_event(response)
            path = f"/api/rooms/{room.name}"
            assert await server.status("DELETE", path, headers=room.bearer) == 204
            seen = [await next_event(response)]
            while seen[-1].get("event") != "close":
                seen.append(await next_event(response))
            assert seen[-1]["data"]["code"] == "room_ended"
            assert [event["data"]["event"]["state"] for event in seen[:-1]] == ["idle", "ended"]
            assert await response.content.read() == b""
        assert await server.status("GET", f"{path}/events") == 410
        assert await server.status("GET", "/api/rooms/nothing/events") == 404
        late = await server.http.get(events_url(server, other))
        await next_event(late)
        # The stream lasts until the viewer leaves: a client that asks for headers gets a refusal.
        assert await server.status("HEAD", f"/api/rooms/{other.name}/events") == 405
    seen = [await next_event(late), await next_event(late)]
    assert seen[-1]["data"]["code"] == "server_closing"
    late.close()


async def test_a_channel_that_ended_a_moment_ago_is_refused(tmp_path: Path) -> None:
    """The registry may still know the room. No stream and no viewer is left behind."""
    async with running(tmp_path) as server:
        room = await server.create()
        channel = server.channel(room)
        channel.end()
        assert await server.status("GET", f"/api/rooms/{room.name}/events") == 410
        async with server.http.ws_connect(f"{server.url}/ws/{room.name}") as ws:
            async with asyncio.timeout(10):
                assert [message async for message in ws][1:] == []
            assert ws.close_code == 4410
        await eventually(lambda: not channel.members)


async def test_an_idle_stream_is_kept_open_and_a_deaf_one_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "CHECK_EVERY", 0.01)
    monkeypatch.setattr(events, "TAKE_WITHIN", 0.2)
    async with running(tmp_path) as server:
        room = await server.create()
        channel = server.channel(room)
        response = await server.http.get(events_url(server, room), read_bufsize=1_024)
        async with asyncio.timeout(10):
            while await response.content.readline() != events.COMMENT[:-1]:
                pass

        async def flood() -> None:
            while channel.members:
                channel.post(bytes(16_000))
                await asyncio.sleep(0)

        async with asyncio.timeout(20):
            await flood()
        with suppress(Exception):
            await response.read()
        response.close()
