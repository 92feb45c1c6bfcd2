"""Passkeys, and challenges that work once."""

import asyncio
from dataclasses import replace

from server.storage.arrivals import Arrival
from server.storage.passkeys import Added, PasskeyRecord
from server.storage.storage import Storage
from tests.fixtures.stored_people import store_person

RECORD = PasskeyRecord(b"\x00\xff", "me", b"key", 0, ("internal", "hybrid"), "A phone", 1_000.0)
ARRIVAL = Arrival("new", "Firefox on Linux", "", 2_000.0)


async def test_a_passkey_is_stored_found_and_deleted(storage: Storage) -> None:
    later = replace(RECORD, id=b"later", created_at=2_000.0)
    assert await storage.passkeys.add(RECORD, b"1", 9_000.0, 20) is Added.ADDED
    assert await storage.passkeys.add(later, b"2", 9_000.0, 20) is Added.ADDED
    assert await storage.passkeys.of("me") == [later, RECORD]
    assert await storage.passkeys.find(RECORD.id) == RECORD
    assert await storage.passkeys.find(b"none") is None
    assert not await storage.passkeys.remove("other", RECORD.id)
    assert await storage.passkeys.remove("me", RECORD.id)
    assert not await storage.passkeys.remove("me", RECORD.id)
    assert await storage.passkeys.of("me") == [later]


async def test_a_challenge_registers_once(storage: Storage) -> None:
    assert await storage.passkeys.add(RECORD, b"1", 9_000.0, 20) is Added.ADDED
    other = replace(RECORD, id=b"other")
    assert await storage.passkeys.add(other, b"1", 9_000.0, 20) is Added.CHALLENGE_USED
    assert await storage.passkeys.find(b"other") is None


async def test_a_passkey_of_another_person_is_not_taken(storage: Storage) -> None:
    await storage.passkeys.add(RECORD, b"1", 9_000.0, 20)
    stolen = replace(RECORD, person="thief", public_key=b"of the thief")
    assert await storage.passkeys.add(stolen, b"2", 9_000.0, 20) is Added.KNOWN
    assert await storage.passkeys.find(RECORD.id) == RECORD


async def test_the_number_of_passkeys_is_bounded(storage: Storage) -> None:
    for number in range(3):
        outcome = await storage.passkeys.add(
            replace(RECORD, id=bytes([number])), bytes([number]), 9_000.0, 2
        )
        assert outcome is (Added.ADDED if number < 2 else Added.TOO_MANY)
    assert len(await storage.passkeys.of("me")) == 2


async def test_a_sign_in_stores_its_use_and_the_device(storage: Storage) -> None:
    await store_person(storage, "me", "phone")
    await storage.passkeys.add(RECORD, b"1", 9_000.0, 20)
    assert await storage.passkeys.sign_in(RECORD, 7, b"2", 9_000.0, ARRIVAL)
    assert await storage.passkeys.find(RECORD.id) == replace(RECORD, sign_count=7, used_at=2_000.0)
    assert [device.id for device in await storage.devices.of("me")] == ["new", "phone"]


async def test_of_many_answers_to_one_challenge_one_signs_in(storage: Storage) -> None:
    await storage.passkeys.add(RECORD, b"1", 9_000.0, 20)
    outcomes = await asyncio.gather(
        *(
            storage.passkeys.sign_in(
                RECORD, 7, b"2", 9_000.0, replace(ARRIVAL, device=f"thief {number}")
            )
            for number in range(10)
        )
    )
    assert sorted(outcomes) == [False] * 9 + [True]
    assert len(await storage.devices.of("me")) == 1


async def test_a_deleted_passkey_signs_no_one_in(storage: Storage) -> None:
    await storage.passkeys.add(RECORD, b"1", 9_000.0, 20)
    await storage.passkeys.remove("me", RECORD.id)
    assert not await storage.passkeys.sign_in(RECORD, 7, b"2", 9_000.0, ARRIVAL)
    assert await storage.devices.of("me") == []
