"""Only what everyone may see is read."""

import time
from typing import Any

import pytest

from server.storage.bans import BanStore
from server.storage.schema import media, moderation
from server.storage.storage import Storage
from tests.server.storage.discovered import add_clip, add_live, add_person
from tests.server.storage.rows import add_row

NOW = time.time()


async def found(storage: Storage, *ids: str) -> set[str]:
    items = await storage.public_items.find(ids, ids, NOW)
    return {*items.lives, *items.clips}


async def test_lives_and_clips_with_creators_and_tags(storage: Storage) -> None:
    await add_person(storage, "minji", "minji")
    await add_live(storage, "live", "#One", owner="minji", mood="calm", at=5.0)
    await add_clip(storage, "clip", "#One #Two", room="live", creator="minji")
    await add_live(storage, "program", "no owner")
    items = await storage.public_items.find(["live", "program", "none"], ["clip"], NOW)
    live, clip = items.lives["live"], items.clips["clip"]
    assert set(items.lives) == {"live", "program"}
    assert (live.title, live.mood, live.live_at, live.replay) == ("#One", "calm", 5.0, False)
    assert live.creator is not None and live.creator.handle == "minji"
    assert (clip.duration, clip.mood, clip.pictures) == (8.0, "calm", True)
    assert items.lives["program"].creator is None
    assert items.tags == {"live": [("one", "One")], "clip": [("one", "One"), ("two", "Two")]}


async def test_what_is_not_public_is_left_out(storage: Storage) -> None:
    await add_live(storage, "private", visibility="private")
    await add_live(storage, "unlisted", visibility="unlisted")
    await add_clip(storage, "hidden", visibility="unlisted")
    await add_clip(storage, "waiting", state="waiting")
    assert await found(storage, "private", "unlisted", "hidden", "waiting") == set()


@pytest.mark.parametrize("until", [None, NOW + 60], ids=["for good", "for a time"])
async def test_banned_and_deleted_people_are_left_out(
    storage: Storage, until: float | None
) -> None:
    for name in ("banned", "gone", "kept"):
        await add_person(storage, name, name)
        await add_live(storage, f"of {name}", "cooking", owner=name)
        await add_clip(storage, f"clip of {name}", creator=name)
    await add_clip(storage, "made by banned", creator="kept", person="banned")
    ban = {"creator": "", "person": "banned", "until": until}
    await add_row(storage.database, moderation.ban, **ban)
    assert await BanStore(storage.database).holds_everywhere("banned", NOW)
    await storage.accounts.leave("gone", NOW)
    await storage.accounts.erase("gone", NOW)
    wanted = ("of banned", "clip of banned", "clip of gone", "of kept", "clip of kept")
    assert await found(storage, *wanted, "made by banned") == {"of kept", "clip of kept"}
    people = await storage.public_items.people(["banned", "gone", "kept"], NOW)
    assert [person.id for person in people] == ["kept"]


async def test_a_replay_is_a_finished_recording_that_is_kept(storage: Storage) -> None:
    recordings: dict[str, dict[str, Any]] = {
        "kept": {"state": "finished", "keep": "yes", "bytes": 5, "delete_at": NOW + 9},
        "running": {"state": "recording", "keep": "yes", "bytes": 5},
        "unwanted": {"state": "finished", "keep": "no", "bytes": 5},
        "empty": {"state": "finished", "keep": "yes"},
        "overdue": {"state": "finished", "keep": "day", "bytes": 5, "delete_at": NOW - 9},
    }
    for name, values in recordings.items():
        await add_live(storage, name)
        await storage.rooms.end(name, NOW, duration_s=60.0)
        await add_row(storage.database, media.recording, room=name, **values)
        await add_row(
            storage.database, media.recording_piece, room=name, piece=1, width=360, height=640
        )
    items = await storage.public_items.find(recordings, [], NOW)
    assert [name for name in recordings if items.lives[name].replay] == ["kept"]
    kept = items.lives["kept"]
    assert (kept.width, kept.height, kept.duration) == (360, 640, 60.0)


async def test_creators_whom_a_viewer_does_not_see(storage: Storage) -> None:
    """Hidden people, and creators who have banned the viewer from all their lives."""
    for name in ("viewer", "hidden", "strict", "other"):
        await add_person(storage, name, name)
    await storage.hidden.add("viewer", "hidden", NOW)
    rows = [("strict", None, None), ("other", "one live", None), ("other", None, NOW - 1)]
    for number, (creator, room, until) in enumerate(rows):
        ban = {"creator": creator, "person": "viewer", "room": room, "until": until}
        await add_row(storage.database, moderation.ban, id=str(number), **ban)
    assert await storage.public_items.unseen_by("viewer", NOW) == {"hidden", "strict"}
    assert await storage.public_items.unseen_by("other", NOW) == frozenset()


async def test_the_latest_items_of_a_person(storage: Storage) -> None:
    for number in range(3):
        await add_live(storage, f"l{number}", owner="minji", at=float(number))
        await add_clip(storage, f"c{number}", creator="minji", at=float(number))
    await add_live(storage, "private", owner="minji", visibility="private")
    assert await storage.public_items.latest_of("minji", 2) == (["l2", "l1"], ["c2", "c1"])
