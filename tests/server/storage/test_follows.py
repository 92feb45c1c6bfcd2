"""Who follows whom, in the database."""

import asyncio

import pytest
from sqlalchemy import event

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


async def test_a_deleted_person_follows_no_more(
    storage: Storage, follows: FollowStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This holds even if the deletion takes several transactions or is repeated."""
    monkeypatch.setattr(module, "STEP", 2)
    await add(storage, "a", "b", "c", "d", "e")
    for followed in ("c", "d", "e"):
        assert await follows.add("a", followed, NOW) == 1
        assert await follows.add("b", followed, NOW) == 2
    await storage.accounts.leave("a", NOW)
    assert await storage.accounts.erase("a", NOW)
    assert not await storage.accounts.erase("a", NOW)
    assert [await follows.followers(one) for one in ("c", "d", "e")] == [1, 1, 1]
    assert await follows.remove("a", "c") == 1
    assert await follows.followed_by("a") == []


async def test_a_follow_does_not_count_the_followers(
    storage: Storage, follows: FollowStore
) -> None:
    """With many followers, each write reads a stored number instead of all rows."""
    await add(storage, "a", "star")
    statements: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        statements.append(statement)

    engine = storage.database._writer.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        await follows.add("a", "star", NOW)
        await follows.remove("a", "star")
    finally:
        event.remove(engine, "before_cursor_execute", note)
    counts = [one for one in statements if "count(" in one.lower()]
    assert len(counts) == 1 and "follower =" in counts[0].replace("follow.", "")


async def test_two_people_follow_at_once(storage: Storage, follows: FollowStore) -> None:
    await add(storage, "star", *(f"fan{number}" for number in range(20)))
    await asyncio.gather(*(follows.add(f"fan{number}", "star", NOW) for number in range(20)))
    assert await follows.followers("star") == 20
    await asyncio.gather(*(follows.remove(f"fan{number % 10}", "star") for number in range(20)))
    assert await follows.followers("star") == 10


async def test_the_followers_among_many_people(storage: Storage, follows: FollowStore) -> None:
    """In chunks: databases limit the values in one statement."""
    await add(storage, "star", "other", "a", "b", "c")
    for fan in ("a", "c"):
        await follows.add(fan, "star", NOW)
    await follows.add("b", "other", NOW)
    people = ["a", *(f"stranger{number}" for number in range(1_200)), "b", "c"]
    assert await follows.followers_among("star", people) == {"a", "c"}
    assert await follows.followers_among("star", []) == frozenset()
