"""Tastes of people, from views to storage."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from server.feed import tastes as module
from server.feed.features import Candidate
from server.feed.taste import MAX_BYTES
from server.feed.tastes import STORE_EVERY, Lesson, Tastes, read_taste
from server.storage.feed_viewers import StoredTaste
from server.storage.storage import Storage
from tests.fixtures.social import Clock
from tests.fixtures.stored_people import store_person


@pytest_asyncio.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    opened = await Storage.open(tmp_path)
    await store_person(opened, "p-1", "d-1", handle="one")
    yield opened
    await opened.close()


class Learner:
    """The tastes at one server, with a clock that the test sets."""

    def __init__(self, storage: Storage) -> None:
        self.clock = Clock()
        self.store = storage.feed_viewers
        self.tastes = Tastes(self.store, self.clock, self.clock)

    def see(self, tag: str, person: str = "p-1") -> None:
        item = Candidate(kind="live", item="a", creator=f"c-{tag}", tags=(tag,))
        self.clock.go_on(1)
        self.tastes.learn(person, Lesson(item, ((tag, 1.0),), 60.0, self.clock.now))

    async def stored(self) -> StoredTaste:
        return (await self.store.find("p-1", self.clock.now)).taste

    async def known(self) -> set[str]:
        """The tags that the feed knows of."""
        return set(self.tastes.of("p-1", await self.stored()).tags())


async def test_a_taste_is_used_at_once_and_stored_once_a_minute(storage: Storage) -> None:
    learner = Learner(storage)
    learner.see("ramen")
    assert await learner.known() == {"ramen"}
    for _ in range(9):
        learner.clock.go_on(5)
        await learner.tastes._store_due()
        learner.see("piano")
    assert await learner.stored() == StoredTaste()
    learner.clock.go_on(STORE_EVERY)
    await learner.tastes._store_due()
    stored = await learner.stored()
    assert "ramen" in stored.value and len(stored.value.encode()) <= MAX_BYTES
    assert await learner.known() == {"ramen", "piano"}
    learner.see("chess")
    await learner.tastes._store_due()
    assert await learner.stored() == stored
    await learner.tastes.close()
    assert "chess" in (await learner.stored()).value


async def test_two_servers_learn_from_one_person(storage: Storage) -> None:
    one, two = Learner(storage), Learner(storage)
    one.see("ramen")
    two.see("piano")
    await one.tastes.close()
    await two.tastes.close()
    assert await one.known() == await two.known() == {"ramen", "piano"}


async def test_a_forgotten_taste_stays_forgotten(storage: Storage) -> None:
    one, two = Learner(storage), Learner(storage)
    one.see("ramen")
    two.see("piano")
    one.clock.go_on(10)
    two.clock.go_on(10)
    await one.tastes.forget("p-1")
    assert await one.known() == await two.known() == set()
    await one.tastes.close()
    await two.tastes.close()
    assert (await one.stored()).value == ""
    later = Learner(storage)
    later.clock.go_on(20)
    later.see("chess")
    assert await later.known() == {"chess"}
    await later.tastes.close()


async def test_nothing_is_learnt_from_a_person_who_does_not_want_it(storage: Storage) -> None:
    learner = Learner(storage)
    learner.see("ramen")
    await learner.tastes.set_personal("p-1", False)
    learner.see("piano")
    assert await learner.known() == set()
    await learner.tastes.close()
    assert (await learner.stored()).value == ""
    await learner.tastes.set_personal("p-1", True)
    assert await learner.known() == set()


async def test_views_are_not_learnt_later_either(storage: Storage) -> None:
    learner = Learner(storage)
    learner.see("ramen")
    learner.clock.go_on(STORE_EVERY)
    await learner.tastes._store_due()
    await learner.tastes.set_personal("p-1", False)
    learner.see("piano")
    await learner.tastes.set_personal("p-1", True)
    assert await learner.known() == {"ramen"}
    learner.see("chess")
    await learner.tastes.close()
    assert await learner.known() == {"ramen", "chess"}


async def test_a_deleted_person_gets_no_taste(storage: Storage) -> None:
    learner = Learner(storage)
    learner.see("ramen", "p-gone")
    await learner.tastes.close()
    assert (await learner.store.find("p-gone", 0.0)).taste == StoredTaste()


async def test_people_and_views_that_wait_are_bounded(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_PEOPLE", 1)
    monkeypatch.setattr(module, "MAX_VIEWS", 3)
    learner = Learner(storage)
    for tag in "abcde":
        learner.see(tag)
        learner.see(tag, "p-2")
    assert await learner.known() == {"c", "d", "e"}
    assert not learner.tastes.of("p-2", StoredTaste())
    await learner.tastes.close()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"v": 9}', "\x00", "x" * 9_999])
def test_a_taste_that_cannot_be_read_is_empty(text: str) -> None:
    assert not read_taste(text, 1e9)


async def test_the_tastes_of_many_people_share_transactions(storage: Storage) -> None:
    people = [f"p-{number}" for number in range(2, 22)]
    async with asyncio.TaskGroup() as group:
        for person in people:
            group.create_task(store_person(storage, person, f"d-{person}"))
    learner = Learner(storage)
    for person in people:
        learner.see("ramen", person)
    commits = storage.database.commits.counters.commits
    await learner.tastes.close()
    assert storage.database.commits.counters.commits - commits <= 3
    for person in people:
        assert "ramen" in (await learner.store.find(person, learner.clock.now)).taste.value
