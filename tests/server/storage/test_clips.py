"""The clips in the database."""

from dataclasses import replace

import pytest

from server.storage.clip_record import ClipRecord
from server.storage.clips import (
    PERSON_SECONDS,
    ClipLimits,
    ClipStore,
    TooManyOfLive,
    TooManyOfPerson,
)
from server.storage.storage import Storage
from tests.fixtures.stored_people import store_person

NOW = 1_000_000.0
MANY = ClipLimits(100, 100)


def record(number: int = 1, state: str = "published", **values: object) -> ClipRecord:
    made = ClipRecord(
        id=f"clip-{number}",
        room="room",
        creator="p-creator",
        person="p-sam",
        title="A title",
        caption="",
        state=state,
        visibility="public",
        source="viewer",
        media_time=10_000_000,
        duration=30_000_000,
        width=64,
        height=48,
        bytes=0,
        pictures=False,
        revision=0 if state in ("draft", "making") else 1,
        server="",
        created_at=NOW + number,
        published_at=NOW if state == "published" else None,
    )
    return replace(made, **values)  # type: ignore[arg-type]


async def added(storage: Storage, *records: ClipRecord) -> ClipStore:
    for one in records:
        await storage.clips.add(one, MANY)
    return storage.clips


async def states(store: ClipStore) -> dict[str, str]:
    every = ("draft", "making", "waiting", "published", "deleted")
    return {found.record.id: found.record.state for found in await store.of_room("room", every)}


async def discarded(storage: Storage) -> list[str]:
    return sorted(await storage.discarded.oldest(100))


async def test_a_clip_is_read_as_it_was_stored(storage: Storage) -> None:
    await store_person(storage, "p-sam", "phone", handle="sam")
    store = await added(storage, record(), record(2, person=None))
    found = await store.find("clip-1")
    assert found is not None and found.by is not None
    assert found.record == replace(record(), server=store.server)
    assert (found.by.id, found.by.name) == ("p-sam", "sam")
    by_program = await store.find("clip-2")
    assert by_program is not None and by_program.by is None
    assert await store.find("clip-3") is None
    listed = await store.of_room("room", ["published"])
    assert [one.record.id for one in listed] == ["clip-2", "clip-1"]


async def test_the_clips_of_a_person_are_limited(storage: Storage) -> None:
    """The limit counts the clips of all rooms and of all servers."""
    limits = ClipLimits(2, 100)
    await added(storage, record(1, room="one"), record(2, "draft", room="two"))
    with pytest.raises(TooManyOfPerson) as refused:
        await storage.clips.add(record(3), limits)
    assert refused.value.retry_after == PERSON_SECONDS - 2
    await storage.clips.add(record(4, person="p-minji"), limits)
    later = NOW + PERSON_SECONDS + 1
    await storage.clips.add(record(5, created_at=later), limits)


async def test_the_programs_of_a_creator_are_limited(storage: Storage) -> None:
    limits = ClipLimits(1, 100)
    await storage.clips.add(record(1, person=None), limits)
    with pytest.raises(TooManyOfPerson):
        await storage.clips.add(record(2, person=None), limits)
    await storage.clips.add(record(3, person=None, creator="p-other"), limits)


async def test_a_clip_that_is_published_by_itself_has_no_limit_of_a_person(
    storage: Storage,
) -> None:
    limits = ClipLimits(1, 2)
    await storage.clips.add(record(1, person=None), limits)
    await storage.clips.add(record(2, person=None), limits, tapped=False)
    with pytest.raises(TooManyOfLive):
        await storage.clips.add(record(3, person=None), limits, tapped=False)


async def test_the_clips_of_a_live_are_limited(storage: Storage) -> None:
    limits = ClipLimits(100, 2)
    store = await added(storage, record(1), record(2, "draft"), record(3, room="other"))
    with pytest.raises(TooManyOfLive):
        await store.add(record(4), limits)
    assert await store.delete("clip-1", NOW)
    await store.add(record(4), limits)


async def test_a_clip_is_finished_once(storage: Storage) -> None:
    store = await added(storage, record(1, "draft"))
    final = record(1, title="New", bytes=100, pictures=True)
    assert not await store.finish(final)
    assert await store.change("clip-1", ["draft"], state="making")
    assert not await store.change("clip-1", ["draft"], state="making")
    assert await store.finish(final)
    found = await store.find("clip-1")
    assert found is not None and found.record == replace(final, server=store.server)
    assert not await store.finish(final)


