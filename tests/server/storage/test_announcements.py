"""Announced lives and reminders."""

import asyncio
from pathlib import Path

import pytest

from server.storage.announcements import (
    MAX_OPEN,
    OPEN_FOR,
    AnnouncementRecord,
    TooManyAnnouncements,
)
from server.storage.storage import Storage
from tests.server.storage.discovered import add_live, add_person
from tests.server.storage.rows import count_rows
from tests.server.storage.test_retention import PERIODS

NOW = 1_000_000.0


async def announce(storage: Storage, id: str, starts_in: float, by: str = "minji") -> None:
    record = AnnouncementRecord(id, by, f"Live {id}", NOW + starts_in, NOW)
    await storage.announcements.add(record)


async def ids(storage: Storage, now: float) -> list[str]:
    return [each.record.id for each in await storage.announcements.next(now, 10)]


async def test_the_next_announced_live_is_first(storage: Storage) -> None:
    await add_person(storage, "minji", "minji")
    await add_person(storage, "sora", "sora")
    for id, starts_in, by in (("late", 9e3, "minji"), ("soon", 60, "sora"), ("next", 5e3, "minji")):
        await announce(storage, id, starts_in, by)
    assert await ids(storage, NOW) == ["soon", "next", "late"]
    assert await ids(storage, NOW + 61 + OPEN_FOR) == ["next", "late"]
    of_person = await storage.announcements.of_person("minji", NOW)
    assert [each.record.id for each in of_person] == ["next", "late"]
    found = await storage.announcements.find("soon")
    assert found is not None and found.by.handle == "sora"
    assert await storage.announcements.find("none") is None


async def test_a_person_announces_few_lives(storage: Storage) -> None:
    """Lives that should have begun long ago do not count."""
    await add_person(storage, "minji", "minji")
    await announce(storage, "past", -OPEN_FOR - 1)
    for number in range(MAX_OPEN):
        await announce(storage, str(number), 60)
    with pytest.raises(TooManyAnnouncements):
        await announce(storage, "one more", 60)
    assert await storage.announcements.remove("0", "minji")
    await announce(storage, "one more", 60)


async def test_two_servers_together_keep_the_limit(
    storage: Storage, tmp_path: Path, url: str | None
) -> None:
    await add_person(storage, "minji", "minji")
    other = storage if url is None else await Storage.open(tmp_path / "other", url)
    try:
        ways = [announce(one, str(n), 60) for n, one in enumerate((storage, other) * MAX_OPEN)]
        outcomes = await asyncio.gather(*ways, return_exceptions=True)
    finally:
        await other.close()
    assert sum(outcome is None for outcome in outcomes) == MAX_OPEN
    assert sum(isinstance(outcome, TooManyAnnouncements) for outcome in outcomes) == MAX_OPEN


async def test_reminders(storage: Storage) -> None:
    await add_person(storage, "minji", "minji")
    await announce(storage, "soon", 60)
    store = storage.announcements
    for _ in range(2):
        await store.remind("soon", "fan", NOW)
    await store.remind("soon", "other", NOW)
    found = await store.find("soon", "fan")
    assert found is not None and (found.reminded, found.reminders) == (True, 2)
    await store.forget("soon", "fan")
    found = await store.find("soon", "fan")
    assert found is not None and (found.reminded, found.reminders) == (False, 1)
    assert not await store.remove("soon", "fan")
    assert await store.remove("soon", "minji")
    assert await store.find("soon") is None


async def test_one_server_sends_the_reminders(storage: Storage) -> None:
    await add_person(storage, "minji", "minji")
    for id, starts_in in (("due", -5), ("later", 60), ("missed", -OPEN_FOR - 5)):
        await announce(storage, id, starts_in)
    [due] = await storage.announcements.claim_due(NOW, 10)
    assert (due.id, due.reminded_at) == ("due", NOW)
    assert await storage.announcements.claim_due(NOW, 10) == []


async def test_a_live_keeps_the_announcement_that_is_next(storage: Storage) -> None:
    await add_person(storage, "minji", "minji")
    for id, starts_in in (("next", 600), ("later", 1_200), ("tomorrow", 86_400)):
        await announce(storage, id, starts_in)
    for room in ("first", "second", "third"):
        await storage.announcements.begin("minji", room, NOW, 3_600)
    rooms = {
        each.record.id: each.record.room
        for each in await storage.announcements.of_person("minji", NOW)
    }
    assert rooms == {"next": "first", "later": "second", "tomorrow": None}


async def test_a_live_that_is_no_longer_public_is_not_named(storage: Storage) -> None:
    await add_person(storage, "minji", "minji")
    await announce(storage, "soon", 600)
    await add_live(storage, "k3v9x2", owner="minji")
    await storage.announcements.begin("minji", "k3v9x2", NOW, 3_600)
    for visibility in ("unlisted", "private", "public"):
        await storage.rooms.change("k3v9x2", visibility=visibility)
        found = await storage.announcements.find("soon")
        assert found is not None
        assert found.record.room == ("k3v9x2" if visibility == "public" else None)


async def test_reminders_go_with_the_live(storage: Storage) -> None:
    """The announcement is deleted at once, its reminders by the next purge."""
    await add_person(storage, "minji", "minji")
    await announce(storage, "soon", 600)
    await storage.announcements.remind("soon", "fan", NOW)
    await add_live(storage, "k3v9x2", owner="minji")
    await storage.announcements.begin("minji", "k3v9x2", NOW, 3_600)
    await storage.live_data.delete("k3v9x2")
    assert await storage.announcements.find("soon") is None
    await storage.retention.purge(PERIODS, NOW)
    assert "reminder" not in await count_rows(storage.database)


async def test_past_announcements_are_deleted(storage: Storage) -> None:
    """With their reminders."""
    await add_person(storage, "minji", "minji")
    for id, starts_in in (("past", 60), ("next", 90_000)):
        await announce(storage, id, starts_in)
        await storage.announcements.remind(id, "fan", NOW)
    await storage.retention.purge(PERIODS, NOW + 87_000)
    assert await storage.announcements.find("past") is None
    assert await storage.announcements.find("next") is not None
    counts = await count_rows(storage.database)
    assert (counts["announcement"], counts["reminder"]) == (1, 1)
