"""Two servers on one PostgreSQL and one NATS are one."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest_asyncio

from relay.sample import Track
from tests.fixtures.clips import go_live, publish_clip
from tests.fixtures.deadline import eventually
from tests.fixtures.nats import NatsServer, nats_server
from tests.fixtures.nodes import node, nodes
from tests.fixtures.people import Browser
from tests.fixtures.player import WhepPlayer
from tests.fixtures.postgres import Postgres
from tests.fixtures.publisher import Publisher
from tests.fixtures.server import Server
from tests.fixtures.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Pair:
    one: Server
    two: Server


@pytest_asyncio.fixture
async def pair(postgres: Postgres, nats: NatsServer, tmp_path: Path) -> AsyncIterator[Pair]:
    async with nodes(tmp_path, postgres, nats, "one", "two") as (one, two):
        yield Pair(one, two)


async def test_commands_reach_the_owner_from_any_node(pair: Pair) -> None:
    """The room, its chat, a poll, and its end, each through the node that does not own the room."""
    room = await pair.one.create(title="A test")
    key = {"Authorization": f"Bearer {room.key}"}
    path = f"/api/rooms/{room.name}"
    async with Browser(pair.two.url) as browser:
        status, found = await browser.ask("GET", path)
        assert (status, found["state"]) == (200, "idle")
        message = {"id": "0" * 16, "text": "hello"}
        status, posted = await browser.ask("POST", f"{path}/messages", message)
        assert (status, posted["text"]) == (201, "hello"), posted
        assert await browser.ask("POST", f"{path}/messages", message) == (200, posted)
        status, page = await browser.ask("GET", f"{path}/messages")
        assert [each["text"] for each in page["messages"]] == ["hello"]
        assert await browser.status("DELETE", path) == 401
        wrong = {"Authorization": "Bearer wrong"}
        assert await browser.status("DELETE", path, headers=wrong) == 403
        poll = {"question": "Which?", "answers": ["one", "two"]}
        status, opened = await browser.ask("POST", f"{path}/polls", poll, key)
        assert status == 201, opened
        assert await browser.status("DELETE", path, headers=key) == 204
        status, found = await browser.ask("GET", path)
        assert (status, found["state"]) == (200, "ended")
    assert pair.one.cluster and pair.two.cluster
    owners = pair.one.cluster.owners, pair.two.cluster.owners
    await eventually(lambda: not any(each.find(room.name) for each in owners))


async def test_a_creator_goes_on_at_the_other_node(pair: Pair) -> None:
    """The same room and key, one media time, one stream, and the messages of both nodes."""
    room = await pair.one.create(title="A test")
    path = f"/api/rooms/{room.name}"
    there = room.whip.replace(pair.one.url, pair.two.url)
    async with Browser(pair.one.url) as browser:
        posted = await browser.ask("POST", f"{path}/messages", {"id": "0" * 16, "text": "first"})
        assert posted[0] == 201
    async with Publisher(pair.one.http, room.whip, room.key):
        async with Viewer(pair.one.http, pair.one.url, room.name) as viewer:
            await viewer.frames(5)
            edge = pair.one.stream(room).edge
            async with Publisher(pair.two.http, there, room.key):
                await eventually(lambda: pair.two.rooms.in_memory.is_on_air(room.name))
                assert pair.one.rooms.in_memory.find(room.name) is None
                async with Viewer(pair.two.http, pair.two.url, room.name) as second:
                    await second.frames(5)
                    assert pair.two.stream(room).edge > edge
                    first = second.notices[0], second.media(Track.VIDEO)[0]
                    last = viewer.notices[0], viewer.media(Track.VIDEO)[-1]
                    for name in ("stream", "channel"):
                        assert first[0][name] == last[0][name]
                    assert first[1].media_time > last[1].media_time
                    assert first[1].epoch > last[1].epoch
                assert await viewer.closed() == 1001
                async with Browser(pair.one.url) as browser:
                    status, found = await browser.ask("GET", path)
                    assert (status, found["state"]) == (200, "live")
                    _, page = await browser.ask("GET", f"{path}/messages")
                    assert "first" in [each.get("text") for each in page["messages"]]


async def test_the_owner_gets_the_body_of_a_request_that_the_other_node_has_read(
    pair: Pair,
) -> None:
    """A clip: the node that has not the live reads the request before it knows that."""
    async with Browser(pair.one.url) as creator:
        room = await creator.create_room(title="A test")
        go_live(pair.one, room)
    async with Browser(pair.two.url) as browser:
        clip = await publish_clip(browser, room, title="The best")
        assert (clip["title"], clip["state"]) == ("The best", "published")


async def test_only_the_key_takes_a_room(pair: Pair) -> None:
    room = await pair.one.create(title="A test")
    path = f"/whip/{room.name}"
    headers = {"Authorization": "Bearer wrong", "Content-Type": "application/sdp"}
    assert await pair.two.status("POST", path, data="v=0", headers=headers) == 403
    assert pair.one.rooms.in_memory.find(room.name)


async def test_any_node_answers_for_the_session_of_a_creator(pair: Pair) -> None:
    room = await pair.one.create(title="A test")
    async with Publisher(pair.one.http, room.whip, room.key) as publisher:
        here = publisher.location
        assert here.rpartition("/")[2].startswith("one-")
        there = here.replace(pair.one.url, pair.two.url).removeprefix(pair.two.url)
        key = {"Authorization": f"Bearer {room.key}"}
        wrong = {"Authorization": "Bearer wrong"}
        assert await pair.two.status("DELETE", there, headers=wrong) == 403
        publisher.location = pair.two.url + there
        assert await publisher.restart_ice() == 200
        assert await pair.two.status("DELETE", there, headers=key) == 200
        await eventually(lambda: not pair.one.room(room).sessions)
    gone = there.replace("one-", "gone-")
    assert await pair.two.status("DELETE", gone, headers=key) == 404


async def test_any_node_answers_with_the_media_of_the_owner(pair: Pair) -> None:
    """LL-HLS, the window to jump back, and the poster."""
    room = await pair.one.create(title="A test")
    window = f"/api/rooms/{room.name}/window"
    async with (
        Publisher(pair.one.http, room.whip, room.key),
        Viewer(pair.one.http, pair.one.url, room.name) as viewer,
    ):
        async with asyncio.timeout(20):
            while await pair.two.status("GET", window) != 200:
                await viewer.frames(5)
        playlist = f"/hls/{room.name}/index.m3u8"
        assert (found := await read(pair.two, playlist))[0] == "application/vnd.apple.mpegurl"
        assert found == await read(pair.one, playlist)
        segments = json.loads((await read(pair.two, window))[1])["segments"]
        file = f"{window}/{segments[0]['start']}"
        assert await read(pair.two, file) == await read(pair.one, file)
        assert await pair.two.status("GET", f"/r/{room.name}/poster.jpg") in (200, 204)


async def test_viewers_of_any_node_see_the_live(pair: Pair) -> None:
    """Frames, events, taps and the number of viewers, at a node that does not own the room."""
    room = await pair.one.create(title="A test")
    async with Publisher(pair.one.http, room.whip, room.key):
        async with (
            Viewer(pair.one.http, pair.one.url, room.name) as here,
            Viewer(pair.two.http, pair.two.url, room.name) as there,
        ):
            await here.frames(5)
            await there.frames(5)
            for server in (pair.one, pair.two):
                listed = json.loads((await read(server, "/api/rooms"))[1])["rooms"]
                assert [(each["room"], each["state"]) for each in listed] == [(room.name, "live")]
            assert there.notices[0]["stream"] == here.notices[0]["stream"]
            assert there.notices[0]["channel"] == here.notices[0]["channel"]
            await eventually(lambda: pair.one.channel(room).viewers == 2)
            edge = there.edge(Track.VIDEO)
            tap = {"type": "taps", "media_time": edge, "counts": {"heart": [2]}}
            await there.ws.send_json(tap)
            for viewer in (here, there):
                tally = await viewer.event(type="tally")
                assert tally["taps"] == {"heart": 2}
            async with Browser(pair.two.url) as browser:
                message = {"id": "0" * 16, "text": "hello"}
                path = f"/api/rooms/{room.name}/messages"
                assert await browser.status("POST", path, message) == 201
            for viewer in (here, there):
                await viewer.until(lambda: said("hello", viewer))  # noqa: B023 (called at once)
            key = {"Authorization": f"Bearer {room.key}"}
            assert await pair.two.status("DELETE", f"/api/rooms/{room.name}", headers=key) == 204
            for viewer in (here, there):
                assert await viewer.closed() == 4410


async def test_a_player_without_page_plays_at_any_node(pair: Pair) -> None:
    """WHEP at the node that does not own the room, and its end through the other."""
    room = await pair.one.create(title="A test")
    async with Publisher(pair.one.http, room.whip, room.key):
        await eventually(lambda: pair.one.stream(room).tracks)
        url = f"{pair.two.url}/whep/{room.name}"
        async with WhepPlayer(pair.two.http, url) as player:
            await player.frames(5)
            await eventually(lambda: pair.one.channel(room).viewers == 1)
            assert "/two-" in player.location
            player.location = player.location.replace(pair.two.url, pair.one.url)
            assert await player.delete() == 200
            await eventually(lambda: pair.one.channel(room).viewers == 0)


async def test_the_rooms_of_a_dead_node_are_adopted(
    postgres: Postgres, nats: NatsServer, tmp_path: Path
) -> None:
    with postgres.database() as database:
        common = {"database": database, "nats": nats.account()}
        async with node(tmp_path, "two", **common) as two:
            async with node(tmp_path, "one", **common) as one:
                room = await one.create(title="A test")
                path = f"/api/rooms/{room.name}"
                async with Browser(one.url) as browser:
                    message = {"id": "0" * 16, "text": "hello"}
                    assert await browser.status("POST", f"{path}/messages", message) == 201
            async with Browser(two.url) as browser:
                assert (await browser.ask("GET", path))[1]["state"] == "idle"
                _, page = await browser.ask("GET", f"{path}/messages")
                assert [each["text"] for each in page["messages"]] == ["hello"]
                status, refusal = await browser.ask("POST", f"{path}/messages", message)
                assert (status, refusal["code"]) == (503, "node_away")
                assert await two.rooms.moves.adopt("one", lambda name: name == room.name) == 1
                assert two.rooms.in_memory.find(room.name)
                assert await browser.status("POST", f"{path}/messages", message) == 201
            async with node(tmp_path, "one", **common) as one:
                assert one.rooms.in_memory.find(room.name) is None
                async with Browser(one.url) as browser:
                    assert (await browser.ask("GET", path))[1]["state"] == "idle"


def said(text: str, viewer: Viewer) -> bool:
    return any(text in json.dumps(event) for event in viewer.events)


async def test_a_creator_whose_node_has_died_goes_on_elsewhere(
    postgres: Postgres, nats: NatsServer, tmp_path: Path
) -> None:
    """Without waiting, in the same room, on one media clock. A viewer of a third node stays."""
    with postgres.database() as database:
        common = {"database": database, "nats": nats.account()}
        async with (
            node(tmp_path, "two", **common) as two,
            node(tmp_path, "three", **common) as three,
            AsyncExitStack() as stack,
        ):
            one = await stack.enter_async_context(node(tmp_path, "one", **common))
            room = await one.create(title="A test")
            async with Viewer(three.http, three.url, room.name) as viewer:
                async with Publisher(one.http, room.whip, room.key):
                    await viewer.frames(10)
                    last = viewer.media(Track.VIDEO)[-1]
                await stack.aclose()
                there = room.whip.replace(one.url, two.url)
                async with Publisher(two.http, there, room.key):
                    await viewer.until(
                        lambda: viewer.media(Track.VIDEO)[-1].epoch > last.epoch, seconds=20
                    )
                    first = next(
                        record for record in viewer.media(Track.VIDEO) if record.epoch > last.epoch
                    )
                    assert first.media_time > last.media_time


async def test_nats_goes_away_and_loses_its_memory(postgres: Postgres, tmp_path: Path) -> None:
    """Viewers of the owner notice nothing, and those of the other node go on afterwards."""
    with nats_server() as nats, nats.running():
        async with nodes(tmp_path, postgres, nats, "one", "two") as (one, two):
            room = await one.create(title="A test")
            async with (
                Publisher(one.http, room.whip, room.key),
                Viewer(one.http, one.url, room.name) as here,
                Viewer(two.http, two.url, room.name) as there,
            ):
                await there.frames(5)
                nats.stop()
                await here.frames(30)
                path = f"/api/rooms/{room.name}"
                assert await two.status("GET", path) == 200
                nats.start()
                await there.frames(60, seconds=20)
                assert two.cluster
                assert await two.cluster.owners.read(room.name)


async def read(server: Server, path: str) -> tuple[str, bytes]:
    async with server.http.get(server.url + path) as response:
        assert response.status == 200
        return response.content_type, await response.read()
