"""Names of rooms and creator keys."""

from server.storage.keys import ROOM_ALPHABET, hash_key, key_matches, new_key, new_room_id


def test_keys() -> None:
    key = new_key()
    assert len(key) == 32 and key != new_key()
    assert key_matches(key, hash_key(key))
    assert not key_matches(key + "x", hash_key(key))
    assert not key_matches("", hash_key(key))
    assert not key_matches("\udcff not UTF-8 in a header", hash_key(key))


def test_room_names() -> None:
    names = {new_room_id() for _ in range(100)}
    assert len(names) > 95
    assert all(len(name) == 6 and set(name) <= set(ROOM_ALPHABET) for name in names)
