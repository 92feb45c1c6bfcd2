"""Recordings and their index in the database."""

from dataclasses import replace

import pytest

from server.storage import recordings as module
from server.storage.recording_records import (
    PieceRecord,
    Progress,
    RecordingEnd,
    RecordingRecord,
    SegmentRecord,
)
from server.storage.recordings import segment_key
from server.storage.rooms import RoomRecord
from server.storage.storage import Storage

PIECE = PieceRecord("abc", 1, b"\0init", 720, 1280, 1 << 40)
SEGMENT = SegmentRecord("abc", 1, 1, 1 << 40, 4_000_000, 1, 1_250_000)
AGES = {"yes": 1_000.0, "day": 100.0}
END = RecordingEnd("finished", 150.0, AGES)


async def record(storage: Storage, room: str = "abc", keep: str = "day", size: int = 10) -> None:
    """Stores a recording with one segment."""
    await storage.recordings.begin(room, keep, 100.5)
    piece, segment = replace(PIECE, room=room), replace(SEGMENT, room=room, size=size)
    assert await storage.recordings.add_segment(segment, piece)


async def test_a_recording_from_its_begin_to_its_end(storage: Storage) -> None:
    store = storage.recordings
    expected = RecordingRecord("abc", "recording", "day", "", 100.5)
    begun = await store.begin("abc", "day", 100.5)
    assert begun is not None and replace(begun, server="") == expected
    assert await store.begin("abc", "yes", 200.0) == begun, "the recording goes on"
    assert await store.progress("abc") == Progress()
    second = replace(SEGMENT, sequence=2, media_time=(1 << 40) + 4_000_000, size=750_000)
    assert await store.add_segment(SEGMENT, PIECE)
    assert await store.add_segment(second, None)
    assert await store.add_segment(second, None), "a write may be repeated"
    assert await store.progress("abc") == Progress(2, 8_000_000, PIECE)
    assert await store.pieces("abc") == [PIECE]
    assert await store.segments("abc") == [SEGMENT, second]
    assert await store.durations("abc") == {1: 8_000_000}
    finished = await store.finish("abc", END)
    assert finished == replace(
        begun, state="finished", ended_at=150.0, delete_at=250.0, bytes=2_000_000
    )
    assert await store.finish("abc", replace(END, at=999.0)) == finished, "the first end counts"
    assert await store.read("abc") == finished
    assert not await store.add_segment(replace(SEGMENT, sequence=3), None)
    assert len(await store.segments("abc")) == 2


async def test_segments_of_a_span(storage: Storage) -> None:
    store = storage.recordings
    await store.begin("abc", "day", 0.0)
    segments = [replace(SEGMENT, sequence=n, media_time=n * 4_000_000) for n in range(1, 6)]
    for segment in segments:
        await store.add_segment(segment, None)
    assert await store.segments("abc", 8_000_000, 12_000_000) == [segments[1]]
    assert await store.segments("abc", 7_999_999, 12_000_001) == segments[:3]
    assert await store.segments("abc", 19_000_000) == segments[3:]
    assert await store.segments("other") == []


