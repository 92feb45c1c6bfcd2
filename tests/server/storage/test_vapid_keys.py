"""The key that signs pushes."""

from server.storage.storage import Storage


async def test_the_first_key_remains(storage: Storage) -> None:
    assert await storage.vapid_keys.provide(b"a" * 32, 1.0) == b"a" * 32
    assert await storage.vapid_keys.provide(b"b" * 32, 2.0) == b"a" * 32
