"""Who follows whom, in the database."""

import pytest

from server.storage import follows as module
from server.storage.follows import FollowStore, TooManyFollows
from server.storage.storage import Storage

NOW = 1_800_000_000.0


@pytest.fixture
def follows(storage: Storage) -> FollowStore:
    return storage.follows


async def add(storage: Storage, *ids: str) -> None:
    for id in ids:
        await storage.people.add(id, f"Guest {id}", 3, f"device-{id}", "", NOW)


async def test_followers_are_counted_once(storage: Storage, follows: FollowStore) -> None:
    await add(storage, "a", "b", "c")
    assert await follows.add("a", "c", NOW) == 1
    assert await follows.add("a", "c", NOW + 1) == 1
    assert await follows.add("b", "c", NOW + 2) == 2
    assert await follows.followers("c") == 2 and await follows.followers("a") == 0
    assert await follows.remove("a", "c") == 1
    assert await follows.remove("a", "c") == 1


async def test_a_person_reads_whom_it_follows(storage: Storage, follows: FollowStore) -> None:
    await add(storage, "a", "b", "c")
    await follows.add("a", "b", NOW)
    await follows.add("a", "c", NOW + 1)
    assert [record.id for record in await follows.followed_by("a")] == ["c", "b"]
    assert await follows.followed_by("c") == []


async def test_only_known_people_are_followed(storage: Storage, follows: FollowStore) -> None:
    await add(storage, "a")
    assert await follows.add("a", "none", NOW) is None
    assert await follows.followed_by("a") == []


async def test_follows_are_bounded(
    storage: Storage, follows: FollowStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_FOLLOWS", 1)
    await add(storage, "a", "b", "c")
    await follows.add("a", "b", NOW)
    with pytest.raises(TooManyFollows):
        await follows.add("a", "c", NOW)
    assert await follows.add("a", "b", NOW) == 1, "a repeated follow is no new one"
    await follows.remove("a", "b")
    assert await follows.add("a", "c", NOW) == 1
