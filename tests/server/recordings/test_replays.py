"""Which lives have a replay."""

from relay.errors import RefusalCode
from server.recordings.replays import Kept
from tests.fixtures.recorded import CREATED, ROOM, recorded, store
from tests.server.recordings.conftest import Stored


async def test_a_deleted_replay_is_gone_at_once(stored: Stored) -> None:
    await store(stored.storage, stored.objects, recorded(2))
    replay = await stored.replays.find(ROOM.room)
    await stored.files.segment(replay, 1)
    await stored.storage.recordings.discard(ROOM.room, CREATED + 90)
    assert await stored.code() is RefusalCode.NO_REPLAY
    assert not stored.replays.knows(ROOM.room)


async def test_lives_without_a_replay(stored: Stored) -> None:
    await store(stored.storage, stored.objects, recorded(1), room="old", keep="day")
    assert await stored.code("old") is None
    assert await stored.replays.kept("old") is Kept.READY
    stored.now = 1e11
    assert await stored.code("old") is RefusalCode.NO_REPLAY
    assert await stored.code("nowhere") is RefusalCode.NO_REPLAY
    await stored.storage.rooms.add(ROOM)
    await stored.storage.recordings.begin(ROOM.room, "yes", CREATED)
    assert await stored.code() is RefusalCode.NO_REPLAY, "the live goes on"
    assert await stored.replays.kept(ROOM.room) is Kept.SOON
    await stored.storage.recordings.keep(ROOM.room, "no", {}, CREATED)
    assert await stored.replays.kept(ROOM.room) is Kept.NOTHING
