"""Lives from their first frame to their end, on real storage."""

import asyncio
import errno
from pathlib import Path

import pytest

from relay.media.bmff_reader import read_fragment, read_init
from relay.sample import Track
from server.objects.objects import Objects
from server.objects.stores import LocalFiles
from server.recordings import recorder, writer
from server.recordings.policy import Keep, Note, RecordingPolicy
from server.recordings.reconciliation import reconcile
from server.recordings.upkeep import Upkeep
from server.rooms.life import RoomEvent
from server.storage.recordings import segment_key
from tests.fixtures.deadline import eventually
from tests.server.recordings.conftest import House, open_house, publish

FULL = OSError(errno.ENOSPC, "No space left on device")
AWAY = OSError(errno.EIO, "Input/output error")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "TICK", 0.01)
    monkeypatch.setattr(writer, "RETRY", (0.01, 0.02))


async def media_of(house: House, room: str) -> tuple[int, int]:
    """The numbers of frames and audio packets in the stored recording."""
    store, samples = house.storage.recordings, []
    tracks = {each.piece: read_init(each.init) for each in await store.pieces(room)}
    for segment in await store.segments(room):
        data = await house.objects.read(segment_key(room, segment.sequence))
        assert len(data) == segment.size
        samples += read_fragment(data, tracks[segment.piece], segment.epoch)
    video = sum(sample.track is Track.VIDEO for sample in samples)
    return video, len(samples) - video


async def test_a_live_is_recorded_from_its_first_frame_to_its_end(house: House) -> None:
    room = await house.live()
    publish(room, 1, 9.5)
    await eventually(lambda: house.recordings.counters.segments == 2)
    found = await house.recordings.describe(room.name)
    assert (found.state, found.keep, found.duration) == ("recording", "day", 8.0)
    assert (house.recordings.running, found.delete_at) == (1, None)
    room.finish()
    await house.ended(room.name)
    found = await house.recordings.describe(room.name)
    assert (found.state, found.note) == ("finished", "")
    assert found.duration == pytest.approx(9.5, abs=0.01)
    assert [(piece.width, piece.start) for piece in found.pieces] == [(64, 0)]
    assert await media_of(house, room.name) == (285, 475)
    assert house.stored(room.name) == ["1.m4s", "2.m4s", "3.m4s"]
    counters = house.recordings.counters
    assert (counters.segments, counters.bytes, house.recordings.lost) == (3, found.bytes, 0)
    assert (house.recordings.running, house.recordings.waiting) == (0, 0)


async def test_an_absence_and_a_takeover_continue_the_recording(house: House) -> None:
    room = await house.live()
    publish(room, 1, 3)
    room.happen(RoomEvent.MEDIA_STOPPED)
    publish(room, 60, 64, epoch=2)
    room.happen(RoomEvent.MEDIA_CAME)
    publish(room, 66, 70, epoch=3)
    room.finish()
    await house.ended(room.name)
    segments = await house.storage.recordings.segments(room.name)
    assert [(each.epoch, each.media_time) for each in segments] == [
        (1, 0),
        (2, 60_000_000),
        (3, 66_000_000),
    ]
    found = await house.recordings.describe(room.name)
    assert found.duration == pytest.approx(11, abs=0.02)
    assert [piece.duration for piece in found.pieces] == [found.duration]


async def test_a_restart_continues_the_recording(tmp_path: Path) -> None:
    policy = RecordingPolicy()
    async with open_house(tmp_path, policy) as house:
        room = await house.live()
        publish(room, 1, 5)
    async with open_house(tmp_path, policy) as house:
        again = house.rooms.in_memory.find(room.name)
        assert again is not None
        await eventually(lambda: house.recordings.running == 1)
        publish(again, 30, 33)
        again.happen(RoomEvent.MEDIA_CAME)
        again.finish()
        await house.ended(room.name)
        segments = await house.storage.recordings.segments(room.name)
        assert [each.sequence for each in segments] == [1, 2, 3]
        assert await media_of(house, room.name) == (240, 400)
        assert len(await house.storage.recordings.pieces(room.name)) == 1


