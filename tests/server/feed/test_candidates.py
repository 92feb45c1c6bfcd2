"""The snapshot of what the feed may show."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from server.feed.candidates import FRESH, STALE, Candidates
from server.feed.item_sums import ItemSums
from server.feed.report_weights import HIDE, SKIPS
from server.rooms.in_memory import RoomsInMemory
from server.storage.errors import StorageUnavailable
from server.storage.feed import FeedStore
from server.storage.feed_items import FeedSums
from server.storage.schema.moderation import report
from server.storage.schema.people import hidden
from server.storage.storage import Storage
from tests.fixtures.social import Clock
from tests.server.storage.discovered import add_clip
from tests.server.storage.rows import add_row


@pytest_asyncio.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    opened = await Storage.open(tmp_path)
    yield opened
    await opened.close()


class Shared:
    """The candidates of a server without lives, with a clock that the test sets."""

    def __init__(self, storage: Storage) -> None:
        self.clock = Clock()
        store = FeedStore(storage.database)
        sums = ItemSums(storage.feed_items, store, self.clock, self.clock)
        rooms = RoomsInMemory({})
        self.candidates = Candidates(store, rooms, sums, self.clock, self.clock)


async def test_requests_share_one_snapshot(storage: Storage) -> None:
    shared = Shared(storage)
    await add_clip(storage, "one", "#funny", at=shared.clock.now)
    first, *others = await asyncio.gather(*(shared.candidates.latest() for _ in range(20)))
    assert all(other is first for other in others)
    (one,) = first.candidates
    assert (one.kind, one.item, one.tags, one.mood) == ("clip", "one", ("funny",), "funny")
    await add_clip(storage, "two", at=shared.clock.now)
    shared.clock.go_on(FRESH)
    assert await shared.candidates.latest() is first, "no request waits while the snapshot is young"
    shared.clock.go_on(60)
    second = await shared.candidates.latest()
    assert second is not first
    shared.clock.go_on(STALE + 60)
    assert {item for _, item in (await shared.candidates.latest()).by_key} == {"one", "two"}
    await shared.candidates.close()


async def test_reports_count_like_skips_but_not_those_of_a_person_who_reports_everything(
    storage: Storage,
) -> None:
    shared = Shared(storage)
    for id, creator in (("liked", "p-1"), ("reported", "p-2"), ("hidden", "p-3")):
        await add_clip(storage, id, creator=creator, at=shared.clock.now)
    await storage.feed_items.add([FeedSums("clip", "reported", 50, 20, 10)], shared.clock.now)
    hide = {"person": "p-calmer", "hidden": "p-3", "at": shared.clock.now}
    await add_row(storage.database, hidden, **hide)
    reports = [("p-2", "p-calm"), *((f"p-{number}", "p-angry") for number in range(1, 100))]
    for number, (person, reporter) in enumerate(reports):
        row = {"kind": "person", "person": person, "reporter": reporter, "at": shared.clock.now}
        await add_row(storage.database, report, id=f"r-{number}", **row)
    snapshot = await shared.candidates.latest()
    assert snapshot.by_key["clip", "liked"].skips == 0
    reported = snapshot.by_key["clip", "reported"]
    assert (reported.impressions, reported.stays, reported.skips) == (50 + SKIPS, 20, 10 + SKIPS)
    assert snapshot.by_key["clip", "hidden"].skips == SKIPS * HIDE
    await shared.candidates.close()


async def test_a_snapshot_without_a_database(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> object:
        raise StorageUnavailable("away")

    monkeypatch.setattr(storage.database, "select", away)
    monkeypatch.setattr(storage.database, "read", away)
    shared = Shared(storage)
    assert (await shared.candidates.latest()).candidates == ()
    await shared.candidates.close()