@pytest.mark.parametrize("step", [1, 3, 4])
async def test_segments_that_need_several_statements(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """The numbers have gaps after a loss of segments."""
    monkeypatch.setattr(module, "STEP", step)
    store = storage.recordings
    await store.begin("abc", "day", 0.0)
    segments = [replace(SEGMENT, sequence=n, media_time=n * 4_000_000) for n in (1, 2, 7, 8)]
    for segment in segments:
        await store.add_segment(segment, None)
    assert await store.segments("abc") == segments
    assert await store.segments("abc", 9_000_000, 30_000_000) == segments[1:3]


async def test_an_empty_recording_is_discarded_at_its_end(storage: Storage) -> None:
    store = storage.recordings
    await store.begin("abc", "day", 0.0)
    assert await store.finish("abc", END) is None
    assert await store.read("abc") is None
    assert await storage.discarded.oldest(10) == ["lives/abc/"]


async def test_nothing_is_kept_of_a_live_whose_creator_wants_so(storage: Storage) -> None:
    await record(storage)
    assert await storage.recordings.keep("abc", "no", AGES, 120.0)
    assert await storage.recordings.finish("abc", END) is None
    assert await storage.recordings.segments("abc") == []
    assert await storage.discarded.oldest(10) == ["lives/abc/"]


async def test_an_erased_recording_that_had_stopped_is_discarded_with_its_live(
    storage: Storage,
) -> None:
    await record(storage)
    await storage.recordings.finish("abc", replace(END, state="stopped"))
    await storage.recordings.erase("abc")
    assert await storage.recordings.finish("abc", END) is None
    assert await storage.recordings.read("abc") is None
    assert await storage.discarded.oldest(10) == ["lives/abc/"]


async def test_the_choice_decides_when_a_replay_is_deleted(storage: Storage) -> None:
    store = storage.recordings
    assert not await store.keep("abc", "yes", AGES, 0.0)
    await record(storage)
    await store.finish("abc", END)
    for keep, delete_at in (("yes", 1_150.0), ("day", 250.0)):
        assert await store.keep("abc", keep, AGES, 200.0)
        found = await store.read("abc")
        assert found and (found.keep, found.delete_at) == (keep, delete_at)
    assert await store.keep("abc", "day", AGES, 300.0)
    found = await store.read("abc")
    assert found and found.delete_at == 300.0, "a day is over already"


async def test_a_deleted_recording_cannot_begin_before_its_objects_are_gone(
    storage: Storage,
) -> None:
    """Otherwise, the new objects would be deleted with the old objects."""
    await record(storage)
    await storage.recordings.discard("abc", 200.0)
    assert await storage.recordings.read("abc") is None
    assert await storage.recordings.begin("abc", "day", 201.0) is None
    await storage.discarded.forget("lives/abc/")
    assert await storage.recordings.begin("abc", "day", 202.0) is not None


async def test_an_erased_recording_keeps_its_row(storage: Storage) -> None:
    await record(storage)
    await storage.recordings.erase("abc")
    found = await storage.recordings.read("abc")
    assert found and (found.state, found.keep, found.bytes) == ("recording", "no", 0)
    assert await storage.recordings.segments("abc") == []
    assert await storage.recordings.pieces("abc") == []


async def test_segments_that_the_store_has_lost_are_forgotten(storage: Storage) -> None:
    await record(storage, size=10)
    await storage.recordings.add_segment(replace(SEGMENT, sequence=2, size=7), None)
    await storage.recordings.forget_segments("abc", [2, 99])
    found = await storage.recordings.read("abc")
    assert found and found.bytes == 10
    assert [each.sequence for each in await storage.recordings.segments("abc")] == [1]


async def test_unfinished_and_abandoned_recordings(storage: Storage) -> None:
    for room, ended_at in (("abc", None), ("old", 50.0), ("new", 500.0)):
        await storage.rooms.add(RoomRecord(room, "", b"hash", 1.0))
        if ended_at is not None:
            await storage.rooms.end(room, ended_at)
        await record(storage, room)
    store = storage.recordings
    assert {each.room for each in await store.unfinished()} == {"abc", "old", "new"}
    assert [each.room for each in await store.abandoned(100.0, 10)] == ["old"]
    await store.finish("old", END)
    assert await store.abandoned(100.0, 10) == []
    assert {each.room for each in await store.unfinished()} == {"abc", "new"}


async def test_a_name_with_a_null_character_is_no_recording(storage: Storage) -> None:
    assert await storage.recordings.read("a\0b") is None


def test_the_key_of_a_segment() -> None:
    assert segment_key("k3v9x2", 12) == "lives/k3v9x2/12.m4s"
