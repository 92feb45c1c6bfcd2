"""The sign-in of a browser as a person, and what its guest brings."""

import pytest

from server.storage import arrivals as module
from server.storage.arrivals import Arrival, arrive
from server.storage.devices import add_device
from server.storage.schema.people import follow, hidden
from server.storage.storage import Storage
from tests.fixtures.stored_people import store_person

NOW = 5_000.0


@pytest.fixture(autouse=True)
async def people(storage: Storage) -> None:
    """A guest in one browser, a person with a handle, and people to follow and to hide."""
    await store_person(storage, "guest", "old")
    await store_person(storage, "me", "phone", handle="다크걸")
    for id in ("a", "b", "c"):
        await store_person(storage, id, f"device of {id}")


async def sign_in(storage: Storage, leaves: str = "old", new: str = "new") -> None:
    arrival = Arrival(new, "Firefox on Linux", leaves, NOW)
    await storage.database.write(lambda connection: arrive(connection, "me", arrival))


async def devices(storage: Storage, person: str) -> list[str]:
    return [device.id for device in await storage.devices.of(person)]


async def follows(storage: Storage, person: str) -> list[str]:
    return [record.id for record in await storage.follows.followed_by(person)]


async def hides(storage: Storage, person: str) -> list[str]:
    return [record.id for record in await storage.hidden.of(person)]


async def test_the_browser_leaves_its_device(storage: Storage) -> None:
    await sign_in(storage)
    assert await devices(storage, "me") == ["new", "phone"]
    assert await devices(storage, "guest") == []


async def test_a_guest_brings_follows_and_hidden_people(storage: Storage) -> None:
    """Each once, without the person itself, and the guest counts no longer as a follower."""
    await storage.follows.add("me", "a", 1.0)
    for n, followed in enumerate(("a", "b", "me")):
        await storage.follows.add("guest", followed, 2.0 + n)
    await storage.hidden.add("guest", "c", 1.0)
    await sign_in(storage)
    assert await follows(storage, "me") == ["b", "a"]
    assert await hides(storage, "me") == ["c"]
    assert await follows(storage, "guest") == await hides(storage, "guest") == []
    assert [await storage.follows.followers(id) for id in ("a", "b", "me")] == [1, 1, 0]


async def test_a_guest_with_another_browser_keeps_the_lists(storage: Storage) -> None:
    await storage.database.write(
        lambda connection: add_device(connection, "guest", "tablet", "", NOW)
    )
    await storage.follows.add("guest", "a", 1.0)
    await sign_in(storage)
    assert await follows(storage, "me") == await follows(storage, "guest") == ["a"]
    await sign_in(storage, "tablet", "newer")
    assert await follows(storage, "me") == ["a"] and await follows(storage, "guest") == []


async def test_the_lists_stay_bounded(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The latest follows of the guest fill what is free."""
    monkeypatch.setattr(
        module,
        "LISTS",
        ((follow.c.follower, follow.c.followed, 2), (hidden.c.person, hidden.c.hidden, 0)),
    )
    await storage.follows.add("me", "c", 1.0)
    await storage.follows.add("guest", "a", 2.0)
    await storage.follows.add("guest", "b", 3.0)
    await storage.hidden.add("me", "a", 1.0)
    await storage.hidden.add("guest", "b", 2.0)
    await sign_in(storage)
    assert await follows(storage, "me") == ["b", "c"]
    assert await hides(storage, "me") == ["a"]


async def test_who_has_a_handle_or_was_signed_out_brings_nothing(storage: Storage) -> None:
    await store_person(storage, "other", "laptop", handle="다른사람")
    await storage.follows.add("other", "a", 1.0)
    await sign_in(storage, "laptop")
    await storage.follows.add("guest", "b", 1.0)
    await storage.devices.sign_out("guest", "old", 2.0)
    await sign_in(storage, "old", "newer")
    assert await follows(storage, "me") == []
    assert await follows(storage, "other") == ["a"] and await follows(storage, "guest") == ["b"]


async def test_a_guest_who_asked_to_be_deleted_brings_nothing(storage: Storage) -> None:
    await storage.follows.add("guest", "a", 1.0)
    await storage.accounts.leave("guest", 9_000.0)
    await sign_in(storage)
    assert await follows(storage, "me") == []
