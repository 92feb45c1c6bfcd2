"""People, handles, devices and keys in the database."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from server.people.names import read_handle
from server.storage.people import (
    MAX_RENAMES,
    HandleTaken,
    PersonRecord,
    PersonStore,
    TakenHandle,
    TooManyRenames,
)
from server.storage.schema.people import device
from server.storage.storage import Storage
from tests.fixtures.postgres import Postgres

NOW = 1_800_000_000.0
MONTH = 30 * 86_400.0


@pytest.fixture
def people(storage: Storage) -> PersonStore:
    return storage.people


async def add(people: PersonStore, *ids: str) -> None:
    for id in ids:
        await people.add(id, f"Guest {id}", 3, f"device-{id}", "Firefox on Linux", NOW)


async def take(people: PersonStore, id: str, text: str, now: float = NOW) -> TakenHandle:
    handle = read_handle(text)
    return await people.take_handle(
        id,
        handle.shown,
        handle.key,
        handle.skeleton,
        recovery_hash=id.encode(),
        now=now,
        reserved_until=now + MONTH,
    )


async def revoke(storage: Storage, id: str, at: float) -> None:
    await storage.database.write(
        lambda connection: connection.execute(
            device.update().where(device.c.id == id).values(revoked_at=at)
        )
    )


async def test_a_guest_is_stored_once(people: PersonStore) -> None:
    await add(people, "a")
    await people.add("a", "Another name", 5, "device-a", "", NOW + 9)
    expected = PersonRecord("a", "Guest a", 3, None, None, NOW, NOW, None)
    assert await people.admit("a", "device-a") == expected == await people.find("a")
    await people.see("a", "device-a", NOW + 100)
    assert await people.find("a") == replace(expected, seen_at=NOW + 100)


async def test_who_is_admitted(people: PersonStore, storage: Storage) -> None:
    """No device of another person is admitted, and none that is unknown or signed out."""
    await add(people, "a", "b")
    for person, used in (("a", "device-b"), ("a", "none"), ("none", "device-a")):
        assert await people.admit(person, used) is None
    await revoke(storage, "device-a", NOW + 5)
    assert await people.admit("a", "device-a") is None
    await people.add("a", "Guest a", 3, "device-a", "", NOW + 9)
    assert await people.admit("a", "device-a") is None, "a replayed cookie changes nothing"
    assert await people.find("a") is not None


async def test_a_replayed_cookie_restores_no_device(people: PersonStore, storage: Storage) -> None:
    """This holds even for a device whose sign-out was forgotten."""
    await add(people, "a")
    await storage.database.write(lambda connection: connection.execute(device.delete()))
    await add(people, "a")
    assert await people.admit("a", "device-a") is None


async def test_sign_outs_are_listed(people: PersonStore, storage: Storage) -> None:
    await add(people, "a", "b", "c")
    await revoke(storage, "device-b", NOW + 1)
    await revoke(storage, "device-a", NOW + 2)
    assert await people.revoked_devices(NOW) == ["device-b", "device-a"]
    assert await people.revoked_devices(NOW + 1) == ["device-a"]


async def test_a_handle_is_unique_by_key_and_by_look(people: PersonStore) -> None:
    await add(people, "a", "b")
    taken = await take(people, "a", "Dark")
    assert taken.first and (taken.record.name, taken.record.handle) == ("Dark", "Dark")
    for alike in ("dark", "ＤＡＲＫ", "D\u0430rk"):
        with pytest.raises(HandleTaken):
            await take(people, "b", alike)
    assert (await take(people, "b", "다크걸")).record.handle == "다크걸"
    found = await people.find_handle("dark")
    assert found and found.id == "a"
    assert await people.find_handle("d\u0430rk") is None
    assert await people.owner_of_skeleton(read_handle("D\u0430rk").skeleton) == "a"


async def test_a_former_handle_stays_reserved(people: PersonStore) -> None:
    """For 30 days, only its former owner can take it."""
    await add(people, "a", "b")
    await take(people, "a", "Dark")
    renamed = await take(people, "a", "Bright", NOW + 1)
    assert not renamed.first and renamed.record.handle == "Bright"
    with pytest.raises(HandleTaken):
        await take(people, "b", "D\u0430rk", NOW + MONTH)
    assert (await take(people, "a", "dark", NOW + 2)).record.handle == "dark"
    await take(people, "a", "Other", NOW + 3)
    assert (await take(people, "b", "Dark", NOW + MONTH + 4)).record.handle == "Dark"


async def test_the_spelling_of_a_handle_may_change_at_any_time(people: PersonStore) -> None:
    await add(people, "a")
    for text in ("dark", "DARK", "Dark", "dArk", "D\u0430rk", "dark"):
        assert (await take(people, "a", text)).record.handle == text


async def test_renames_are_bounded(people: PersonStore) -> None:
    """Otherwise one person could reserve any number of handles."""
    await add(people, "a")
    for number in range(MAX_RENAMES + 1):
        await take(people, "a", f"dark-{number}", NOW + number)
    with pytest.raises(TooManyRenames) as caught:
        await take(people, "a", "another", NOW + 60)
    assert caught.value.until == NOW + 1 + MONTH
    found = await people.find("a")
    assert found and found.handle == f"dark-{MAX_RENAMES}"
    await take(people, "a", "another", NOW + 60 + MONTH)


async def test_a_handle_goes_to_one_of_two_who_ask_at_once(people: PersonStore) -> None:
    await add(people, "a", "b")
    results = await asyncio.gather(
        take(people, "a", "Dark"), take(people, "b", "d\u0430rk"), return_exceptions=True
    )
    assert {type(result) for result in results} == {TakenHandle, HandleTaken}


async def test_names_and_languages_change(people: PersonStore) -> None:
    await add(people, "a")
    changed = await people.change("a", "다크걸", None)
    assert changed and (changed.name, changed.language) == ("다크걸", None)
    changed = await people.change("a", "다크걸", "ko")
    assert changed and changed.language == "ko"
    assert await people.change("none", "x", None) is None


async def test_people_for_the_operator(people: PersonStore) -> None:
    await add(people, "a", "b")
    await take(people, "b", "Dark")
    await people.see("a", "device-a", NOW + 5)
    assert [record.id for record in await people.people()] == ["a", "b"]
    assert [record.id for record in await people.people(key="dark")] == ["b"]
    assert [record.id for record in await people.people("a")] == ["a"]


async def test_two_servers_on_one_database(postgres: Postgres, tmp_path: Path) -> None:
    """A handle and a key are unique between servers, not only within one."""
    with postgres.database() as url:
        one = await Storage.open(tmp_path / "one", url)
        two = await Storage.open(tmp_path / "two", url)
        try:
            await add(one.people, "a", "b")
            results = await asyncio.gather(
                take(one.people, "a", "Dark"),
                take(two.people, "b", "d\u0430rk"),
                return_exceptions=True,
            )
            assert {type(result) for result in results} == {TakenHandle, HandleTaken}
            await two.cookie_keys.add_first(b"k", NOW)
            await one.cookie_keys.add_first(b"other", NOW)
            assert [key.secret for key in await one.cookie_keys.valid(NOW)] == [b"k"]
        finally:
            await one.close()
            await two.close()
