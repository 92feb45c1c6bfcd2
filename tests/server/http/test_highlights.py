"""The best moments of a live over HTTP, as API.md describes them."""

from server.rooms.life import RoomEvent
from tests.fixtures.media import video_sample
from tests.fixtures.people import Browser
from tests.fixtures.server import NewRoom, Server


async def live(server: Server) -> NewRoom:
    room = await server.create(title="A title")
    server.stream(room).publish(video_sample(200 * 90_000, key=True))
    server.room(room).happen(RoomEvent.MEDIA_CAME)
    return room


async def write(server: Server, room: NewRoom, person: Browser, media_time: int) -> None:
    body = {"id": f"at-{media_time}", "text": "hi", "media_time": media_time}
    await person.ask("POST", f"/api/rooms/{room.name}/messages", body)


async def test_messages_count_and_only_the_creator_reads(server: Server) -> None:
    room = await live(server)
    path = f"/api/rooms/{room.name}/highlights"
    async with Browser(server.url) as one, Browser(server.url) as two, Browser(server.url) as three:
        for person in (one, two, three):
            await write(server, room, person, 180_000_000)
        await write(server, room, one, 181_000_000)
    assert await server.status("GET", path) == 403
    assert await server.status("GET", "/api/rooms/none/highlights", headers=room.bearer) == 404
    async with server.http.get(server.url + path, headers=room.bearer) as response:
        (moment,) = (await response.json())["moments"]
    assert moment["peak"] == 180_000_000 and moment["people"] == 3
    assert moment["start"] < moment["peak"] < moment["end"]
    assert await server.status("DELETE", f"/api/rooms/{room.name}", headers=room.bearer) == 204
    assert await server.storage.crowds.read(room.name, 10) == [(180, 3)]
