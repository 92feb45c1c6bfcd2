"""Prefixes whose objects are to be deleted."""

from server.storage.discarded import discard
from server.storage.storage import Storage


async def add(storage: Storage, *prefixes: str, at: float) -> None:
    await storage.database.write(lambda connection: discard(connection, prefixes, at))


async def test_each_prefix_is_kept_once_until_it_is_forgotten(storage: Storage) -> None:
    await add(storage, at=1.0)
    assert await storage.discarded.oldest(9) == []
    await add(storage, "lives/b/", at=2.0)
    await add(storage, "lives/a/", "lives/b/", at=3.0)
    assert await storage.discarded.oldest(9) == ["lives/b/", "lives/a/"]
    assert await storage.discarded.oldest(1) == ["lives/b/"]
    for _ in range(2):
        await storage.discarded.forget("lives/b/")
    assert await storage.discarded.oldest(9) == ["lives/a/"]
