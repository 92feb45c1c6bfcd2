"""Recordings and clips are deleted if they are too old, or if their total size is too large."""

import asyncio
from typing import Any

import pytest

from server.media import keeping as module
from server.media.keeping import Keeping, MediaBounds
from server.media.sweeping import Sweeping
from server.objects.objects import Objects
from server.storage.schema.media import clip, discarded, recording
from server.storage.storage import Storage
from tests.fixtures.deadline import eventually
from tests.server.storage.rows import add_row, count_rows

NOW = 1_000_000.0
DAY = 86_400.0


async def add_clip(storage: Storage, objects: Objects, id: str, **values: Any) -> None:
    await objects.put(f"clips/{id}/1/video.mp4", b"1", "video/mp4")
    given = {"id": id, "state": "published", "created_at": NOW - 1.0, "bytes": 10}
    await add_row(storage.database, clip, **(given | values))


async def add_recording(storage: Storage, objects: Objects, room: str, **values: Any) -> None:
    await objects.put(f"lives/{room}/1.m4s", b"1", "video/iso.segment")
    given = {"room": room, "state": "finished", "began_at": NOW - 1.0, "bytes": 10}
    await add_row(storage.database, recording, **(given | values))


def keeping(storage: Storage, objects: Objects, size: int = 1_000) -> Keeping:
    bounds = MediaBounds(size, 30 * DAY)
    return Keeping(storage.kept_media, Sweeping(storage.discarded, objects), bounds)


async def left(objects: Objects) -> set[str]:
    """The second parts of all keys."""
    found = [*await objects.list("clips/"), *await objects.list("lives/")]
    return {each.key.split("/")[1] for each in found}


async def test_what_is_too_old(storage: Storage, objects: Objects) -> None:
    await add_clip(storage, objects, "old", created_at=NOW - 31 * DAY)
    await add_clip(storage, objects, "new")
    await add_clip(storage, objects, "deleted", state="deleted", deleted_at=NOW - 20)
    await add_clip(storage, objects, "undoable", state="deleted", deleted_at=NOW - 5)
    await add_clip(storage, objects, "abandoned", state="draft", created_at=NOW - 3_601)
    await add_clip(storage, objects, "draft", state="draft", created_at=NOW - 60)
    await add_recording(storage, objects, "due", delete_at=NOW - 1)
    await add_recording(storage, objects, "kept", delete_at=NOW + 1)
    await add_recording(storage, objects, "running", state="recording", delete_at=NOW - 1)
    await keeping(storage, objects).run(NOW)
    assert await left(objects) == {"new", "undoable", "draft", "kept", "running"}
    assert await count_rows(storage.database) == {"recording": 2, "clip": 3, "discarded": 4}


async def test_the_oldest_go_when_all_together_are_too_large(
    storage: Storage, objects: Objects
) -> None:
    """Running recordings and unfinished clips are not deleted, although their sizes count."""
    for number in range(5):
        at = NOW - 100 + number
        await add_clip(storage, objects, f"clip{number}", created_at=at, bytes=10)
        await add_recording(storage, objects, f"live{number}", began_at=at + 0.5, bytes=100)
    running = {"state": "recording", "began_at": NOW - 500, "bytes": 100}
    await add_recording(storage, objects, "running", **running)
    await add_clip(storage, objects, "draft", state="draft", created_at=NOW - 500, bytes=100)
    assert await storage.kept_media.total() == 750
    await keeping(storage, objects, size=425).run(NOW)
    gone = {"clip0", "live0", "clip1", "live1", "clip2", "live2"}
    everything = {f"{kind}{number}" for kind in ("clip", "live") for number in range(5)}
    assert await left(objects) == everything - gone | {"running", "draft"}
    assert await storage.kept_media.total() == 420
    await keeping(storage, objects, size=1).run(NOW)
    assert await left(objects) == {"running", "draft"}


async def test_more_than_one_transaction_deletes(storage: Storage, objects: Objects) -> None:
    for number in range(45):
        await add_clip(storage, objects, f"old{number}", created_at=NOW - 31 * DAY)
        await add_clip(storage, objects, f"new{number}")
    await keeping(storage, objects, size=10).run(NOW)
    assert len(await left(objects)) == 1


async def test_the_task_deletes_at_the_start_and_ends(storage: Storage, objects: Objects) -> None:
    await add_clip(storage, objects, "old", created_at=1.0)
    task = keeping(storage, objects)
    task.start()
    async with asyncio.timeout(20):
        while await left(objects):
            pass
    await task.close()


async def test_the_task_goes_on_after_an_unexpected_error(
    storage: Storage,
    objects: Objects,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The object store refuses a prefix of another form."""
    monkeypatch.setattr(module, "INTERVAL", 0.01)
    await add_row(storage.database, discarded, prefix="lives", at=1.0)
    task = keeping(storage, objects)
    task.start()
    await eventually(lambda: caplog.text.count("the check of stored media failed") > 1, 20)
    await task.close()
