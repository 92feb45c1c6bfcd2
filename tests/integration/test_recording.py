"""Replays over HTTP: of a real publisher, and at two servers with one PostgreSQL and one S3
server.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from relay.media.bmff_reader import read_fragment, read_init
from relay.sample import Track
from server.recordings.policy import Note
from server.rooms.life import RoomEvent
from server.storage.recordings import segment_key
from tests.fixtures.deadline import eventually
from tests.fixtures.media import decode_pictures
from tests.fixtures.metrics import scrape
from tests.fixtures.postgres import Postgres
from tests.fixtures.publisher import Publisher
from tests.fixtures.s3 import S3Server, give_credentials
from tests.fixtures.server import NewRoom, Server, running
from tests.server.recordings.conftest import publish


async def ask(
    server: Server, room: str, method: str = "GET", key: str = "", json: object = None
) -> tuple[int, dict[str, Any]]:
    """Sends a request about a replay. Returns the status and the answer."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    url = f"{server.url}/api/rooms/{room}/replay"
    async with server.http.request(method, url, json=json, headers=headers) as response:
        return response.status, (await response.json() if response.status != 204 else {})


async def ended(server: Server, room: NewRoom) -> dict[str, Any]:
    """Ends a room. Returns the replay once the recording has ended."""
    path = f"/api/rooms/{room.name}"
    assert await server.status("DELETE", path, headers=room.bearer) == 204
    await eventually(lambda: room.name not in server.recordings._recorders)
    status, replay = await ask(server, room.name, key=room.key)
    assert status == 200
    return replay


async def test_the_live_of_a_real_publisher_becomes_a_replay(server: Server) -> None:
    """All frames of the replay can be decoded. The recording contains the media of the relay
    unchanged.
    """
    room = await server.create()
    assert (await ask(server, room.name))[1]["state"] == "none"
    async with Publisher(server.http, room.whip, room.key):
        await eventually(lambda: server.recordings.running == 1)
        stream = server.stream(room)
        await eventually(lambda: len(stream.window) > 100)
        assert (await ask(server, room.name))[1]["state"] == "recording"
        async with server.http.get(f"{server.url}/metrics") as response:
            assert scrape(await response.text())["microlive_recordings"] == 1
        seen = [sample for sample in stream.window if sample.track is Track.VIDEO]
        replay = await ended(server, room)
    assert (replay["state"], replay["keep"], replay["note"]) == ("finished", "day", "")
    assert replay["delete_at"] - replay["began_at"] == pytest.approx(86_400, abs=60)
    store = server.storage.recordings
    (piece,) = await store.pieces(room.name)
    media = [
        await server.objects.read(segment_key(room.name, each.sequence))
        for each in await store.segments(room.name)
    ]
    tracks = read_init(piece.init)
    samples = [sample for data in media for sample in read_fragment(data, tracks)]
    frames = [(each.dts, each.data) for each in samples if each.track is Track.VIDEO]
    assert frames[: len(seen)] == [(each.dts, each.data) for each in seen]
    assert len(decode_pictures(piece.init + b"".join(media))) == len(frames)
    assert replay["duration"] == pytest.approx(len(frames) / 30, abs=0.3)
    assert replay["pieces"] == [
        {"piece": 1, "width": 160, "height": 120, "start": piece.media_time}
        | {"duration": replay["duration"]}
    ]


