"""Uses of tags, hour by hour, and challenges."""

import time

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.discovery.tags import Tag
from server.storage.schema.discovery import tag_hour
from server.storage.storage import Storage
from server.storage.tags import HOUR, KEPT_HOURS, MAX_CHALLENGES, Pinned, TagCounts
from tests.server.storage.discovered import add_clip, add_live
from tests.server.storage.test_retention import PERIODS

NOW = 500_000 * HOUR + 1_800
ONE = Tag("one", "One")


async def test_the_items_of_a_tag_are_read_page_by_page(storage: Storage) -> None:
    """The latest is first. Items of the same time are on one page each."""
    for number in range(5):
        await add_clip(storage, f"c{number}", "#one", at=float(number // 2))
    await add_live(storage, "k3v9x2", "#one #two", at=9.0)
    seen: list[str] = []
    before = None
    while page := await storage.tags.uses("one", 2, before):
        seen += [use.item for use in page]
        before = page[-1].at, page[-1].item
    assert seen == ["k3v9x2", "c4", "c3", "c2", "c1", "c0"]
    assert await storage.tags.count("one") == 6
    await storage.rooms.change("k3v9x2", visibility="private")
    assert await storage.tags.uses("two", 10) == []


async def test_an_ended_live_without_a_recording_is_left_out(storage: Storage) -> None:
    await add_live(storage, "k3v9x2", "#one")
    assert [use.item for use in await storage.tags.uses("one", 10)] == ["k3v9x2"]
    await storage.rooms.end("k3v9x2", 9.0)
    assert await storage.tags.uses("one", 10) == []


async def test_creators_are_counted(storage: Storage) -> None:
    """A creator with many clips counts once in each hour."""
    for number in range(4):
        await add_clip(storage, f"a{number}", "#one", at=NOW - 60 * number, creator="a")
    await add_clip(storage, "b1", "#one", at=NOW - 60, creator="b")
    await add_clip(storage, "old", "#one #old", at=NOW - 20 * HOUR, creator="a")
    await add_clip(storage, "future", "#future", at=NOW + HOUR, creator="a")
    for _ in range(2):
        for hour in range(21):
            await storage.tags.roll_up(int(NOW // HOUR) - hour)
    counts = await storage.tags.counts(NOW, 3)
    assert counts == [TagCounts("one", 2, 1), TagCounts("old", 0, 1)]
    # The clock is set back or forward: nothing breaks, and no use counts twice.
    assert await storage.tags.counts(NOW - 30 * HOUR, 3) == []
    assert await storage.tags.counts(NOW + 5_000 * HOUR, 3) == []


async def test_old_hours_and_unused_tags_are_deleted(storage: Storage) -> None:
    """So are hours of the future, which a wrong clock has stored."""
    hours = [int(NOW // HOUR) + hours for hours in (-KEPT_HOURS - 1, -1, 0, 100)]

    async def fill(connection: AsyncConnection) -> None:
        for hour in hours:
            await connection.execute(tag_hour.insert().values(tag="one", hour=hour, uses=1))

    await storage.database.write(fill)
    await add_clip(storage, "kept", "#kept", at=1.0)
    await add_clip(storage, "changed", "#unused", at=1.0)
    await storage.clips.change("changed", ("published",), title="")
    await storage.retention.purge(PERIODS, NOW)
    statement = sa.select(tag_hour.c.hour).order_by(tag_hour.c.hour)
    kept = await storage.database.read(lambda found: found.scalars(statement))
    assert list(kept) == hours[1:3]
    assert set(await storage.tags.find(["kept", "unused"])) == {"kept"}
    assert await storage.search.find(("tag",), ["un"], 10) == {"tag": []}
    assert await storage.search.find(("tag",), ["ke"], 10) == {"tag": ["kept"]}


async def test_a_challenge(storage: Storage) -> None:
    await add_clip(storage, "c1", "#one")
    await add_clip(storage, "c2", "#one")
    tags = storage.tags
    assert await tags.challenge(ONE, "c1", "minji", 1.0) is Pinned.PINNED
    assert await tags.challenge(ONE, "c2", "sora", 2.0) is Pinned.TAKEN
    assert (await tags.find(["one"]))["one"].challenge == "c1"
    assert await tags.challenge(ONE, "c2", "minji", 3.0) is Pinned.PINNED
    assert (await tags.find(["one"]))["one"].challenge == "c2"
    assert not await tags.end_challenge("one", "sora")
    assert await tags.end_challenge("one", "minji")
    assert (await tags.find(["one"]))["one"].challenge is None


async def test_a_challenge_ends_with_its_clip(storage: Storage) -> None:
    """Another person may then begin one."""
    await add_clip(storage, "c1", "#one")
    await add_clip(storage, "c2", "#one")
    await storage.tags.challenge(ONE, "c1", "minji", 1.0)
    await storage.clips.change("c1", ("published",), visibility="private")
    assert (await storage.tags.find(["one"]))["one"].challenge is None
    assert await storage.tags.challenge(ONE, "c2", "sora", 2.0) is Pinned.PINNED


async def test_tags_and_challenges_of_banned_people(storage: Storage) -> None:
    """Another person may then begin the challenge."""
    await add_clip(storage, "c1", "#one #spam", creator="minji")
    await add_clip(storage, "c2", "#one", creator="sora")
    await storage.tags.challenge(ONE, "c1", "minji", 1.0)
    assert set(await storage.tags.find(["one", "spam"])) == {"one", "spam"}
    await storage.bans.add_by_operator("minji", "ban", time.time(), None, "spam")
    found = await storage.tags.find(["one", "spam"])
    assert set(found) == {"one"} and found["one"].challenge is None
    assert await storage.tags.challenge(ONE, "c2", "sora", 2.0) is Pinned.PINNED


async def test_a_tag_that_no_public_item_has(storage: Storage) -> None:
    await add_clip(storage, "c1", "#one")
    await storage.clips.change("c1", ("published",), visibility="private")
    assert await storage.tags.find(["one"]) == {}


async def test_one_person_has_few_challenges(storage: Storage) -> None:
    for number in range(MAX_CHALLENGES + 1):
        await add_clip(storage, f"c{number}", f"#tag{number}")
        tag = Tag(f"tag{number}", "")
        pinned = await storage.tags.challenge(tag, f"c{number}", "minji", 1.0)
        assert (pinned is Pinned.TOO_MANY) is (number == MAX_CHALLENGES)
    again = Tag("tag0", "")
    assert await storage.tags.challenge(again, "c0", "minji", 1.0) is Pinned.PINNED
