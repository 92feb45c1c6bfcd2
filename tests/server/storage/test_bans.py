"""The bans in the database."""

from dataclasses import replace

import pytest

from server.storage.bans import BanRecord
from server.storage.storage import Storage
from tests.server.storage.moderated import LOG, MINJI, NOW, ROOM, SAM, load

pytestmark = pytest.mark.usefixtures("moderated_room")


async def test_a_ban_for_this_live(storage: Storage) -> None:
    """The ban and the hash of the network hold in this room only."""
    await storage.bans.add(
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
    assert record.bans.people == {"p-sam": None} and record.bans.networks == {"abcd": NOW + 100}
    assert record.settings == '{"salt":"x"}'
    assert await storage.bans.in_force("p-minji", ROOM.room, NOW) == [
        BanRecord(SAM, False, None, NOW, MINJI, "")
    ]
    await storage.rooms.add(replace(ROOM, room="next"))
    later = await storage.moderation.load("p-minji", "next", NOW)
    assert later and later.bans.people == {} and later.bans.networks == {}


async def test_a_ban_for_good_holds_in_each_live_of_the_creator(storage: Storage) -> None:
    await storage.bans.add("p-minji", LOG, "p-sam", ("b1", "b2"), for_good=True)
    await storage.rooms.add(replace(ROOM, room="next"))
    later = await storage.moderation.load("p-minji", "next", NOW)
    assert later and later.bans.people == {"p-sam": None}
    other = await storage.moderation.load("p-other", "next", NOW)
    assert other and other.bans.people == {}


async def test_the_hashes_of_networks_end_with_the_live(storage: Storage) -> None:
    await storage.bans.add(
        "p-minji", LOG, "p-sam", ("b1", "b2"), for_good=True, network="ab", network_until=NOW + 9
    )
    await storage.bans.forget_networks(ROOM.room, "{}")
    record = await load(storage)
    assert record.bans.networks == {} and record.bans.people == {"p-sam": None}


async def test_a_ban_is_removed(storage: Storage) -> None:
    await storage.bans.add("p-minji", LOG, "p-sam", ("b1", "b2"), for_good=True)
    await storage.bans.add("p-minji", LOG, "p-ali", ("b3", "b4"), for_good=False)
    await storage.bans.remove("p-minji", LOG, "p-sam")
    assert (await load(storage)).bans.people == {"p-ali": None}


async def test_the_ban_of_the_operator(storage: Storage) -> None:
    await storage.bans.add_by_operator("p-sam", "b1", NOW, NOW + 60, "spam")
    await storage.bans.add_by_operator("p-sam", "b2", NOW + 1, None, "more spam")
    assert (await load(storage)).bans.operator == {"p-sam": None}
    assert await storage.bans.holds_everywhere("p-sam", NOW)
    (ban,) = await storage.bans.in_force("", None, NOW)
    assert (ban.person, ban.until, ban.reason) == (SAM, None, "more spam")
    assert await storage.bans.remove_by_operator("p-sam", NOW)
    assert not await storage.bans.remove_by_operator("p-sam", NOW)
    assert not await storage.bans.holds_everywhere("p-sam", NOW)
