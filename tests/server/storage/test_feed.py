"""What the feed reads."""

import pytest

from server.storage.clip_record import ClipRecord
from server.storage.database import Database
from server.storage.feed import FeedStore, StoredItem, StoredReport
from server.storage.feed_items import FeedItemStore, FeedSums
from server.storage.live_activity import KEPT, LiveActivityStore, StoredActivity
from server.storage.schema.media import clip, recording
from server.storage.schema.moderation import report
from server.storage.schema.rooms import room
from tests.server.storage.rows import add_row, count_rows


@pytest.fixture
def store(database: Database) -> FeedStore:
    return FeedStore(database, "here")


async def add_room(database: Database, name: str, **values: object) -> None:
    row = {"server": "there", "live_at": 10.0, "created_at": 5.0, "title": f"Title {name}"}
    await add_row(database, room, **{"room": name, **row, **values})


async def add_clip(database: Database, id: str, **values: object) -> None:
    names = set(ClipRecord.__dataclass_fields__)
    row = {"state": "published", "visibility": "public", "title": "T", "caption": "#tag"}
    assert values.keys() <= names
    await add_row(database, clip, **{"id": id, **row, **values})


async def test_the_public_lives_of_other_servers(store: FeedStore, database: Database) -> None:
    assert store.shared and not FeedStore(database).shared
    await add_room(database, "old")
    await add_room(database, "new", live_at=20.0, owner="p-1", mood="calm", viewers=7)
    await add_room(database, "mine", server="here")
    await add_room(database, "ended", ended_at=30.0)
    await add_room(database, "idle", live_at=None)
    await add_room(database, "hidden", visibility="unlisted")
    new = StoredItem("live", "new", "p-1", "Title new", "calm", 20.0, 7)
    old = StoredItem("live", "old", "room:old", "Title old", "", 10.0)
    assert await store.other_lives(100.0, 10) == [new, old]
    assert await store.other_lives(100.0, 1) == [new]


async def test_what_people_do_in_lives_of_other_servers(
    store: FeedStore, database: Database
) -> None:
    for name in ("busy", "quiet"):
        await add_room(database, name, live_at=10.0, owner="p-1", server="other", viewers=7)
    activity = LiveActivityStore(database)
    await activity.replace([StoredActivity("quiet", 9, 9, 9, 9.0, 9)], 100.0)
    for reactors in (2, 3):
        await activity.replace([StoredActivity("busy", 5, 4, reactors, 1.5, 2)], 140.0)
    found = {live.id: live for live in await store.other_lives(140.0, 10)}
    busy, quiet = found["busy"], found["quiet"]
    assert (busy.viewers, busy.arrivals, busy.reactors) == (5, 4, 3)
    assert (busy.usual_reactors, busy.answers) == (1.5, 2)
    assert (quiet.viewers, quiet.reactors) == (7, 0), "the figures are old"
    await activity.replace([], 100.0 + KEPT + 1)
    assert (await count_rows(database))["live_activity"] == 1


async def test_clips_that_may_be_shown(store: FeedStore, database: Database) -> None:
    await add_room(database, "r-1", mood="loud")
    await add_clip(database, "old", room="r-1", creator="p-1", created_at=1.0, published_at=2.0)
    await add_clip(database, "new", creator="p-2", created_at=3.0)
    await add_clip(database, "draft", state="draft", created_at=4.0)
    await add_clip(database, "private", visibility="private", created_at=4.0)
    old = StoredItem("clip", "old", "p-1", "T #tag", "loud", 2.0)
    new = StoredItem("clip", "new", "p-2", "T #tag", "", 3.0)
    assert await store.latest_clips(10) == [new, old]
    assert await store.latest_clips(1) == [new]
    assert await store.of_creators(["p-1", "p-9"], 0.0, 10) == [old]
    sums = FeedItemStore(database)
    assert await store.best_clips(10) == []
    await sums.add([FeedSums("clip", "new", 100, 10), FeedSums("clip", "old", 100, 90)], 1.0)
    await sums.add([FeedSums("clip", "draft", 100, 99), FeedSums("live", "r-1", 9, 9)], 1.0)
    assert await store.best_clips(10) == [old, new]


async def test_replays_that_may_be_shown(store: FeedStore, database: Database) -> None:
    async def add(name: str, **values: object) -> None:
        await add_row(
            database,
            recording,
            **{"room": name, "state": "finished", "keep": "yes", "ended_at": 40.0, **values},
        )

    for name in ("kept", "running", "overdue", "dropped"):
        await add_room(database, name, ended_at=40.0, owner="p-1")
    await add_room(database, "private", ended_at=40.0, visibility="private")
    await add("kept", delete_at=200.0)
    await add("running", state="recording")
    await add("overdue", delete_at=90.0)
    await add("dropped", keep="no")
    await add("private")
    kept = StoredItem("replay", "kept", "p-1", "Title kept", "", 40.0)
    assert await store.latest_replays(100.0, 10) == [kept]
    assert await store.of_creators(["p-1"], 100.0, 10) == [kept]


async def test_sums_that_have_changed(store: FeedStore, database: Database) -> None:
    sums = FeedItemStore(database)
    await sums.add([FeedSums("live", "a", 1, first_at=5.0)], 10.0)
    await sums.add([FeedSums("live", "b", 2, 1, 1, 9.5, first_at=15.0)], 20.0)
    b = FeedSums("live", "b", 2, 1, 1, 9.5, 15.0)
    assert await store.sums_since(15.0, 10) == [b]
    assert await store.sums_since(0.0, 10) == [b, FeedSums("live", "a", 1, first_at=5.0)]
    assert await store.sums_since(0.0, 1) == [b]


async def test_reports_about_rooms_and_people(store: FeedStore, database: Database) -> None:
    async def add(id: str, **values: object) -> None:
        row = {"room": "r-1", "kind": "room", "reporter": "p-1", "at": 10.0}
        await add_row(database, report, **{"id": id, **row, **values})

    await add("1", person="p-owner")
    await add("2", kind="person", person="p-2", at=11.0)
    await add("3", kind="message", person="p-3", at=12.0)
    await add("4", decision="dismissed", at=13.0)
    await add("5", reporter=None, at=14.0)
    await add("6", at=1.0)
    assert await store.reports_since(5.0, 10) == [
        StoredReport("p-2", "p-1"),
        StoredReport("room:r-1", "p-1"),
    ]
