"""The log of moderators' actions in the database."""

import asyncio
from dataclasses import replace

import pytest

from server.storage.moderation_log import LogRecord
from server.storage.storage import Storage
from tests.server.storage.moderated import LOG, MINJI, NOW, ROOM, SAM

pytestmark = pytest.mark.usefixtures("moderated_room")


async def test_the_log_names_people_and_is_read_in_pages(storage: Storage) -> None:
    for number in range(5):
        await storage.moderation.record("p-minji", replace(LOG, target=str(number)))
    await storage.moderation.record("p-minji", LogRecord(ROOM.room, NOW, None, "words"))
    newest = await storage.moderation_log.of_room(ROOM.room, None, 2)
    assert [line.n for line in newest] == [6, 5]
    assert (newest[0].moderator, newest[0].person, newest[0].target) == (None, None, "")
    assert (newest[1].moderator, newest[1].person, newest[1].target) == (MINJI, SAM, "4")
    assert [line.n for line in await storage.moderation_log.of_room(ROOM.room, 5, 10)] == [
        4,
        3,
        2,
        1,
    ]
    assert await storage.moderation_log.of_room("other", None, 10) == []


async def test_changes_at_the_same_time_get_different_numbers(storage: Storage) -> None:
    await asyncio.gather(*(storage.moderation.record("p-minji", LOG) for _ in range(20)))
    lines = await storage.moderation_log.of_room(ROOM.room, None, 100)
    assert [line.n for line in lines] == list(range(20, 0, -1))
