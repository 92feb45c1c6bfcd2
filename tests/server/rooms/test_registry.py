"""Commands are answered for rooms in memory and in storage alike."""

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from relay.channel.hub import Hub
from relay.errors import Refusal, RefusalCode
from relay.rtc.udp import UdpPort
from relay.worker.workers import Workers
from server.ingest.sessions import IngestSessions
from server.ingest.transcoders import Transcoders
from server.people.person import ANONYMOUS
from server.rooms import idle_rooms, registry, stored_changes
from server.rooms.codec import (
    decode_command,
    decode_refusal,
    decode_reply,
    encode_command,
    encode_refusal,
    encode_reply,
)
from server.rooms.commands.base import Command
from server.rooms.commands.room import (
    AuthorisePublishing,
    DeleteLive,
    Describe,
    End,
    EndSession,
    ReadHealth,
    RequireOpen,
)
from server.rooms.commands.summary import ReadSummary
from server.rooms.life import RoomEvent, State
from server.rooms.registry import Rooms
from server.rooms.room import RoomPolicy
from server.social.author import Requester
from server.storage.errors import StorageUnavailable
from server.storage.rooms import RoomRecord
from server.storage.storage import Storage
from tests.fixtures.deadline import eventually


async def make(storage: Storage) -> Rooms:
    rooms = Rooms(
        storage,
        Hub(1, 1_000),
        IngestSessions(UdpPort(), Transcoders(Workers(), 0, 1, 1_000_000), 1_000_000).open,
        RoomPolicy(idle_ttl=3_600, away_grace=60),
        lambda beacon, before: None,
    )
    await rooms.open()
    return rooms


@pytest_asyncio.fixture
async def rooms(storage: Storage) -> AsyncIterator[Rooms]:
    made = await make(storage)
    yield made
    await made.close()


async def refused(rooms: Rooms, name: str, command: Command[object]) -> tuple[int, RefusalCode]:
    with pytest.raises(Refusal) as caught:
        await rooms.ask(name, command)
    return caught.value.status, caught.value.code


async def test_a_room_is_created_described_and_ended(rooms: Rooms) -> None:
    new = await rooms.create("A title")
    name = new.room.room
    assert await rooms.ask(name, Describe()) == new.room
    assert (new.room.state, new.room.title, new.room.viewers) == (State.IDLE, "A title", 0)
    assert (await rooms.ask(name, ReadHealth(new.key))).room == new.room
    await rooms.ask(name, AuthorisePublishing(new.key))
    assert (await rooms.local(name)).name == name
    await rooms.ask(name, End(new.key))
    ended = await rooms.ask(name, Describe())
    assert (ended.state, ended.created_at) == (State.ENDED, new.room.created_at)
    assert name not in rooms.in_memory and not rooms.in_memory.states


async def test_an_ended_room(rooms: Rooms) -> None:
    """It can be described and ended again; everything else is refused."""
    new = await rooms.create("")
    name = new.room.room
    await rooms.ask(name, End(new.key))
    await rooms.ask(name, End(new.key))
    ended = RefusalCode.ROOM_ENDED
    assert await refused(rooms, name, ReadHealth(new.key)) == (410, ended)
    assert await refused(rooms, name, AuthorisePublishing(new.key)) == (409, ended)
    assert await refused(rooms, name, EndSession(new.key, "session")) == (409, ended)
    with pytest.raises(Refusal) as caught:
        await rooms.local(name)
    assert (caught.value.status, caught.value.code) == (410, ended)


@pytest.mark.parametrize(
    "command",
    [ReadHealth, AuthorisePublishing, End, lambda key: EndSession(key, "session")],
    ids=["health", "publish", "end", "end_session"],
)
@pytest.mark.parametrize("over", [False, True], ids=["open", "ended"])
async def test_a_command_of_the_creator_needs_the_key(
    rooms: Rooms, command: type[ReadHealth], over: bool
) -> None:
    new = await rooms.create("")
    name = new.room.room
    if over:
        await rooms.ask(name, End(new.key))
    assert await refused(rooms, name, command("")) == (401, RefusalCode.MISSING_KEY)
    assert await refused(rooms, name, command("wrong")) == (403, RefusalCode.WRONG_KEY)
    assert await refused(rooms, "none", command(new.key)) == (404, RefusalCode.ROOM_NOT_FOUND)


async def test_whether_a_room_is_open(rooms: Rooms) -> None:
    new = await rooms.create("")
    name = new.room.room
    await rooms.ask(name, RequireOpen())
    await rooms.ask(name, End(new.key))
    assert await refused(rooms, name, RequireOpen()) == (410, RefusalCode.ROOM_ENDED)
    assert await refused(rooms, "none", RequireOpen()) == (404, RefusalCode.ROOM_NOT_FOUND)


async def test_a_closing_server_takes_nothing_new(rooms: Rooms) -> None:
    """It accepts no room, session or viewer, even before the viewers of its rooms are closed."""
    new = await rooms.create("")
    name = new.room.room
    rooms.refuse_new()
    closing = (503, RefusalCode.SERVER_CLOSING)
    assert await refused(rooms, name, RequireOpen()) == closing
    for attempt in (rooms.create(""), rooms.local(name), rooms.require_ready()):
        with pytest.raises(Refusal) as caught:
            await attempt
        assert (caught.value.status, caught.value.code) == closing
        assert caught.value.retry_after == 1
    await rooms.ask(name, End(new.key))


