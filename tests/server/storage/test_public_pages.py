"""The pages that robots and readers of feeds may know."""

import time

from server.storage.public_pages import PublicName
from server.storage.recording_records import FINISHED, PieceRecord, RecordingEnd, SegmentRecord
from server.storage.schema import moderation
from server.storage.storage import Storage
from tests.server.storage.discovered import add_clip, add_live, add_person
from tests.server.storage.rows import add_row

NOW = time.time()
KEPT = RecordingEnd(FINISHED, NOW - 10, {"yes": 3_600.0})


def names(found: list[PublicName]) -> list[str]:
    return [each.name for each in found]


async def add_replay(storage: Storage, room: str, *, owner: str, visibility: str) -> None:
    await add_live(storage, room, "A run", owner=owner, visibility=visibility)
    await storage.recordings.begin(room, "yes", NOW - 60)
    piece = PieceRecord(room, 1, b"init", 48, 64, 0)
    await storage.recordings.add_segment(SegmentRecord(room, 1, 1, 0, 1_000, 1, 10), piece)
    await storage.recordings.finish(room, KEPT)
    await storage.rooms.end(room, NOW - 10)


async def test_public_pages_only(storage: Storage) -> None:
    """The latest is first; handles are in the order of their followers."""
    for name in ("minji", "sam", "banned", "leaving"):
        await add_person(storage, name, name)
    await storage.follows.add("minji", "sam", NOW)
    await add_row(storage.database, moderation.ban, creator="", person="banned", until=None)
    await storage.accounts.leave("leaving", NOW + 60)
    for owner in ("sam", "banned"):
        for visibility in ("public", "unlisted", "private"):
            values = {"visibility": visibility, "owner": owner}
            await add_replay(storage, f"{owner}-{visibility}", **values)
            clip = f"clip-{owner}-{visibility}"
            await add_clip(storage, clip, at=NOW, creator=owner, visibility=visibility)
    await add_live(storage, "running", "A run", owner="sam")
    await add_clip(storage, "newer", "A #Run", at=NOW + 5, creator="sam")
    await add_clip(storage, "spam", "#spam", at=NOW + 5, creator="banned")
    await add_clip(storage, "waiting", at=NOW, creator="sam", state="waiting")
    pages = storage.public_pages
    assert names(await pages.handles(10, NOW)) == ["sam", "minji"]
    assert names(await pages.handles(1, NOW)) == ["sam"]
    assert names(await pages.clips(10, NOW)) == ["newer", "clip-sam-public"]
    assert names(await pages.replays(10, NOW)) == ["sam-public"]
    assert names(await pages.replays(10, NOW + 7_200)) == []  # no longer kept
    assert names(await pages.tags(10, NOW)) == ["run"]
    assert names(await pages.tags(10, NOW + 60)) == []
    assert await pages.published(["newer", "none"]) == {"newer": NOW + 5}
    assert await pages.published([]) == {}
