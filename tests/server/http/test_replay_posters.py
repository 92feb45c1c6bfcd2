"""`/v/{room}/poster.…`, and what other sites show for a replay."""

import asyncio
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from server.errors import Unavailable
from server.http import cards
from server.posters import replay_posters as module
from server.posters.replay_posters import ReplayPosters
from server.storage.recordings import segment_key
from tests.fixtures.deadline import eventually
from tests.fixtures.server import NewRoom, Server
from tests.server.http.test_export import end, live
from tests.server.http.test_posters import card_of


async def described(server: Server, room: NewRoom) -> tuple[int, dict[str, Any]]:
    url = {"url": f"{server.url}/v/{room.name}"}
    async with server.http.get(f"{server.url}/api/oembed", params=url) as response:
        return response.status, await response.json()


async def picture(server: Server, path: str) -> tuple[int, bytes, str]:
    """Returns the status, the body and the media type of an answer."""
    async with server.http.get(server.url + path) as response:
        return response.status, await response.read(), response.content_type


async def test_the_poster_of_a_replay(server: Server) -> None:
    room = await live(server)
    path = f"/v/{room.name}/poster.jpg"
    assert (await picture(server, path))[0] == 404
    assert (await described(server, room))[0] == 404
    await end(server, room)
    first, *same = await asyncio.gather(*(picture(server, path) for _ in range(5)))
    status, body, kind = first
    assert (status, kind) == (200, "image/jpeg")
    assert all(each == first for each in same)
    for name in ("poster.webp", "preview.webp"):
        assert await server.status("GET", path.replace("poster.jpg", name)) == 200
    size = Image.open(BytesIO(body)).size
    status, answer = await described(server, room)
    assert (status, answer["title"]) == (200, "A title")
    assert (answer["thumbnail_width"], answer["thumbnail_height"]) == size
    frame = f"/embed/v/{room.name}"
    assert answer["type"] == "video" and f'src="{server.url}{frame}"' in answer["html"]
    assert (answer["width"], answer["height"]) == size
    async with server.http.get(server.url + frame) as response:
        policy, text = response.headers["Content-Security-Policy"], await response.text()
    assert response.status == 200 and f"/replays/{room.name}/index.m3u8" in text
    assert policy.startswith("default-src 'none'; script-src 'self'; connect-src 'self'")
    assert "frame-ancestors *" in policy
    thumbnail = answer["thumbnail_url"].removeprefix(server.url)
    assert (await picture(server, thumbnail))[1] == body
    card = await card_of(server, f"/v/{room.name}")
    assert (card["og:title"], card["og:image"]) == ("A title", answer["thumbnail_url"])
    deletion = f"/api/rooms/{room.name}/replay"
    assert await server.status("DELETE", deletion, headers=room.bearer) == 204
    assert (await picture(server, path))[0] == 404
    assert (await picture(server, frame))[0] == 404
    assert (await described(server, room))[0] == 404


async def test_a_recording_that_cannot_be_read(server: Server) -> None:
    """The card has no picture."""
    room = await live(server)
    await end(server, room)
    for segment in await server.storage.recordings.segments(room.name):
        path = server.objects.path(segment_key(room.name, segment.sequence))
        assert path is not None
        path.write_bytes(b"\0\0\0\x08moof" * 9)
    assert (await picture(server, f"/v/{room.name}/poster.jpg"))[0] == 404
    status, answer = await described(server, room)
    assert status == 200 and "thumbnail_url" not in answer


async def test_the_requests_that_wait_are_bounded(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 2)
    room = await live(server)
    await end(server, room)
    posters = ReplayPosters(server.storage.recordings, server.objects, server.workers)
    async with posters._turn:  # Another poster is being made.
        waiting = [asyncio.create_task(posters.find(room.name)) for _ in range(2)]
        await eventually(lambda: posters._waiting == 2, 20)
        with pytest.raises(Unavailable):
            await posters.find(room.name)
    first, second = await asyncio.gather(*waiting)
    assert first is not None and first is second is await posters.find(room.name)


async def test_a_page_does_not_wait_for_a_poster_for_long(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another poster takes long. The card has no picture."""
    monkeypatch.setattr(cards, "POSTER_WITHIN", 0.05)
    room = await live(server)
    await end(server, room)
    (endpoint,) = {
        route.handler.__self__  # type: ignore[attr-defined]
        for route in server.app.router.routes()
        if route.resource and route.resource.canonical == "/v/{room}/poster.{format}"
    }
    async with endpoint._of_replays._turn:
        card = await card_of(server, f"/v/{room.name}")
    assert card["og:title"] == "A title" and "og:image" not in card


async def test_the_poster_of_a_private_replay(server: Server) -> None:
    room = await live(server)
    body, path = {"visibility": "private"}, f"/api/rooms/{room.name}"
    assert await server.status("PATCH", path, json=body, headers=room.bearer) == 200
    await end(server, room)
    assert (await picture(server, f"/v/{room.name}/poster.jpg"))[0] == 403
    frame = f"{server.url}/embed/v/{room.name}"
    for headers, expected in (({}, 403), (room.bearer, 404)):
        async with server.http.get(frame, headers=headers) as response:
            assert response.status == expected
    assert (await described(server, room))[0] == 404
