"""The people who began to react, in the database."""

from server.storage.storage import Storage


async def test_counts_are_stored_and_replaced(storage: Storage) -> None:
    crowds = storage.crowds
    await crowds.put("abc", [(12, 3), (10, 1)])
    await crowds.put("abc", [(12, 4), (11, 2)])
    await crowds.put("other", [(12, 9)])
    await crowds.put("abc", [])
    assert await crowds.read("abc", 100) == [(10, 1), (11, 2), (12, 4)]


async def test_only_the_last_seconds_are_read(storage: Storage) -> None:
    await storage.crowds.put("abc", [(second, 1) for second in range(50)])
    assert await storage.crowds.read("abc", 2) == [(48, 1), (49, 1)]
    assert await storage.crowds.read("missing", 2) == []
