"""The decisions of moderators in the database."""

import asyncio
from dataclasses import replace

import pytest
import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.keys import hash_key
from server.storage.moderation import (
    MAX_MODERATORS,
    BanRecord,
    LimitReached,
    LogRecord,
    ModerationRecord,
    Who,
)
from server.storage.rooms import RoomRecord
from server.storage.schema.chat import message
from server.storage.schema.people import follow, person
from server.storage.storage import Storage

NOW = 1_790_000_000.0
ROOM = RoomRecord("k3v9x2", "Morning run", hash_key("a key"), NOW - 60, owner="p-minji")
LOG = LogRecord("k3v9x2", NOW, "p-minji", "mute", "p-sam", "p-sam", "60 s")
MINJI = Who("p-minji", "민지", 3, "minji")
SAM = Who("p-sam", "Sam", 7)


async def write(storage: Storage, *statements: sa.Executable) -> None:
    async def run(connection: AsyncConnection) -> None:
        for statement in statements:
            await connection.execute(statement)

    await storage.database.write(run)


def someone(who: Who) -> sa.Insert:
    return person.insert().values(
        id=who.id, name=who.name, colour=who.colour, handle=who.handle, created_at=NOW, seen_at=NOW
    )


def written(number: int, by: str = "p-sam", room: str = ROOM.room, **values: object) -> sa.Insert:
    return message.insert().values(
        **{
            "room": room,
            "sequence": number,
            "person": by,
            "client_id": f"c{number}",
            "name": "Sam",
            "colour": 7,
            "role": "guest",
            "at": NOW,
            "body": f"text {number}",
            "kind": "chat",
            "state": "shown",
        }
        | values
    )


@pytest_asyncio.fixture(autouse=True)
async def room(storage: Storage) -> None:
    await storage.rooms.add(ROOM)
    await write(storage, someone(MINJI), someone(SAM))


async def load(storage: Storage, now: float = NOW) -> ModerationRecord:
    record = await storage.moderation.load("p-minji", ROOM.room, now)
    assert record
    return record


async def test_a_new_room_has_no_decisions(storage: Storage) -> None:
    assert await load(storage) == ModerationRecord(
        (0, 0), "Morning run", "public", "{}", frozenset(), (), {}, {}, {}, {}
    )
    assert await storage.moderation.load("p-minji", "other", NOW) is None


async def test_every_change_raises_the_revision(storage: Storage) -> None:
    assert await storage.moderation.revisions("p-minji") == (0, 0)
    await storage.moderation.mute("p-minji", LOG, "p-sam", NOW + 60)
    assert await storage.moderation.revisions("p-minji") == (1, 0)
    await storage.moderation.ban_by_operator("p-sam", "b1", NOW, None, "spam")
    assert await storage.moderation.revisions("p-minji") == (1, 1)
    assert await storage.moderation.revisions("another") == (0, 1)


async def test_a_mute_and_its_end(storage: Storage) -> None:
    await storage.moderation.mute("p-minji", LOG, "p-sam", NOW + 60)
    await storage.moderation.mute("p-minji", LOG, "p-sam", NOW + 600)
    assert (await load(storage)).mutes == {"p-sam": NOW + 600}
    (mute,) = await storage.moderation.mutes(ROOM.room, NOW)
    assert (mute.person, mute.until, mute.at, mute.by) == (SAM, NOW + 600, NOW, MINJI)
    assert (await load(storage, NOW + 600)).mutes == {}
    await storage.moderation.unmute("p-minji", LOG, "p-sam")
    assert (await load(storage)).mutes == {}


async def test_a_ban_for_this_live(storage: Storage) -> None:
    """The ban and the hash of the network hold in this room only."""
    await storage.moderation.ban(
        "p-minji",
        LOG,
        "p-sam",
        ("b1", "b2"),
        for_good=False,
        network="abcd",
        network_until=NOW + 100,
        settings='{"salt":"x"}',
    )
    record = await load(storage)
    assert record.bans == {"p-sam": None} and record.networks == {"abcd": NOW + 100}
    assert record.settings == '{"salt":"x"}'
    assert await storage.moderation.bans("p-minji", ROOM.room, NOW) == [
        BanRecord(SAM, False, None, NOW, MINJI, "")
    ]
    await storage.rooms.add(replace(ROOM, room="next"))
    later = await storage.moderation.load("p-minji", "next", NOW)
    assert later and later.bans == {} and later.networks == {}


async def test_a_ban_for_good_holds_in_each_live_of_the_creator(storage: Storage) -> None:
    await storage.moderation.ban("p-minji", LOG, "p-sam", ("b1", "b2"), for_good=True)
    await storage.rooms.add(replace(ROOM, room="next"))
    later = await storage.moderation.load("p-minji", "next", NOW)
    assert later and later.bans == {"p-sam": None}
    other = await storage.moderation.load("p-other", "next", NOW)
    assert other and other.bans == {}


