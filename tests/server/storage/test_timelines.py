"""Messages and reactions by media time, read from the database."""

import pytest

from server.storage.schema.people import person
from server.storage.storage import Storage
from server.storage.timeline_records import TimelineMessageRecord, TimelineRecord
from tests.server.storage.moderated import LOG, NOW, ROOM, write, written

pytestmark = pytest.mark.usefixtures("moderated_room")


async def read(
    storage: Storage, start: int = 0, end: int = 9_000_000, limit: int = 9, now: float = NOW
) -> TimelineRecord:
    seconds = range(start // 1_000_000, end // 1_000_000)
    return await storage.timelines.read(ROOM.room, "p-minji", start, end, seconds, limit, now)


async def numbers(storage: Storage, now: float = NOW) -> list[int]:
    return [message.sequence for message in (await read(storage, now=now)).messages]


async def test_messages_in_the_order_of_media_time(storage: Storage) -> None:
    await write(
        storage,
        written(1, media_time=4_000_000),
        written(2, media_time=2_000_000),
        written(3, media_time=4_000_000),
        written(4, media_time=9_000_000),
        written(5, media_time=1_999_999),
        written(6, media_time=None),
        written(7, media_time=3_000_000, room="other"),
    )
    found = await read(storage, 2_000_000)
    assert [message.sequence for message in found.messages] == [2, 1, 3]
    assert found.messages[0] == TimelineMessageRecord(
        2_000_000, 2, "p-sam", "Sam", 7, None, "guest", "text 2"
    )
    assert [each.sequence for each in (await read(storage, limit=2)).messages] == [5, 2]


async def test_taps_without_the_rows_that_count_all_emoji(storage: Storage) -> None:
    taps = [(second, emoji, 3, 1, 1) for second in (1, 2, 5) for emoji in ("heart", "any")]
    await storage.reactions.put(ROOM.room, [*taps, (2, "wow", 4, 1, 1)])
    await storage.reactions.put("other", taps)
    found = await read(storage, 2_000_000, 5_000_000)
    assert found.hearts == {2: {"heart": 3, "wow": 4}}


async def test_what_viewers_may_not_see_is_left_out(storage: Storage) -> None:
    await write(
        storage,
        written(1, media_time=1),
        written(2, media_time=1, state="removed"),
        written(3, media_time=1, state="held"),
        written(4, media_time=1, kind="system"),
        written(5, media_time=1, person=None),
    )
    assert await numbers(storage) == [1]


async def test_messages_of_banned_people_are_left_out(storage: Storage) -> None:
    await write(storage, written(1, media_time=1), written(2, "p-ali", media_time=1))
    await storage.bans.add("p-minji", LOG, "p-ali", ("b1", "b2"), for_good=True)
    assert await numbers(storage) == [1]
    await storage.bans.remove("p-minji", LOG, "p-ali")
    await storage.bans.add("p-other", LOG, "p-ali", ("b3", "b4"), for_good=True)
    assert await numbers(storage) == [1, 2]
    await storage.bans.add_by_operator("p-sam", "b5", NOW, NOW + 60, "spam")
    assert await numbers(storage) == [2]
    assert await numbers(storage, now=NOW + 61) == [1, 2]


async def test_messages_of_a_person_who_leaves_are_left_out(storage: Storage) -> None:
    """The messages come back if the person undoes the deletion."""
    await write(storage, written(1, media_time=1))
    leaving = person.update().where(person.c.id == "p-sam")
    await write(storage, leaving.values(delete_at=NOW + 900))
    assert await numbers(storage) == []
    await write(storage, leaving.values(delete_at=None))
    assert await numbers(storage) == [1]
