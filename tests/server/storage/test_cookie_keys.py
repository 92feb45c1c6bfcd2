"""The keys that sign cookies, in the database."""

import asyncio

import pytest

from server.storage.cookie_keys import MAX_KEYS, NEEDED_FOR, CookieKeyStore
from server.storage.storage import Storage

NOW = 1_800_000_000.0


@pytest.fixture
def keys(storage: Storage) -> CookieKeyStore:
    return storage.cookie_keys


async def test_servers_that_start_together_agree_on_a_key(keys: CookieKeyStore) -> None:
    await asyncio.gather(*(keys.add_first(bytes([n]) * 32, NOW) for n in range(5)))
    (key,) = await keys.valid(NOW)
    assert (key.id, key.created_at, key.retired_at) == ("1", NOW, None)
    await keys.add_first(b"other", NOW)
    assert await keys.valid(NOW) == [key]


async def test_keys_are_replaced_and_retired(keys: CookieKeyStore) -> None:
    await keys.add_first(b"1", NOW)
    assert await keys.add(b"2", NOW + 1) == "2"
    assert await keys.add(b"3", NOW + 2, retire_others_at=NOW + 30) == "3"
    assert [key.secret for key in await keys.valid(NOW + 29)] == [b"1", b"2", b"3"]
    assert [key.secret for key in await keys.valid(NOW + 30)] == [b"3"]
    assert await keys.add(b"4", NOW + 40) == "4"


async def test_the_number_of_keys_is_bounded(keys: CookieKeyStore) -> None:
    await keys.add_first(b"1", NOW)
    for number in range(MAX_KEYS + 5):
        await keys.add(b"x", NOW + number)
    assert len(await keys.valid(NOW)) == MAX_KEYS


async def test_a_key_is_deleted_once_its_last_cookie_has_expired(keys: CookieKeyStore) -> None:
    """However old the key is: cookies were made with it until a newer key replaced it."""
    await keys.add_first(b"1", NOW)
    await keys.add(b"2", NOW + 10 * NEEDED_FOR)
    await keys.add(b"3", NOW + 11 * NEEDED_FOR)
    assert [key.id for key in await keys.valid(NOW)] == ["1", "2", "3"]
    await keys.add(b"4", NOW + 11 * NEEDED_FOR + 1)
    assert [key.id for key in await keys.valid(NOW)] == ["2", "3", "4"]


async def test_the_id_of_a_database_never_changes(keys: CookieKeyStore) -> None:
    """Servers that start at the same time agree on one."""
    found = await asyncio.gather(*(keys.installation(f"id{number}") for number in range(5)))
    assert len(set(found)) == 1
    assert await keys.installation("later") == found[0]
