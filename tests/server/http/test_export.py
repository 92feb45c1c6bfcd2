"""The files of an ended live over HTTP, as API.md describes them."""

import asyncio
from typing import Any

import pytest

from relay.media import opus
from server.http.export import EACH
from server.rooms.life import RoomEvent
from server.storage.recordings import segment_key
from tests.fixtures import live_samples, media
from tests.fixtures.deadline import eventually
from tests.fixtures.people import Browser
from tests.fixtures.server import NewRoom, Server


async def live(server: Server) -> NewRoom:
    """A live with 8 s of media."""
    room = await server.create(title="A title")
    stream = server.stream(room)
    stream.set_track(live_samples.track(), 0)
    stream.set_track(opus.track_info(), 0)
    samples = live_samples.together(live_samples.video(8), live_samples.sound(8))
    for sample in samples[:1]:
        stream.publish(sample)
    server.room(room).happen(RoomEvent.MEDIA_CAME)
    for sample in samples[1:]:
        stream.publish(sample)
    return room


async def end(server: Server, room: NewRoom) -> None:
    assert await server.status("DELETE", f"/api/rooms/{room.name}", headers=room.bearer) == 204
    await eventually(lambda: room.name not in server.recordings._recorders, 20)


async def files(server: Server, room: NewRoom) -> dict[str, Any]:
    path = f"{server.url}/api/rooms/{room.name}/export"
    async with server.http.get(path, headers=room.bearer) as response:
        assert response.status == 200
        answer = await response.json()
    assert answer["room"] == room.name
    return {file["name"]: file for file in answer["files"]}


async def test_the_creator_downloads_the_video_and_the_chat(server: Server) -> None:
    room = await live(server)
    async with Browser(server.url) as browser:
        body = {"id": "x", "text": "that was great", "media_time": 13_000_000}
        await browser.ask("POST", f"/api/rooms/{room.name}/messages", body)
        await end(server, room)
        found = await files(server, room)
        assert list(found) == ["video-1.mp4", "chat-1.vtt", "chat.json", "hearts.json"]
        assert found["video-1.mp4"]["seconds"] == pytest.approx(8, abs=0.1)
        url = server.url + found["video-1.mp4"]["url"]
        async with server.http.get(url, headers=room.bearer) as response:
            data = await response.read()
            assert response.status == 200, data
            assert response.content_length == len(data)
            assert response.content_type == "video/mp4"
            wanted = f'attachment; filename="{room.name}-video-1.mp4"'
            assert response.headers["Content-Disposition"] == wanted
        assert len(media.decode_pictures(data)) == 240
        assert len(media.decode_sounds(data)) > 390
        url = server.url + found["chat-1.vtt"]["url"]
        async with server.http.get(url, headers=room.bearer) as response:
            assert response.content_type == "text/vtt"
            assert "00:00:03.000 --> 00:00:08.000" in await response.text()


async def test_files_wait_for_the_last_segment(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await live(server)
    put, go_on, asked = server.objects.put, asyncio.Event(), asyncio.Event()
    ended = server.recordings.ended

    async def slow(*arguments: Any) -> None:
        await go_on.wait()
        await put(*arguments)

    async def wait(name: str) -> None:
        asked.set()
        await ended(name)

    monkeypatch.setattr(server.objects, "put", slow)
    monkeypatch.setattr(server.recordings, "ended", wait)
    assert await server.status("DELETE", f"/api/rooms/{room.name}", headers=room.bearer) == 204
    found = asyncio.create_task(files(server, room))
    try:
        async with asyncio.timeout(20):
            await asked.wait()
    finally:
        go_on.set()
    assert (await found)["video-1.mp4"]["seconds"] == pytest.approx(8, abs=0.1)


async def test_only_the_creator_of_an_ended_live_downloads(server: Server) -> None:
    room = await live(server)
    path = f"/api/rooms/{room.name}/export"
    assert await server.status("GET", path, headers=room.bearer) == 409
    assert await server.status("GET", f"{path}/chat.json", headers=room.bearer) == 409
    await end(server, room)
    wrong = {"Authorization": "Bearer wrong"}
    for file in ("", "/video-1.mp4", "/chat.json"):
        assert await server.status("GET", path + file) == 403
        assert await server.status("GET", path + file, headers=wrong) == 403
    for file in ("/video-2.mp4", "/..%2Fsecret", "/x"):
        assert await server.status("GET", path + file, headers=room.bearer) == 404
    assert await server.status("GET", "/api/rooms/none/export", headers=room.bearer) == 404


async def test_a_recording_that_loses_a_segment(server: Server) -> None:
    """A missing object is found before the answer begins."""
    room = await live(server)
    await end(server, room)
    await server.objects.delete([segment_key(room.name, 1)])
    path = f"/api/rooms/{room.name}/export/video-1.mp4"
    assert await server.status("GET", path, headers=room.bearer) == 404


async def test_few_downloads_at_the_same_time(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await live(server)
    await end(server, room)
    path = f"/api/rooms/{room.name}/export/chat.json"
    begun, go_on = asyncio.Event(), asyncio.Event()
    read, waiting = server.storage.timelines.read, []

    async def wait(*arguments: Any) -> Any:
        waiting.append(1)
        if len(waiting) == EACH:
            begun.set()
        await go_on.wait()
        return await read(*arguments)

    monkeypatch.setattr(server.storage.timelines, "read", wait)
    requests = [
        asyncio.create_task(server.status("GET", path, headers=room.bearer)) for _ in range(EACH)
    ]
    async with asyncio.timeout(20):
        await begun.wait()
        assert await server.status("GET", path, headers=room.bearer) == 429
        go_on.set()
        assert await asyncio.gather(*requests) == [200] * EACH
