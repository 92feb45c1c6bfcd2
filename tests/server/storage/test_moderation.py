"""The rows that decide who may write in a room."""

from dataclasses import replace

import pytest

from server.storage.bans import BansInForce
from server.storage.moderation import ModerationRecord
from server.storage.moderation_change import OPERATOR
from server.storage.schema.people import follow
from server.storage.storage import Storage
from tests.server.storage.moderated import LOG, NOW, ROOM, load, write, written

pytestmark = pytest.mark.usefixtures("moderated_room")


async def test_a_new_room_has_no_decisions(storage: Storage) -> None:
    assert await load(storage) == ModerationRecord(
        "Morning run", "public", "{}", frozenset(), (), {}, BansInForce({}, {}, {})
    )
    assert await storage.moderation.load("p-minji", "other", NOW) is None


async def test_every_change_raises_the_revision(storage: Storage) -> None:
    assert await storage.moderation.changed_since(NOW) == {}
    await storage.mutes.add("p-minji", LOG, "p-sam", NOW + 60)
    await storage.mutes.add("p-minji", LOG, "p-sam", NOW + 60)
    assert await storage.moderation.changed_since(NOW) == {"p-minji": 2}
    await storage.bans.add_by_operator("p-sam", "b1", NOW, None, "spam")
    assert await storage.moderation.changed_since(NOW) == {"p-minji": 2, OPERATOR: 1}
    assert await storage.moderation.changed_since(NOW + 1) == {}


async def test_settings_of_the_room_and_of_the_creator(storage: Storage) -> None:
    values = {"settings": '{"slow":5}', "visibility": "private", "title": "New"}
    await storage.moderation.change_room("p-minji", LOG, values, links=True)
    record = await load(storage)
    assert (record.settings, record.visibility, record.title) == ('{"slow":5}', "private", "New")
    assert await storage.moderation.links("p-minji")
    await storage.mutes.add("p-minji", LOG, "p-sam", NOW + 60)
    assert await storage.moderation.links("p-minji")
    assert not await storage.moderation.links("p-other")


async def test_who_is_known(storage: Storage) -> None:
    assert await storage.moderation.standing("p-minji", ROOM.room, "p-sam") == (None, False)
    await write(storage, follow.insert().values(follower="p-sam", followed="p-minji", at=NOW - 5))
    await write(storage, written(1))
    assert await storage.moderation.standing("p-minji", ROOM.room, "p-sam") == (NOW - 5, False)
    await storage.rooms.add(replace(ROOM, room="before"))
    await write(storage, written(1, room="before", state="removed"))
    assert await storage.moderation.standing("p-minji", ROOM.room, "p-sam") == (NOW - 5, False)
    await write(storage, written(2, room="before"))
    assert await storage.moderation.standing("p-minji", ROOM.room, "p-sam") == (NOW - 5, True)
    assert await storage.moderation.standing("p-other", ROOM.room, "p-sam") == (None, False)
