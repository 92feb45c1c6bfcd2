"""Who may watch: private, unlisted and public rooms, watch links, and their end."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import WSServerHandshakeError
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection
from yarl import URL

from relay.errors import RefusalCode
from relay.hls.segmenter import SCALE
from server.http.access import Connection, Pass
from server.http.signalling import SDP, SDP_FRAGMENT
from server.people.person import Person
from server.rooms.commands.access import Admission
from server.rooms.watch_token import WatchToken, write_token
from server.social.author import Requester
from server.storage.schema.people import follow
from tests.fixtures.deadline import eventually
from tests.fixtures.media import video_sample, video_track
from tests.fixtures.offers import offer
from tests.fixtures.people import Browser
from tests.fixtures.server import NewRoom, Server

WATCHING = (
    "/r/{}",
    "/api/rooms/{}",
    "/api/rooms/{}/messages",
    "/api/rooms/{}/events",
    "/api/rooms/{}/settings",
    "/api/rooms/{}/polls",
    "/api/rooms/{}/qr.svg",
    "/hls/{}/index.m3u8",
    "/whep/{}",
)


@pytest_asyncio.fixture
async def minji(server: Server) -> AsyncIterator[Browser]:
    """The creator."""
    async with Browser(server.url) as browser:
        await browser.ask("PUT", "/api/me/handle", {"handle": "minji-test"})
        yield browser


@pytest_asyncio.fixture
async def sam(server: Server) -> AsyncIterator[Browser]:
    async with Browser(server.url) as browser:
        await browser.ask("GET", "/api/me")
        yield browser


@pytest_asyncio.fixture
async def room(minji: Browser) -> NewRoom:
    return await minji.create_room(title="For friends", visibility="private")


async def add_link(minji: Browser, room: NewRoom, **body: object) -> Any:
    status, link = await minji.ask("POST", f"/api/rooms/{room.name}/links", body)
    assert status == 201
    return link


def relative(link: Any) -> str:
    return str(URL(link["url"]).relative())


async def code(browser: Browser, path: str) -> object:
    """Returns the status, or the code of the refusal."""
    async with browser.http.get(browser.url + path) as response:
        if response.status == 403 and response.content_type == "application/json":
            return (await response.json())["code"]
        return response.status


def go_live(server: Server, room: NewRoom) -> None:
    """Gives the stream of the room five seconds of video."""
    stream = server.stream(room)
    stream.set_track(video_track(), 0)
    now = time.time_ns() // 1_000
    for pts in range(0, 5 * SCALE, FRAME):
        stream.publish(video_sample(pts, key=pts % (2 * SCALE) == 0, publish=now))


FRAME = 3_000
PLAYER = offer("chromium").replace("a=sendonly", "a=recvonly")


async def play(browser: Browser, room: NewRoom) -> object:
    """Opens a WHEP session, as the page does. Returns the status, or the code of the refusal."""
    headers = {"Content-Type": SDP, "Origin": browser.origin}
    url = f"{browser.url}/whep/{room.name}"
    async with browser.http.post(url, data=PLAYER, headers=headers) as response:
        return (await response.json())["code"] if response.status == 403 else response.status


async def last_event(browser: Browser, room: NewRoom, opened: asyncio.Event) -> Any:
    """Reads an event stream to its end. Returns the data of the last event."""
    data = ""
    url = f"{browser.url}/api/rooms/{room.name}/events"
    async with asyncio.timeout(10), browser.http.get(url) as response:
        assert response.status == 200
        async for line in response.content:
            name, _, value = line.decode().partition(": ")
            if name == "data":
                data = value
                opened.set()
    return json.loads(data)


async def is_closed(browser: Browser, room: NewRoom) -> bool:
    """Whether the WebSocket of the room refuses the browser."""
    try:
        async with browser.watch(room.name):
            return False
    except WSServerHandshakeError as error:
        assert error.status == 403
        return True


async def test_a_private_room_is_closed_to_strangers(sam: Browser, room: NewRoom) -> None:
    for path in WATCHING:
        assert await code(sam, path.format(room.name)) in (403, "private_room"), path
    assert await is_closed(sam, room)
    body = {"id": "a", "text": "hi"}
    status, refusal = await sam.ask("POST", f"/api/rooms/{room.name}/messages", body)
    assert (status, refusal["code"]) == (403, "private_room")
    async with sam.http.get(f"{sam.url}/r/{room.name}") as response:
        assert "For friends" not in await response.text()


async def test_nothing_of_a_private_live_is_shown_after_its_end(
    server: Server, minji: Browser, sam: Browser, room: NewRoom
) -> None:
    await server.storage.rooms.set_live(room.name, time.time() - 60)
    assert await minji.status("DELETE", f"/api/rooms/{room.name}") == 204
    assert await code(sam, f"/api/rooms/{room.name}/summary") == "private_room"
    headers = {"Accept": "text/html"}
    async with sam.http.get(f"{sam.url}/r/{room.name}", headers=headers) as response:
        assert response.status in (403, 410) and "For friends" not in await response.text()
    status, summary = await minji.ask("GET", f"/api/rooms/{room.name}/summary")
    assert (status, summary["title"], summary["people"]) == (200, "For friends", 0)


async def test_a_private_room_is_open_for_its_creator_and_programs(
    server: Server, minji: Browser, room: NewRoom
) -> None:
    assert await code(minji, f"/r/{room.name}") == 200
    assert not await is_closed(minji, room)
    url = f"{server.url}/api/rooms/{room.name}"
    async with server.http.get(url, headers=room.bearer) as response:
        assert response.status == 200 and (await response.json())["visibility"] == "private"
    async with server.http.get(url, headers={"Authorization": "Bearer wrong"}) as response:
        assert response.status == 403


async def test_followers_and_moderators_may_watch(
    minji: Browser, sam: Browser, room: NewRoom
) -> None:
    """The page gives followers a cookie for endpoints that never read the cookie of a person."""
    creator = (await minji.person())["id"]
    assert await sam.status("PUT", f"/api/follows/{creator}") == 200
    assert not await is_closed(sam, room)
    assert await code(sam, f"/whep/{room.name}") == "private_room"
    assert await code(sam, f"/r/{room.name}") == 200
    assert await code(sam, f"/whep/{room.name}") == 200
    assert await sam.status("DELETE", f"/api/follows/{creator}") == 200
    assert await is_closed(sam, room)
    assert await code(sam, f"/whep/{room.name}") == "private_room"
    moderator = f"/api/rooms/{room.name}/moderators/{(await sam.person())['id']}"
    assert await minji.status("PUT", moderator) == 204
    assert not await is_closed(sam, room)
    assert await code(sam, f"/whep/{room.name}") == 200


async def test_a_watch_link_opens_everything(minji: Browser, sam: Browser, room: NewRoom) -> None:
    link = await add_link(minji, room)
    assert link["url"].startswith(f"{minji.url}/r/{room.name}?k=")
    assert link["expires_at"] - link["created_at"] == pytest.approx(86_400, abs=1)
    async with sam.http.get(sam.url + relative(link)) as response:
        assert response.status == 200
        (cookie,) = response.headers.getall("Set-Cookie")
        assert cookie.startswith(f"microlive-watch-{room.name}=")
        assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
        assert response.headers["X-Robots-Tag"] == "noindex"
        page = await response.text()
        assert "og:title" not in page and "<title>For friends" not in page
    for path in WATCHING:
        if not path.endswith("/events"):
            # HLS is not live yet.
            assert await code(sam, path.format(room.name)) in (200, 503), path
    assert not await is_closed(sam, room)
    _, listed = await minji.ask("GET", f"/api/rooms/{room.name}/links")
    assert listed == {"links": [link]}


async def test_a_program_sends_the_link_itself(
    server: Server, minji: Browser, room: NewRoom
) -> None:
    token = URL((await add_link(minji, room))["url"]).query["k"]
    path = f"{server.url}/whep/{room.name}"
    async with server.http.get(path, params={"k": token}) as response:
        assert response.status == 200


async def test_a_revoked_link_ends_its_viewers(minji: Browser, sam: Browser, room: NewRoom) -> None:
    """Within five seconds. A link of the same room stays valid."""
    link, other = await add_link(minji, room), await add_link(minji, room)
    await code(sam, relative(link))
    async with Browser(sam.url) as friend:
        await code(friend, relative(other))
        async with sam.watch(room.name) as socket, friend.watch(room.name) as kept:
            path = f"/api/rooms/{room.name}/links/{link['id']}"
            assert await minji.status("DELETE", path) == 204
            while not socket.closed:
                await socket.receive(timeout=5)
            assert socket.close_code == 4403
            assert not kept.closed
            assert await code(sam, f"/api/rooms/{room.name}") == "link_revoked"
            assert await code(friend, f"/api/rooms/{room.name}") == 200
            assert await minji.status("DELETE", path) == 204
            assert await minji.status("DELETE", path + "x") == 404
    _, listed = await minji.ask("GET", f"/api/rooms/{room.name}/links")
    assert [link["revoked_at"] is None for link in listed["links"]] == [True, False]


async def test_a_revoked_link_ends_whep_hls_and_events(
    server: Server, minji: Browser, sam: Browser, room: NewRoom
) -> None:
    """Viewers of another link stay."""
    go_live(server, room)
    link, other = await add_link(minji, room), await add_link(minji, room)
    opened = asyncio.Event()
    async with Browser(sam.url) as friend, asyncio.TaskGroup() as tasks:
        for browser, shown in ((sam, link), (friend, other)):
            await code(browser, relative(shown))
            assert await play(browser, room) == 201
        (_, kept) = server.whep._sessions.values()
        async with sam.http.get(f"{sam.url}/hls/{room.name}/live.m3u8") as response:
            assert response.status == 200
            assert response.headers["Cache-Control"].startswith("private, ")
        events = tasks.create_task(last_event(sam, room, opened))
        await opened.wait()
        path = f"/api/rooms/{room.name}/links/{link['id']}"
        assert await minji.status("DELETE", path) == 204
        await eventually(lambda: list(server.whep._sessions.values()) == [kept])
        assert (await events)["code"] == "link_revoked"
        for refused in ("/hls/{}/live.m3u8", "/api/rooms/{}/events"):
            assert await code(sam, refused.format(room.name)) == "link_revoked"
        assert await play(sam, room) == "link_revoked"
        assert await code(friend, f"/hls/{room.name}/live.m3u8") == 200


async def test_a_ban_ends_whep_hls_and_events(server: Server, minji: Browser, sam: Browser) -> None:
    """This includes a public room, where only the cookie of the person identifies the viewer."""
    room = await minji.create_room()
    go_live(server, room)
    person = (await sam.person())["id"]
    opened = asyncio.Event()
    async with Browser(sam.url) as friend, asyncio.TaskGroup() as tasks:
        await friend.person()
        assert [await play(browser, room) for browser in (sam, friend)] == [201, 201]
        (_, kept) = server.whep._sessions.values()
        events = tasks.create_task(last_event(sam, room, opened))
        await opened.wait()
        assert await minji.status("PUT", f"/api/rooms/{room.name}/bans/{person}", {}) == 200
        await eventually(lambda: list(server.whep._sessions.values()) == [kept])
        assert (await events)["code"] == "banned"
        for refused in ("/hls/{}/live.m3u8", "/api/rooms/{}/events"):
            assert await code(sam, refused.format(room.name)) == "banned"
        assert await play(sam, room) == "banned"
        async with friend.http.get(f"{friend.url}/hls/{room.name}/live.m3u8") as response:
            assert response.status == 200
            assert response.headers.get("Cache-Control") != "no-store"
            assert "Set-Cookie" not in response.headers


async def test_the_url_of_a_whep_session_is_enough_to_change_it(
    server: Server, minji: Browser, sam: Browser, room: NewRoom
) -> None:
    """Also in a private room, without its cookie. A wrong URL names no session."""
    go_live(server, room)
    await code(sam, relative(await add_link(minji, room)))
    assert await play(sam, room) == 201
    (session,) = server.whep._sessions
    path, headers = f"{server.url}/whep/{room.name}/", {"Content-Type": SDP_FRAGMENT}
    fragment = "a=ice-ufrag:new\r\na=ice-pwd:new-password-0123456789\r\n"
    for name, status in ((session, 200), ("another", 404)):
        async with server.http.patch(
            path + name, data=fragment, headers={**headers, "If-Match": "*"}
        ) as response:
            assert response.status == status
    async with server.http.delete(path + session) as response:
        assert response.status == 200 and not server.whep._sessions


async def test_a_ban_ends_whep_of_a_private_room(
    server: Server, minji: Browser, sam: Browser, room: NewRoom
) -> None:
    """The link stays valid for other people."""
    go_live(server, room)
    await code(sam, relative(await add_link(minji, room)))
    assert await play(sam, room) == 201
    person = (await sam.person())["id"]
    assert await minji.status("PUT", f"/api/rooms/{room.name}/bans/{person}", {}) == 200
    await eventually(lambda: not server.whep._sessions)
    assert await play(sam, room) == "banned"


async def test_a_room_that_becomes_private_ends_whep_hls_and_events(
    server: Server, minji: Browser, sam: Browser
) -> None:
    room = await minji.create_room()
    go_live(server, room)
    opened = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        assert await play(sam, room) == 201
        assert await code(sam, f"/hls/{room.name}/live.m3u8") == 200
        events = tasks.create_task(last_event(sam, room, opened))
        await opened.wait()
        body = {"visibility": "private"}
        assert await minji.status("PATCH", f"/api/rooms/{room.name}", body) == 200
        await eventually(lambda: not server.whep._sessions)
        assert (await events)["code"] == "private_room"
    for refused in ("/hls/{}/live.m3u8", "/api/rooms/{}/events"):
        assert await code(sam, refused.format(room.name)) == "private_room"
    assert await play(sam, room) == "private_room"


async def test_a_session_that_opens_while_the_room_becomes_private_ends(
    server: Server, minji: Browser, sam: Browser
) -> None:
    """The client is admitted, then sends its offer slowly. The room became private meanwhile."""
    room = await minji.create_room()
    go_live(server, room)
    sending, become_private = asyncio.Event(), asyncio.Event()

    async def offer_slowly() -> AsyncIterator[bytes]:
        yield PLAYER[:100].encode()
        sending.set()
        await become_private.wait()
        yield PLAYER[100:].encode()

    async with sam.watch(room.name) as socket, minji.watch(room.name):
        url, headers = f"{sam.url}/whep/{room.name}", {"Content-Type": SDP, "Origin": sam.url}
        async with asyncio.TaskGroup() as tasks:
            request = tasks.create_task(
                sam.http.request("POST", url, data=offer_slowly(), headers=headers).__aenter__()
            )
            await sending.wait()
            body = {"visibility": "private"}
            assert await minji.status("PATCH", f"/api/rooms/{room.name}", body) == 200
            while not socket.closed:
                await socket.receive(timeout=5)
            become_private.set()
        assert request.result().status == 201
        await eventually(lambda: not server.whep._sessions)


async def test_an_expired_link_ends_its_viewers(
    server: Server, minji: Browser, sam: Browser, room: NewRoom
) -> None:
    await code(sam, relative(await add_link(minji, room, seconds=60)))
    async with sam.watch(room.name) as socket:
        access = server.access
        access._now = lambda: 4_000_000_000.0
        server.room(room)._context._now = access._now
        while not socket.closed:
            await socket.receive(timeout=5)
        assert socket.close_code == 4403
    assert await code(sam, f"/api/rooms/{room.name}") == "link_expired"


async def test_an_expired_link_ends_viewers_who_came_while_the_room_was_public(
    server: Server, minji: Browser, sam: Browser, room: NewRoom
) -> None:
    await code(sam, relative(await add_link(minji, room, seconds=60)))
    path, access = f"/api/rooms/{room.name}", server.access
    assert await minji.status("PATCH", path, {"visibility": "public"}) == 200
    async with sam.watch(room.name) as socket:
        assert await minji.status("PATCH", path, {"visibility": "private"}) == 200
        await access.check()
        assert socket.close_code is None
        access._now = lambda: 4_000_000_000.0
        server.room(room)._context._now = access._now
        while not socket.closed:
            await socket.receive(timeout=5)
        assert socket.close_code == 4403


async def test_forged_links(server: Server, minji: Browser, sam: Browser, room: NewRoom) -> None:
    real = URL((await add_link(minji, room))["url"]).query["k"]
    other = await minji.create_room(visibility="private")
    wrong = write_token(WatchToken(4_000_000_000, link="l"), room.name, b"another key")
    unknown = write_token(
        WatchToken(4_000_000_000, link="l"), room.name, server.room(room).record.key_hash
    )
    for name, token, expected in (
        (room.name, real[:-1], "private_room"),
        (room.name, real + "x", "private_room"),
        (room.name, wrong, "private_room"),
        (room.name, "x" * 301, "private_room"),
        (room.name, "%00", "private_room"),
        (room.name, unknown, "link_revoked"),
        (other.name, real, "private_room"),
    ):
        assert await code(sam, f"/api/rooms/{name}?k={token}") == expected, token


async def test_a_room_that_becomes_private_closes_to_strangers(
    minji: Browser, sam: Browser
) -> None:
    room = await minji.create_room()
    async with sam.watch(room.name) as socket, minji.watch(room.name) as own:
        body = {"visibility": "private"}
        status, answer = await minji.ask("PATCH", f"/api/rooms/{room.name}", body)
        assert (status, answer["visibility"]) == (200, "private")
        while not socket.closed:
            await socket.receive(timeout=5)
        assert socket.close_code == 4403
        assert not own.closed
    assert await is_closed(sam, room)


async def test_unlisted_rooms_are_in_no_list_and_have_no_card(
    server: Server, minji: Browser, sam: Browser
) -> None:
    public = await minji.create_room(title="Everyone")
    unlisted = await minji.create_room(title="Few", visibility="unlisted")
    for room in (public, unlisted):
        server.room(room).state = type(server.room(room).state)("live")
    listed = (await sam.ask("GET", "/api/rooms"))[1]["rooms"]
    assert [room["room"] for room in listed] == [public.name]
    for room, shown in ((public, True), (unlisted, False)):
        async with sam.http.get(f"{sam.url}/r/{room.name}") as response:
            page = await response.text()
            assert response.status == 200
            assert ("og:title" in page, "X-Robots-Tag" not in response.headers) == (shown, shown)
    assert not await is_closed(sam, unlisted)


async def test_an_ended_private_room_stays_private(
    server: Server, minji: Browser, sam: Browser, room: NewRoom
) -> None:
    path = f"{server.url}/api/rooms/{room.name}"
    async with server.http.delete(path, headers=room.bearer) as response:
        assert response.status == 204
    await eventually(lambda: room.name not in server.rooms.in_memory)
    for path in ("", "/messages", "/summary"):
        assert await code(sam, f"/api/rooms/{room.name}{path}") == "private_room"
        assert await code(minji, f"/api/rooms/{room.name}{path}") == 200


async def test_an_unknown_visibility(minji: Browser) -> None:
    assert await minji.status("POST", "/api/rooms", {"visibility": "secret"}) == 422


async def test_the_viewers_of_a_private_room_are_checked_together(
    server: Server, minji: Browser, room: NewRoom
) -> None:
    """With some statements for 1,200 viewers, of whom every second one follows the creator."""
    owner = (await minji.person())["id"]
    people = [Person(f"person-{number}", "Guest", 3) for number in range(1_200)]

    async def follow_half(connection: AsyncConnection) -> None:
        rows = [{"follower": one.id, "followed": owner, "at": 1.0} for one in people[::2]]
        await connection.execute(follow.insert(), rows)

    await server.storage.database.write(follow_half)
    closed: list[object] = []

    def note_close(person: str, code: RefusalCode, text: str) -> None:
        closed.append((person, code.value))

    for person in people:
        admitted = Pass(Requester(person, "", ""), "", Admission(True), person.id)
        connection = Connection(room.name, admitted)
        connection.close = partial(note_close, person.id)
        server.access._open.setdefault(room.name, {})[connection] = None
    statements: list[str] = []
    engine = server.storage.database._readers.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *found: statements.append(found[2]))
    await server.access.check()
    assert closed == [(person.id, "private_room") for person in people[1::2]]
    assert sum("follow" in statement for statement in statements) == 3
    assert len(statements) < 20
