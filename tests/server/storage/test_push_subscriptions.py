"""The browsers that get pushes, in the database."""

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage import push_subscriptions as module
from server.storage.announcements import AnnouncementRecord
from server.storage.devices import add_device
from server.storage.push_subscriptions import Page, Place, PushSubscriptionStore
from server.storage.schema.moderation import ban
from server.storage.storage import Storage
from tests.server.storage.rows import add_row

NOW = 1_800_000_000.0


@pytest.fixture
def subscriptions(storage: Storage) -> PushSubscriptionStore:
    return storage.push_subscriptions


async def follow(storage: Storage, id: str, at: float = NOW) -> None:
    """Stores a person with a device and a subscription, who follows the person `star`."""
    await storage.people.add(id, f"Guest {id}", 3, f"device-{id}", "Firefox · Linux", NOW)
    await storage.follows.add(id, "star", at)
    await subscribe(storage, id, f"https://push.example/{id}")


async def subscribe(storage: Storage, id: str, endpoint: str, at: float = NOW) -> str:
    return await storage.push_subscriptions.add(id, f"device-{id}", endpoint, "key", "auth", at)


async def sign_in(storage: Storage, person: str, device: str) -> None:
    async def work(connection: AsyncConnection) -> None:
        await add_device(connection, person, device, "", NOW)

    await storage.database.write(work)


@pytest.fixture
async def star(storage: Storage) -> None:
    await storage.people.add("star", "Star", 3, "device-star", "", NOW)


async def endpoints(store: PushSubscriptionStore) -> list[str]:
    """The endpoints of the followers of `star`, in pages."""
    found: list[str] = []
    place: Place | None = None
    while True:
        page: Page = await store.of_followers("star", place, NOW)
        found += [record.endpoint.rpartition("/")[2] for record in page.records]
        place = page.place
        if place is None:
            return found


@pytest.mark.usefixtures("star")
async def test_the_followers_in_pages(
    storage: Storage, subscriptions: PushSubscriptionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several people may have followed at the same time, and some have no subscription."""
    monkeypatch.setattr(module, "PAGE", 2)
    for number, id in enumerate("edcba"):
        await follow(storage, id, NOW + number // 3)
    [record] = await subscriptions.of("c")
    assert record.label == "Firefox · Linux" and record.device == "device-c"
    assert await subscriptions.remove(record.id, "c")
    assert sorted(await endpoints(subscriptions)) == ["a", "b", "d", "e"]
    assert await subscriptions.of_followers("stranger", None, NOW) == Page([], None)


@pytest.mark.usefixtures("star")
async def test_who_gets_no_push(storage: Storage, subscriptions: PushSubscriptionStore) -> None:
    for id in "abcde":
        await follow(storage, id)
    await storage.hidden.add("a", "star", NOW)
    await storage.devices.sign_out("b", "device-b", NOW)
    await storage.accounts.leave("c", NOW + 86_400)
    await storage.follows.remove("d", "star")
    assert await endpoints(subscriptions) == ["e"]
    assert await subscriptions.of("b") == []


async def test_a_person_has_at_most_five(
    storage: Storage, subscriptions: PushSubscriptionStore
) -> None:
    """A further one replaces the oldest one. A browser has one."""
    await storage.people.add("a", "A", 3, "device-0", "", NOW)
    for number in range(6):
        await sign_in(storage, "a", f"device-{number}")
        endpoint = f"https://push.example/{number}"
        await subscriptions.add("a", f"device-{number}", endpoint, "key", "auth", NOW + number)
    found = await subscriptions.of("a")
    assert [record.endpoint[-1] for record in found] == ["5", "4", "3", "2", "1"]
    await subscriptions.add("a", "device-5", "https://push.example/x", "key", "auth", NOW + 9)
    found = await subscriptions.of("a")
    assert [record.endpoint[-1] for record in found] == ["x", "4", "3", "2", "1"]


async def test_a_browser_changes_its_person(
    storage: Storage, subscriptions: PushSubscriptionStore
) -> None:
    for id in "ab":
        await storage.people.add(id, id, 3, f"device-{id}", "", NOW)
    first = await subscribe(storage, "a", "https://push.example/1")
    assert await subscribe(storage, "b", "https://push.example/1", NOW + 1) == first
    assert await subscriptions.of("a") == []
    assert [record.created_at for record in await subscriptions.of("b")] == [NOW + 1]
    assert not await subscriptions.remove(first, "a")
    await subscriptions.forget(first)
    assert await subscriptions.of("b") == []


@pytest.mark.usefixtures("star")
async def test_people_who_are_reminded(
    storage: Storage, subscriptions: PushSubscriptionStore
) -> None:
    """Also left out are people who hide the creator, and people who are banned."""
    for id in "abcde":
        await follow(storage, id)
    await storage.announcements.add(AnnouncementRecord("soon", "star", "Tea", NOW + 60, NOW))
    for id in "bcde":
        await storage.announcements.remind("soon", id, NOW)
    await storage.hidden.add("c", "star", NOW)
    for id, creator in (("d", "star"), ("e", "")):
        await add_row(storage.database, ban, id=id, creator=creator, person=id, until=NOW + 60)
    page = await subscriptions.of_reminded("soon", "star", None, NOW)
    assert [record.endpoint for record in page.records] == ["https://push.example/b"]
    assert page.place is None


@pytest.mark.usefixtures("star")
async def test_subscriptions_go_with_the_person(
    storage: Storage, subscriptions: PushSubscriptionStore
) -> None:
    await follow(storage, "a")
    await storage.accounts.leave("a", NOW)
    assert await storage.accounts.erase("a", NOW + 1)
    assert await subscriptions.of("a") == []
