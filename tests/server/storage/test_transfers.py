"""Transfer codes: valid once, for some minutes, one for each person."""

import asyncio
from dataclasses import replace

from server.storage.arrivals import Arrival
from server.storage.storage import Storage
from tests.fixtures.stored_people import store_person

ARRIVAL = Arrival("new", "Safari on iPhone", "", 1_000.0)


async def test_a_code_works_once(storage: Storage) -> None:
    await store_person(storage, "me", "phone")
    await storage.transfers.add("me", b"hash", 1_600.0)
    assert await storage.transfers.use(b"other", ARRIVAL) is None
    assert await storage.transfers.use(b"hash", ARRIVAL) == "me"
    assert await storage.transfers.use(b"hash", replace(ARRIVAL, device="thief")) is None
    assert [device.id for device in await storage.devices.of("me")] == ["new", "phone"]


async def test_of_many_tries_one_succeeds(storage: Storage) -> None:
    await storage.transfers.add("me", b"hash", 1_600.0)
    tries = [replace(ARRIVAL, device=f"device {number}") for number in range(10)]
    outcomes = await asyncio.gather(*(storage.transfers.use(b"hash", each) for each in tries))
    assert outcomes.count("me") == 1 and outcomes.count(None) == 9


async def test_an_expired_code_does_not_work(storage: Storage) -> None:
    await storage.transfers.add("me", b"hash", 1_000.0)
    assert await storage.transfers.use(b"hash", ARRIVAL) is None
    assert await storage.devices.of("me") == []


async def test_a_new_code_replaces_the_one_before(storage: Storage) -> None:
    await storage.transfers.add("me", b"first", 1_600.0)
    await storage.transfers.add("other", b"other", 1_600.0)
    await storage.transfers.add("me", b"second", 1_600.0)
    assert await storage.transfers.use(b"first", ARRIVAL) is None
    assert await storage.transfers.use(b"second", ARRIVAL) == "me"
