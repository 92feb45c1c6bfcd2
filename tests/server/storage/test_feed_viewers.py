"""What storage knows about a viewer of the feed."""

import asyncio
from sys import getsizeof

import pytest

from server.storage.database import Database
from server.storage.feed_viewers import FeedViewerStore, StoredTaste, ViewerRecord
from server.storage.schema.moderation import ban, report
from server.storage.schema.people import follow, hidden
from server.storage.storage import Storage
from tests.fixtures.stored_people import store_person
from tests.server.storage.rows import add_row


@pytest.fixture
def store(database: Database) -> FeedViewerStore:
    return FeedViewerStore(database)


def test_the_size_of_a_record_covers_its_parts() -> None:
    follows, hides = (frozenset(f"{name}-{n:020}" for n in range(1_000)) for name in "ab")
    record = ViewerRecord(follows, hides, StoredTaste("😀" * 500))
    parts = [follows, hides, *follows, *hides, record.taste.value, record.taste, record]
    assert 1 <= record.size / sum(map(getsizeof, parts)) < 1.3


async def test_a_viewer(store: FeedViewerStore, database: Database) -> None:
    assert await store.find("p-1", 100.0) == ViewerRecord()
    await add_row(database, follow, follower="p-1", followed="p-2")
    await add_row(database, follow, follower="p-2", followed="p-9")
    await add_row(database, hidden, person="p-1", hidden="p-3")
    await add_row(database, hidden, person="p-4", hidden="p-1")
    for number, (creator, until) in enumerate((("p-5", None), ("p-6", 200.0), ("p-7", 50.0))):
        await add_row(database, ban, id=f"b-{number}", creator=creator, person="p-1", until=until)
    for number, (kind, person) in enumerate(
        (("room", "p-8"), ("room", None), ("person", "p-10"), ("message", "p-11"))
    ):
        reported = {"room": "r-1", "kind": kind, "person": person, "reporter": "p-1"}
        await add_row(database, report, id=f"r-{number}", **reported)
    await store.set_personal("p-1", False, 90.0)
    found = await store.find("p-1", 100.0)
    assert found.follows == {"p-2"}
    assert found.hidden == {"p-3", "p-4", "p-5", "p-6", "p-8", "room:r-1", "p-10"}
    assert found.taste == StoredTaste("", False, 90.0)


async def test_a_taste_is_changed_in_one_transaction(
    store: FeedViewerStore, storage: Storage
) -> None:
    await store_person(storage, "p-1", "d-1")

    def append(stored: StoredTaste) -> str:
        return stored.value + "x"

    await asyncio.gather(*(store.change_taste("p-1", append, 10.0) for _ in range(20)))
    assert (await store.find("p-1", 0.0)).taste == StoredTaste("x" * 20, True, 10.0)
    await store.set_personal("p-1", False, 11.0)
    assert (await store.find("p-1", 0.0)).taste == StoredTaste("x" * 20, False, 11.0)
    await store.change_taste("p-1", lambda stored: None, 12.0)
    await store.forget_taste("p-1", 13.0)
    assert (await store.find("p-1", 0.0)).taste == StoredTaste("", False, 13.0, 13.0)


async def test_nothing_is_stored_about_a_person_who_was_deleted(store: FeedViewerStore) -> None:
    await store.change_taste("p-gone", lambda stored: "x", 10.0)
    assert (await store.find("p-gone", 0.0)).taste == StoredTaste()