async def test_the_hashes_of_networks_end_with_the_live(storage: Storage) -> None:
    await storage.moderation.ban(
        "p-minji", LOG, "p-sam", ("b1", "b2"), for_good=True, network="ab", network_until=NOW + 9
    )
    await storage.moderation.forget_networks(ROOM.room, "{}")
    record = await load(storage)
    assert record.networks == {} and record.bans == {"p-sam": None}


async def test_a_ban_is_removed(storage: Storage) -> None:
    await storage.moderation.ban("p-minji", LOG, "p-sam", ("b1", "b2"), for_good=True)
    await storage.moderation.ban("p-minji", LOG, "p-ali", ("b3", "b4"), for_good=False)
    await storage.moderation.unban("p-minji", LOG, "p-sam")
    assert (await load(storage)).bans == {"p-ali": None}


async def test_changes_are_noticed(storage: Storage) -> None:
    await storage.moderation.mute("p-minji", LOG, "p-sam", NOW + 60)
    await storage.moderation.mute("p-minji", LOG, "p-sam", NOW + 60)
    assert await storage.moderation.changed_since(NOW) == {"p-minji": 2}
    assert await storage.moderation.changed_since(NOW + 1) == {}


async def test_moderators(storage: Storage) -> None:
    await storage.moderation.add_moderator("p-minji", LOG, "p-sam")
    await storage.moderation.add_moderator("p-minji", LOG, "p-sam")
    assert (await load(storage)).moderators == {"p-sam"}
    assert await storage.moderation.moderators("p-minji") == [SAM]
    assert await storage.moderation.is_moderator("p-minji", "p-sam")
    await storage.moderation.remove_moderator("p-minji", LOG, "p-sam")
    assert not await storage.moderation.is_moderator("p-minji", "p-sam")


async def test_a_creator_has_few_moderators(storage: Storage) -> None:
    for number in range(MAX_MODERATORS):
        await storage.moderation.add_moderator("p-minji", LOG, f"p{number}")
    with pytest.raises(LimitReached):
        await storage.moderation.add_moderator("p-minji", LOG, "one more")
    assert len((await load(storage)).moderators) == MAX_MODERATORS


async def test_words_are_replaced(storage: Storage) -> None:
    await storage.moderation.set_words("p-minji", LOG, ("foo", "바보"))
    await storage.moderation.set_words("p-minji", LOG, ("bar", "바보"))
    assert await storage.moderation.words("p-minji") == ("bar", "바보")
    assert (await load(storage)).words == ("bar", "바보")
    await storage.moderation.set_words("p-minji", LOG, ())
    assert (await load(storage)).words == ()


async def test_settings_of_the_room_and_of_the_creator(storage: Storage) -> None:
    values = {"settings": '{"slow":5}', "visibility": "private", "title": "New"}
    await storage.moderation.change_room("p-minji", LOG, values, links=True)
    record = await load(storage)
    assert (record.settings, record.visibility, record.title) == ('{"slow":5}', "private", "New")
    assert await storage.moderation.links("p-minji")
    await storage.moderation.mute("p-minji", LOG, "p-sam", NOW + 60)
    assert await storage.moderation.links("p-minji")
    assert not await storage.moderation.links("p-other")


async def test_the_log_names_people_and_is_read_in_pages(storage: Storage) -> None:
    for number in range(5):
        await storage.moderation.record("p-minji", replace(LOG, target=str(number)))
    await storage.moderation.record("p-minji", LogRecord(ROOM.room, NOW, None, "words"))
    newest = await storage.moderation.log(ROOM.room, None, 2)
    assert [line.n for line in newest] == [6, 5]
    assert (newest[0].moderator, newest[0].person, newest[0].target) == (None, None, "")
    assert (newest[1].moderator, newest[1].person, newest[1].target) == (MINJI, SAM, "4")
    assert [line.n for line in await storage.moderation.log(ROOM.room, 5, 10)] == [4, 3, 2, 1]
    assert await storage.moderation.log("other", None, 10) == []


async def test_changes_at_the_same_time_get_different_numbers(storage: Storage) -> None:
    await asyncio.gather(*(storage.moderation.record("p-minji", LOG) for _ in range(20)))
    lines = await storage.moderation.log(ROOM.room, None, 100)
    assert [line.n for line in lines] == list(range(20, 0, -1))


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


async def test_the_ban_of_the_operator(storage: Storage) -> None:
    await storage.moderation.ban_by_operator("p-sam", "b1", NOW, NOW + 60, "spam")
    await storage.moderation.ban_by_operator("p-sam", "b2", NOW + 1, None, "more spam")
    assert (await load(storage)).operator_bans == {"p-sam": None}
    assert await storage.moderation.is_banned_by_operator("p-sam", NOW)
    (ban,) = await storage.moderation.bans("", None, NOW)
    assert (ban.person, ban.until, ban.reason) == (SAM, None, "more spam")
    assert await storage.moderation.unban_by_operator("p-sam", NOW)
    assert not await storage.moderation.unban_by_operator("p-sam", NOW)
    assert not await storage.moderation.is_banned_by_operator("p-sam", NOW)