async def test_a_room_whose_creation_meets_the_close(
    rooms: Rooms, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The creation is refused. No room stays in memory, and none is restored at the next start."""
    stored = storage.rooms.add

    async def slow(record: RoomRecord) -> None:
        await stored(record)
        await rooms.close()

    monkeypatch.setattr(storage.rooms, "add", slow)
    with pytest.raises(Refusal) as caught:
        await rooms.create("")
    assert caught.value.code is RefusalCode.SERVER_CLOSING
    assert not rooms.in_memory.states and not await storage.rooms.unended()


async def test_a_session_that_does_not_exist(rooms: Rooms) -> None:
    new = await rooms.create("")
    command = EndSession(new.key, "session")
    assert await refused(rooms, new.room.room, command) == (404, RefusalCode.SESSION_NOT_FOUND)


async def test_a_command_that_is_not_known(rooms: Rooms) -> None:
    new = await rooms.create("")
    with pytest.raises(TypeError):
        await rooms.ask(new.room.room, Command())


async def test_a_room_is_asked_from_another_process(rooms: Rooms) -> None:
    """Only JSON passes between the processes."""

    async def owner(name: str, message: str) -> str:
        command = decode_command(json.loads(message))
        try:
            reply = await rooms.ask(name, command)
        except Refusal as refusal:
            return json.dumps({"refusal": encode_refusal(refusal)})
        return json.dumps({"reply": encode_reply(command, reply)})

    new = await rooms.create("A title")
    for command in (Describe(), ReadHealth(new.key)):
        answer = json.loads(await owner(new.room.room, json.dumps(encode_command(command))))
        expected: object = await rooms.ask(new.room.room, command)
        assert decode_reply(command, answer["reply"]) == expected
    wrong = encode_command(End("wrong"))
    answer = json.loads(await owner(new.room.room, json.dumps(wrong)))
    assert decode_refusal(answer["refusal"]).code is RefusalCode.WRONG_KEY


async def test_rooms_are_restored(rooms: Rooms, storage: Storage) -> None:
    """All rooms that have not ended are restored, with their keys."""
    new, over = await rooms.create("A title"), await rooms.create("")
    await rooms.ask(over.room.room, End(over.key))
    await rooms.close()
    restored = await make(storage)
    assert restored.in_memory.states == {State.IDLE: 1}
    assert await restored.ask(new.room.room, Describe()) == new.room
    await restored.ask(new.room.room, AuthorisePublishing(new.key))
    await restored.close()


async def test_a_room_whose_time_is_over_ends_itself(rooms: Rooms, storage: Storage) -> None:
    """It ends even if the time passed while the server was down. It then has a summary."""
    new = await rooms.create("", length=60)
    name = new.room.room
    await storage.rooms.set_live(name, time.time() - 100)
    await rooms.close()
    restored = await make(storage)
    await eventually(lambda: name not in restored.in_memory, 5)
    assert (await restored.ask(name, Describe())).state is State.ENDED
    by = Requester(ANONYMOUS, key=new.key)
    assert (await restored.ask(name, ReadSummary(by))).duration >= 100
    await restored.close()


async def test_too_many_rooms(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "MAX_ROOMS", 1)
    await rooms.create("")
    with pytest.raises(Refusal) as caught:
        await rooms.create("")
    assert (caught.value.status, caught.value.retry_after) == (503, 60)


async def test_rooms_that_were_never_live_make_room(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While there are many, the old rooms end. A room that was live stays."""
    monkeypatch.setattr(registry, "MAX_ROOMS", 8)
    made = [await rooms.create("") for _ in range(4)]
    rooms._rooms[made[0].room.room].happen(RoomEvent.MEDIA_CAME)
    for _ in range(2):
        made.append(await rooms.create(""))
    assert rooms.in_memory.states[State.IDLE] == 5, "they are too young"
    monkeypatch.setattr(idle_rooms, "IDLE_CROWDED", -1.0)
    monkeypatch.setattr(idle_rooms, "ENDED_PER_ROOM", 2)
    await rooms.create("")
    states = [(await rooms.ask(new.room.room, Describe())).state for new in made]
    assert states == [State.LIVE, State.ENDED, State.ENDED, *[State.IDLE] * 3]


async def test_an_end_that_storage_misses_is_stored_later(
    rooms: Rooms, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request is refused, the room is over, and the next start does not restore the room."""
    monkeypatch.setattr(stored_changes, "REPEAT_INTERVAL", 0.01)
    new = await rooms.create("")
    name = new.room.room
    end, failures = storage.rooms.end, 3

    async def fail_first(*arguments: Any, **values: Any) -> None:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise StorageUnavailable("away")
        await end(*arguments, **values)

    monkeypatch.setattr(storage.rooms, "end", fail_first)
    with pytest.raises(StorageUnavailable):
        await rooms.ask(name, End(new.key))
    assert (await rooms.ask(name, Describe())).state is State.ENDED
    while await storage.rooms.unended():
        pass
    assert failures == -1


async def test_a_creator_deletes_a_live(rooms: Rooms, storage: Storage) -> None:
    """If the live has not ended, it ends first. Nothing is left of it."""
    for over in (False, True):
        new = await rooms.create("")
        name = new.room.room
        if over:
            await rooms.ask(name, End(new.key))
        assert await refused(rooms, name, DeleteLive("wrong")) == (403, RefusalCode.WRONG_KEY)
        await rooms.ask(name, DeleteLive(new.key))
        assert name not in rooms.in_memory and await storage.rooms.find(name) is None
        assert await refused(rooms, name, Describe()) == (404, RefusalCode.ROOM_NOT_FOUND)
