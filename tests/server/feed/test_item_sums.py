"""The sums of what viewers did with items."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from server.feed import item_sums
from server.feed.item_sums import MAX_SECONDS, READ_EVERY, ItemSums, View
from server.storage.errors import StorageUnavailable
from server.storage.feed import FeedStore
from server.storage.feed_items import FeedItemStore, FeedSums
from server.storage.storage import Storage
from tests.fixtures.social import Clock


@pytest_asyncio.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    opened = await Storage.open(tmp_path)
    yield opened
    await opened.close()


class Counted:
    """The sums at one server, with a clock that the test sets."""

    def __init__(self, storage: Storage) -> None:
        self.clock = Clock()
        self.items = FeedItemStore(storage.database)
        store = FeedStore(storage.database)
        self.sums = ItemSums(self.items, store, self.clock, self.clock)
        self._people = 0

    def see(self, id: str = "a", seconds: float = 5.0, *, went_on: bool = True) -> bool:
        """A view by a person of a network of its own."""
        self._people += 1
        who = str(self._people)
        return self.sums.count(View("live", id, f"p-{who}", f"n-{who}", seconds, went_on))

    async def refresh(self) -> None:
        self.clock.go_on(READ_EVERY)
        await self.sums.refresh([("live", "a")])


async def test_stays_and_skips_are_summed_and_stored(storage: Storage) -> None:
    counted = Counted(storage)
    for seconds in (2.9, 3.0, 7.9, 8.0, 1e9):
        assert counted.see(seconds=seconds)
    counted.see(seconds=1.0, went_on=False)
    seconds = 2.9 + 3.0 + 7.9 + 8.0 + MAX_SECONDS + 1.0
    now = counted.clock.now
    expected = FeedSums("live", "a", 6, 2, 1, seconds, now)
    assert counted.sums.of("live", "a") == expected
    await counted.sums.close()
    assert counted.sums.of("live", "a") == expected
    assert await counted.items.find([("live", "a")]) == {("live", "a"): expected}


async def test_a_person_and_a_network_count_few_times(storage: Storage) -> None:
    counted = Counted(storage)
    view = View("live", "a", "p-1", "one network", 20.0, True)
    assert [counted.sums.count(view) for _ in range(5)].count(True) == 1
    bots = [View("live", "a", f"p-bot-{n}", "one network", 60.0, False) for n in range(1_000)]
    assert sum(map(counted.sums.count, bots)) < 5
    assert counted.sums.of("live", "a").stays < 5
    await counted.sums.close()


async def test_the_sums_of_other_servers_are_read(storage: Storage) -> None:
    here, there = Counted(storage), Counted(storage)
    await here.refresh()
    there.see()
    there.see("b")
    await there.sums.close()
    here.see()
    assert here.sums.of("live", "a").impressions == 1
    await here.refresh()
    assert here.sums.of("live", "a").impressions == 2
    assert here.sums.of("live", "b").impressions == 1
    await here.sums.close()


async def test_sums_wait_while_the_database_is_away(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(item_sums, "STORE_EVERY", 0.01)
    counted = Counted(storage)
    tried = []
    add = counted.items.add

    async def fail(sums: list[FeedSums], now: float) -> None:
        tried.append(len(sums))
        if len(tried) < 3:
            raise StorageUnavailable("away")
        await add(sums, now)

    monkeypatch.setattr(counted.items, "add", fail)
    counted.see()
    for _ in range(2):
        await counted.sums._store()
        assert counted.sums.of("live", "a").impressions == 1
    await counted.sums.close()
    assert (await counted.items.find([("live", "a")]))["live", "a"].impressions == 1


async def test_the_number_of_waiting_items_is_bounded(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(item_sums, "MAX_WAITING", 2)
    counted = Counted(storage)
    assert [counted.see(id) for id in ("a", "b", "c", "a")] == [True, True, False, True]
    await counted.sums.close()


async def test_swipes_per_minute_are_those_of_all_servers(storage: Storage) -> None:
    here, there = Counted(storage), Counted(storage)
    await here.refresh()
    known = here.sums.swipes_per_minute
    assert known is None, "nothing is known yet"
    there.clock.go_on(READ_EVERY)
    for _ in range(30):
        there.see()
    await there.sums.close()
    await here.refresh()
    for _ in range(11):
        await here.refresh()
    assert here.sums.swipes_per_minute == 30
    for _ in range(12):
        await here.refresh()
    assert here.sums.swipes_per_minute == 0
    await here.sums.close()


async def test_swipes_at_this_server_count_once(storage: Storage) -> None:
    counted = Counted(storage)
    await counted.sums.close()  # only the test stores
    await counted.refresh()
    for number in range(12):
        for id in ("a", "b", f"new {number}"):
            counted.see(id)
        await counted.sums._store()
        await counted.refresh()
    assert counted.sums.swipes_per_minute == 36


async def test_the_views_of_a_pause_are_not_those_of_a_minute(storage: Storage) -> None:
    """A server reads nothing while no requests for the feed come."""
    here, there = Counted(storage), Counted(storage)
    known = []
    for _ in range(13):
        await here.refresh()
    known.append(here.sums.swipes_per_minute)
    for clock in (here.clock, there.clock):
        clock.go_on(item_sums.MINUTE * 5)
    for _ in range(30):
        there.see()
    await there.sums.close()
    await here.refresh()
    known.append(here.sums.swipes_per_minute)
    for _ in range(13):
        await here.refresh()
    known.append(here.sums.swipes_per_minute)
    assert known == [0, None, 0]
    await here.sums.close()


async def test_a_clock_that_jumps_back_loses_no_sums(storage: Storage) -> None:
    here, there = Counted(storage), Counted(storage)
    await here.refresh()
    start = here.clock.now
    here.sums._now = lambda: start - 86_400
    there.see()
    await there.sums.close()
    await here.refresh()
    assert here.sums.of("live", "a").impressions == 1
    await here.sums.close()