async def test_a_crash_leaves_no_segment_without_its_place_in_the_index(tmp_path: Path) -> None:
    """The server crashed after it stored an object and before it stored the row. The store has lost
    another object.
    """
    async with open_house(tmp_path, RecordingPolicy()) as house:
        room = await house.live()
        publish(room, 1, 9)
    async with open_house(tmp_path, RecordingPolicy()) as house:
        await house.objects.put(segment_key(room.name, 4), b"unfinished", "video/mp4")
        await house.objects.delete([segment_key(room.name, 1)])
    async with open_house(tmp_path, RecordingPolicy()) as house:
        await eventually(lambda: house.stored(room.name) == ["2.m4s", "3.m4s"])
        again = house.rooms.in_memory.find(room.name)
        assert again is not None
        again.finish()
        await house.ended(room.name)
        segments = await house.storage.recordings.segments(room.name)
        assert [each.sequence for each in segments] == [2, 3]
        found = await house.recordings.describe(room.name)
        assert (found.state, found.bytes) == ("finished", sum(each.size for each in segments))


async def test_a_live_that_ended_during_the_crash_is_finished_at_the_start(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path, RecordingPolicy()) as house:
        room = await house.live()
        publish(room, 1, 5)
        await eventually(lambda: house.recordings.counters.segments == 1)
    async with open_house(tmp_path, RecordingPolicy()) as house:
        recorder_ = house.recordings._recorders[room.name]
        await eventually(lambda: house.recordings.running == 1)
        recorder_.close()
        await recorder_.ended()
        await house.storage.rooms.end(room.name, 100.0)
    async with open_house(tmp_path, RecordingPolicy()) as house:
        assert house.rooms.in_memory.find(room.name) is None
        async with asyncio.timeout(20):
            while (found := await house.recordings.describe(room.name)).state == "recording":
                pass
        assert found.state == "finished" and found.delete_at is not None


async def test_a_full_disk_stops_the_recording_and_not_the_live(house: House) -> None:
    room = await house.live()
    publish(room, 1, 5)
    await eventually(lambda: house.recordings.counters.segments == 1)
    house.files.failing = FULL
    publish(room, 5, 14)
    await house.ended(room.name)
    assert room.on_air
    found = await house.recordings.describe(room.name)
    assert (found.state, found.note, found.duration) == ("stopped", "disk_full", 4.0)
    assert found.delete_at is not None
    assert house.recordings.counters.stopped == {Note.DISK_FULL: 1}
    house.files.failing = None
    room.happen(RoomEvent.MEDIA_STOPPED)
    publish(room, 14, 20)
    room.happen(RoomEvent.MEDIA_CAME)
    await house.ended(room.name)
    room.finish()
    assert (await house.recordings.describe(room.name)).note == "disk_full"


async def test_a_store_that_is_away_for_a_moment_loses_nothing(house: House) -> None:
    room = await house.live()
    house.files.failing = AWAY
    publish(room, 1, 13)
    await eventually(lambda: house.recordings.counters.retries > 2)
    assert house.recordings.counters.segments == 0
    house.files.failing = None
    room.finish()
    await house.ended(room.name)
    assert await media_of(house, room.name) == (390, 650)
    assert (await house.recordings.describe(room.name)).state == "finished"


async def test_a_store_that_stays_away_stops_the_recording(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "PATIENCE", 0.1)
    room = await house.live()
    publish(room, 1, 5)
    await eventually(lambda: house.recordings.counters.segments == 1)
    house.files.failing = AWAY
    publish(room, 5, 10)
    await house.ended(room.name)
    found = await house.recordings.describe(room.name)
    assert (room.on_air, found.state, found.note) == (True, "stopped", "store_failed")


async def test_a_very_long_live_is_recorded_up_to_the_limit(tmp_path: Path) -> None:
    async with open_house(tmp_path, RecordingPolicy(max_length=7.0)) as house:
        room = await house.live()
        publish(room, 1, 20)
        await house.ended(room.name)
        found = await house.recordings.describe(room.name)
        assert (found.state, found.note, found.duration) == ("stopped", "too_long", 8.0)