async def test_only_the_creator_decides(server: Server) -> None:
    room = await server.create()
    path, bad = f"/api/rooms/{room.name}/replay", {"Authorization": "Bearer wrong"}
    for method in ("PUT", "DELETE"):
        assert await server.status(method, path, json={"keep": "yes"}, headers=bad) == 403
    for body in ({"keep": "for ever"}, {}, {"keep": None}):
        status, refusal = await ask(server, room.name, "PUT", room.key, body)
        assert (status, refusal["code"]) == (422, "bad_keep")
    assert (await ask(server, "nothere"))[0] == 404
    assert (await ask(server, "nothere", "PUT", room.key, {"keep": "yes"}))[0] == 404
    status, replay = await ask(server, room.name, "PUT", room.key, {"keep": "no"})
    assert (status, replay["state"], replay["keep"]) == (200, "none", "no")
    await server.status("DELETE", f"/api/rooms/{room.name}", headers=room.bearer)
    await eventually(lambda: room.name not in server.rooms.in_memory)
    other = await server.create()
    await server.status("DELETE", f"/api/rooms/{other.name}", headers=other.bearer)
    await eventually(lambda: other.name not in server.rooms.in_memory)
    status, refusal = await ask(server, other.name, "PUT", other.key, {"keep": "yes"})
    assert (status, refusal["code"]) == (404, "no_replay")


async def test_why_a_recording_stopped_is_for_the_creator(server: Server) -> None:
    room = await server.create()
    server.room(room).happen(RoomEvent.MEDIA_CAME)
    publish(server.room(room), 0, 5)
    await eventually(lambda: server.recordings.counters.segments == 1)
    server.recordings._recorders[room.name].stop(Note.DISK_FULL)
    await eventually(lambda: room.name not in server.recordings._recorders)
    for key, note in ((room.key, "disk_full"), ("", "")):
        _, replay = await ask(server, room.name, key=key)
        assert (replay["state"], replay["note"]) == ("stopped", note)


@dataclass(frozen=True, slots=True)
class Pair:
    one: Server
    two: Server


@pytest_asyncio.fixture
async def pair(
    postgres: Postgres, s3_server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Pair]:
    give_credentials(monkeypatch)
    with postgres.database() as url:
        options = {"database": url, **s3_server.bucket().settings()}
        async with (
            running(tmp_path / "one", **options) as one,
            running(tmp_path / "two", **options) as two,
        ):
            yield Pair(one, two)


async def test_a_replay_of_one_server_is_right_at_the_other(pair: Pair) -> None:
    """The other server reads the replay, changes how long the replay is kept, and deletes the
    replay.
    """
    one, two = pair.one, pair.two
    room = await one.create()
    one.room(room).happen(RoomEvent.MEDIA_CAME)
    publish(one.room(room), 0, 5)
    assert (await ask(two, room.name))[0] == 421, "the live runs at the other server"
    replay = await ended(one, room)
    assert replay["duration"] == pytest.approx(5, abs=0.01)
    assert await ask(two, room.name, key=room.key) == (200, replay)
    status, kept = await ask(two, room.name, "PUT", room.key, {"keep": "yes"})
    assert status == 200 and kept["delete_at"] > replay["delete_at"]
    (first, *_) = await two.storage.recordings.segments(room.name)
    assert len(await two.objects.read(segment_key(room.name, 1))) == first.size
    assert (await ask(two, room.name, "DELETE", room.key))[0] == 204
    assert (await ask(one, room.name, key=room.key))[1]["state"] == "none"
    assert await one.storage.discarded.oldest(9) == [f"lives/{room.name}/"]


async def test_a_lost_server_leaves_a_whole_replay(pair: Pair) -> None:
    """Another server finishes the recording, and deletes objects that the index does not name."""
    one, two = pair.one, pair.two
    room = await one.create()
    one.room(room).happen(RoomEvent.MEDIA_CAME)
    publish(one.room(room), 0, 5)
    await eventually(lambda: one.recordings.counters.segments == 1)
    recorder_ = one.recordings._recorders[room.name]
    recorder_.close()
    await recorder_.ended()
    await one.objects.put(segment_key(room.name, 9), b"half", "video/mp4")
    await one.storage.rooms.end(room.name, 100.0)
    await two.recordings._upkeep.check()
    store = two.storage.recordings
    found = await store.read(room.name)
    assert found and (found.state, found.note) == ("finished", "")
    assert [info.key for info in await two.objects.list(f"lives/{room.name}/")] == [
        segment_key(room.name, each.sequence) for each in await store.segments(room.name)
    ]
