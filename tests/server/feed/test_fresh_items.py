"""The reading of all items in turn while many requests come."""

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest

from server.discovery.item import ItemId, Kind
from server.discovery.items import FeedItems
from server.feed import fresh_items
from server.feed.fresh_items import MANY, STEP, FreshItems
from server.storage.errors import StorageUnavailable

IDS = [ItemId(Kind.CLIP, f"clip{number}") for number in range(2 * STEP + 1)]


class Items:
    """Items that record what is read."""

    def __init__(self) -> None:
        self.read: list[Sequence[ItemId]] = []
        self.done = asyncio.Event()
        self.error: Exception | None = None

    async def renew(self, ids: Sequence[ItemId]) -> None:
        if self.error:
            raise self.error
        self.read.append(ids)
        if ids[-1] == IDS[-1]:
            self.done.set()


@pytest.fixture(autouse=True)
def short_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fresh_items, "ROUND", 0.01)


async def test_many_requests_make_all_items_be_read_in_steps() -> None:
    items = Items()
    fresh = FreshItems(cast(FeedItems, items))
    monotonic = asyncio.get_running_loop().time()
    fresh._round_began = monotonic + 1_000  # the round does not end during the test
    for _ in range(MANY - 1):
        fresh.ask(IDS)
    assert not items.read
    fresh.ask(IDS)
    async with asyncio.timeout(20):
        await items.done.wait()
        while fresh._task is not None:  # noqa: ASYNC110 (the end has no event)
            await asyncio.sleep(0.001)
    assert [len(ids) for ids in items.read] == [STEP, STEP, 1]
    assert [id for ids in items.read for id in ids] == IDS, "once, because no more requests came"


async def test_a_database_that_is_away_ends_the_reading() -> None:
    items = Items()
    items.error = StorageUnavailable("away")
    fresh = FreshItems(cast(FeedItems, items))
    for _ in range(2 * MANY):
        fresh._round_began = float("inf")
        fresh.ask(IDS)
    async with asyncio.timeout(20):
        while fresh._task is not None:  # noqa: ASYNC110 (the end has no event)
            await asyncio.sleep(0.001)
    assert not items.read


async def test_closing_ends_the_reading() -> None:
    items = Items()
    fresh = FreshItems(cast(FeedItems, items))
    for _ in range(MANY):
        fresh._round_began = float("inf")
        fresh.ask(IDS)
    await fresh.close()
    assert fresh._task is None