async def test_approval(storage: Storage) -> None:
    store = await added(storage, record(1, "waiting"), record(2, "draft"))
    assert await store.approve("clip-1", NOW)
    assert not await store.approve("clip-1", NOW)
    assert not await store.approve("clip-2", NOW)
    found = await store.find("clip-1")
    assert found is not None and found.record.published_at == NOW


async def test_a_deletion_can_be_undone_for_a_while(storage: Storage) -> None:
    """Undoing the deletion restores the former state of the clip."""
    store = await added(storage, record(1), record(2, "waiting"), record(3, "draft"))
    for clip in ("clip-1", "clip-2"):
        assert await store.delete(clip, NOW)
        assert not await store.delete(clip, NOW + 5)
    assert not await store.delete("clip-3", NOW)
    assert not await store.restore("clip-1", NOW + 1)
    for clip in ("clip-1", "clip-2"):
        assert await store.restore(clip, NOW)
    assert not await store.restore("clip-3", NOW)
    assert await states(store) == {"clip-1": "published", "clip-2": "waiting", "clip-3": "draft"}
    assert await discarded(storage) == []


async def test_who_deleted_a_clip(storage: Storage) -> None:
    """The latest deletion decides. A ban counts as a deletion by the creator."""
    store = await added(storage, record(1))

    async def by_creator() -> bool:
        found = await store.find("clip-1")
        assert found is not None and found.record.state == "deleted"
        return found.record.deleted_by_creator

    assert await store.delete("clip-1", NOW, by_creator=True)
    assert await by_creator()
    assert await store.restore("clip-1", NOW) and await store.delete("clip-1", NOW)
    assert not await by_creator()
    assert await store.restore("clip-1", NOW)
    await store.delete_of_person("p-creator", "p-sam", NOW)
    assert await by_creator()


async def test_a_discarded_draft_leaves_the_prefix_of_its_files(storage: Storage) -> None:
    store = await added(storage, record(1, "draft"), record(2, "draft"), record(3, "making"))
    for clip in ("clip-1", "clip-3"):
        await store.discard_draft(clip, NOW)
    assert await states(store) == {"clip-2": "draft"}
    assert await discarded(storage) == ["clips/clip-1/", "clips/clip-3/"]


async def test_a_finished_clip_is_not_discarded_as_a_draft(storage: Storage) -> None:
    store = await added(storage, record(1), record(2, "waiting"))
    for clip in ("clip-1", "clip-2"):
        await store.discard_draft(clip, NOW)
    assert await states(store) == {"clip-1": "published", "clip-2": "waiting"}
    assert await discarded(storage) == []


async def test_a_start_discards_what_the_server_has_not_finished(storage: Storage) -> None:
    store = await added(storage, record(1, "draft"), record(2, "making"), record(3))
    other = ClipStore(storage.database, "another server")
    await other.add(record(4, "making"), MANY)
    assert await store.discard_unfinished(NOW) == 2
    assert await states(store) == {"clip-3": "published", "clip-4": "making"}
    assert await discarded(storage) == ["clips/clip-1/", "clips/clip-2/"]


async def test_many_clips_are_discarded(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.storage.clips.STEP", 2)
    store = await added(storage, *(record(number, "draft") for number in range(5)))
    assert await store.discard_unfinished(NOW) == 5


async def test_the_clips_of_a_banned_person(storage: Storage) -> None:
    store = await added(
        storage,
        record(1),
        record(2, "waiting"),
        record(3, "draft"),
        record(4, creator="p-other"),
        record(5, person="p-minji"),
    )
    await store.delete("clip-1", NOW - 1)
    await store.delete_of_person("p-creator", "p-sam", NOW)
    assert await states(store) == {
        "clip-1": "deleted",
        "clip-2": "deleted",
        "clip-3": "deleted",
        "clip-4": "published",
        "clip-5": "published",
    }
    await store.restore_of_person("p-creator", "p-sam", NOW)
    found = await states(store)
    assert found["clip-2"] == "waiting"
    assert (found["clip-1"], found["clip-3"]) == ("deleted", "deleted"), "not by the ban; a draft"


async def test_a_ban_by_the_operator(storage: Storage) -> None:
    store = await added(
        storage, record(1), record(2, person="p-minji"), record(3, creator="p-minji", person="p")
    )
    await store.delete_everywhere("p-minji", NOW)
    assert await states(store) == {
        "clip-1": "published",
        "clip-2": "deleted",
        "clip-3": "deleted",
    }