async def test_nothing_is_recorded_if_the_creator_wants_so(house: House) -> None:
    new = await house.rooms.create("")
    assert await house.recordings.choose(new.room.room, Keep.NO)
    room = house.rooms.in_memory.find(new.room.room)
    assert room is not None
    room.happen(RoomEvent.MEDIA_CAME)
    await house.ended(room.name)
    publish(room, 0, 6)
    assert (house.recordings.running, house.stored(room.name)) == (0, [])
    found = await house.recordings.describe(room.name)
    assert (found.state, found.keep) == ("none", "no")
    assert await house.recordings.choose(room.name, Keep.YES)
    assert house.recordings.running == 1
    publish(room, 6, 11)
    room.finish()
    await house.ended(room.name)
    found = await house.recordings.describe(room.name)
    assert (found.state, found.keep) == ("finished", "yes")
    assert found.pieces[0].start == 4_000_000, "from the last keyframe before the choice"


async def test_a_creator_who_changes_the_mind_during_the_live(house: House) -> None:
    """Nothing is kept after the live. Until then, the creator may change the choice again."""
    room = await house.live()
    publish(room, 1, 5)
    await house.recordings.choose(room.name, Keep.NO)
    assert house.recordings.running == 0
    publish(room, 5, 10)
    await house.recordings.choose(room.name, Keep.DAY)
    publish(room, 10, 13)
    await house.recordings.choose(room.name, Keep.NO)
    room.finish()
    await eventually(lambda: not house.recordings._tasks)
    assert await house.storage.recordings.read(room.name) is None
    assert await house.storage.discarded.oldest(9) == [f"lives/{room.name}/"]


async def test_a_deleted_replay_is_gone_at_once(house: House) -> None:
    room = await house.live()
    publish(room, 1, 9)
    await eventually(lambda: house.recordings.counters.segments == 2)
    await house.recordings.delete(room.name)
    assert house.stored(room.name) == []
    assert (await house.recordings.describe(room.name)).state == "none"
    await house.recordings.choose(room.name, Keep.DAY)
    publish(room, 9, 15)
    room.finish()
    await house.ended(room.name)
    found = await house.recordings.describe(room.name)
    assert found.state == "finished" and found.pieces[0].start == 8_000_000
    await house.recordings.delete(room.name)
    assert (await house.recordings.describe(room.name)).state == "none"
    assert await house.storage.discarded.oldest(9) == [f"lives/{room.name}/"]
    assert not await house.recordings.choose(room.name, Keep.YES), "nothing is left to keep"


async def test_a_live_that_is_deleted_leaves_no_object(house: House) -> None:
    """The recorder may still store its last segment when the rows are already deleted."""
    room = await house.live()
    publish(room, 1, 9)
    await eventually(lambda: house.recordings.counters.segments == 2)
    await house.storage.recordings.discard(room.name, 1.0)
    for name in house.stored(room.name):
        (house.folder / "lives" / room.name / name).unlink()
    room.finish()
    await house.ended(room.name)
    assert house.stored(room.name) == []
    assert await house.storage.recordings.read(room.name) is None


async def test_running_recordings_stop_at_the_limit_of_the_server(house: House) -> None:
    small, large = await house.live(), await house.live()
    publish(small, 1, 5)
    publish(large, 1, 9)
    await eventually(lambda: house.recordings.counters.segments == 3)
    policy = RecordingPolicy(max_bytes=1)
    upkeep = Upkeep(
        *(house.storage.recordings, house.storage.kept_media, policy),
        *(house.recordings._conclude, house.recordings._stop_largest),
    )
    await upkeep.check()
    await house.ended(large.name)
    assert (await house.recordings.describe(large.name)).note == "over_limit"
    assert (await house.recordings.describe(small.name)).state == "recording"


async def test_reconciliation_of_a_whole_recording_changes_nothing(house: House) -> None:
    room = await house.live()
    publish(room, 1, 9)
    room.finish()
    await house.ended(room.name)
    before = await house.storage.recordings.segments(room.name)
    await reconcile(room.name, house.storage.recordings, house.objects)
    assert await house.storage.recordings.segments(room.name) == before
    assert len(house.stored(room.name)) == len(before)


async def test_reconciliation_with_another_store_changes_nothing(
    house: House, tmp_path: Path
) -> None:
    """Servers with one database and files of their own: each one ends the recordings of a lost
    server.
    """
    room = await house.live()
    publish(room, 1, 9)
    room.finish()
    await house.ended(room.name)
    before = await house.storage.recordings.segments(room.name)
    other = Objects(LocalFiles(tmp_path / "other"))
    await reconcile(room.name, house.storage.recordings, other)
    await other.close()
    assert before and await house.storage.recordings.segments(room.name) == before
