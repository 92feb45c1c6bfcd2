"""Devices, and their sign-out."""

from server.storage.devices import MAX_DEVICES, DeviceRecord, add_device
from server.storage.storage import Storage
from tests.fixtures.stored_people import store_person


async def devices(storage: Storage, person: str) -> list[str]:
    return [device.id for device in await storage.devices.of(person)]


async def add(storage: Storage, person: str, device: str, now: float) -> None:
    await storage.database.write(lambda connection: add_device(connection, person, device, "", now))


async def test_the_last_seen_device_is_first(storage: Storage) -> None:
    await store_person(storage, "me", "phone", now=1_000)
    await add(storage, "me", "laptop", 2_000)
    await add(storage, "other", "tablet", 3_000)
    assert await devices(storage, "me") == ["laptop", "phone"]
    [_, phone] = await storage.devices.of("me")
    assert phone == DeviceRecord("phone", "Chrome on Android", 1_000, 1_000)
    await add(storage, "other", "phone", 4_000)  # the id is in use: nothing changes
    assert await devices(storage, "me") == ["laptop", "phone"]


async def test_one_device_is_signed_out(storage: Storage) -> None:
    await store_person(storage, "me", "phone")
    await add(storage, "me", "laptop", 2_000)
    assert await storage.devices.sign_out("me", "phone", 3_000)
    assert await storage.devices.sign_out("me", "phone", 4_000)  # twice is as good as once
    assert await devices(storage, "me") == ["laptop"]
    assert not await storage.devices.sign_out("other", "laptop", 3_000)
    assert not await storage.devices.sign_out("me", "none", 3_000)
    assert await devices(storage, "me") == ["laptop"]


async def test_all_others_are_signed_out(storage: Storage) -> None:
    await store_person(storage, "me", "phone")
    for number in range(3):
        await add(storage, "me", f"laptop {number}", 2_000)
    await add(storage, "other", "tablet", 2_000)
    signed_out = await storage.devices.sign_out_others("me", "phone", 3_000)
    assert sorted(signed_out) == ["laptop 0", "laptop 1", "laptop 2"]
    assert await storage.devices.sign_out_others("me", "phone", 3_000) == []
    assert await devices(storage, "me") == ["phone"]
    assert await devices(storage, "other") == ["tablet"]


async def test_the_number_of_devices_is_bounded(storage: Storage) -> None:
    """The device that was not seen for the longest time is signed out."""
    for number in range(MAX_DEVICES + 3):
        await add(storage, "me", f"device {number}", 1_000.0 + number)
    kept = await devices(storage, "me")
    assert len(kept) == MAX_DEVICES
    assert kept[0] == f"device {MAX_DEVICES + 2}" and kept[-1] == "device 3"
