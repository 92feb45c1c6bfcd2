"""The objects of deleted rows are deleted, also objects that a late put stores."""

from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from server.media import sweeping as module
from server.media.sweeping import SETTLED_AFTER, Sweeping
from server.objects.objects import Objects
from server.settings import Settings
from server.storage.discarded import discard
from server.storage.storage import Storage
from tests.fixtures.s3 import S3Server, closed_port, give_credentials


async def discarding(storage: Storage, *prefixes: str) -> None:
    async def work(connection: AsyncConnection) -> None:
        await discard(connection, prefixes, 1.0)

    await storage.database.write(work)


async def fill(objects: Objects, *keys: str) -> None:
    for key in keys:
        await objects.put(key, b"123", "video/mp4")


async def test_objects_of_deleted_rows_go_at_once(storage: Storage, objects: Objects) -> None:
    await fill(objects, "lives/a/1.m4s", "lives/a/2.m4s", "lives/b/1.m4s")
    await discarding(storage, "lives/a/")
    await discarding(storage, "lives/a/")
    sweeping = Sweeping(storage.discarded, objects)
    assert await sweeping.run(5.0) == 2
    assert await objects.list("lives/a/") == []
    assert len(await objects.list("lives/b/")) == 1
    assert await storage.discarded.oldest(9) == ["lives/a/"]


async def test_a_put_that_was_under_way(storage: Storage, objects: Objects) -> None:
    """The prefix is forgotten only when no earlier put can still complete."""
    await discarding(storage, "lives/a/")
    sweeping = Sweeping(storage.discarded, objects)
    await sweeping.run(5.0)
    await fill(objects, "lives/a/3.m4s")
    assert await sweeping.run(5.0 + SETTLED_AFTER - 1) == 0
    assert await storage.discarded.oldest(9) == ["lives/a/"]
    assert await sweeping.run(5.0 + SETTLED_AFTER) == 1
    assert await storage.discarded.oldest(9) == []
    assert await objects.list("lives/a/") == []


async def test_a_restarted_server_begins_again(storage: Storage, objects: Objects) -> None:
    await discarding(storage, "lives/a/")
    await Sweeping(storage.discarded, objects).run(5.0)
    await fill(objects, "lives/a/3.m4s")
    assert await Sweeping(storage.discarded, objects).run(2.0) == 1


async def test_one_folder_that_cannot_be_deleted(
    storage: Storage, objects: Objects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other folders are deleted. After MAX_FAILURES failures, the run ends."""
    monkeypatch.setattr(module, "MAX_FAILURES", 2)
    await fill(objects, "lives/a/1.m4s", "lives/b/1.m4s", "lives/c/1.m4s")
    # A file in place of a folder on the way to the folder cannot be deleted even by root.
    names = [f"broken-{number}" for number in range(2)]
    for name in names:
        folder = tmp_path / "media/lives" / name
        folder.symlink_to(tmp_path / "media/lives/c")  # shutil.rmtree refuses a symbolic link.
    await discarding(storage, *(f"lives/{name}/" for name in names), "lives/a/")
    sweeping = Sweeping(storage.discarded, objects)
    deleted = await sweeping.run(5.0) + await sweeping.run(6.0)
    assert deleted == 1
    assert await objects.list("lives/a/") == []
    assert len(await objects.list("lives/c/")) == 1


async def test_a_store_that_is_away(
    storage: Storage, s3_server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The prefixes stay until the store answers again."""
    give_credentials(monkeypatch)
    bucket = s3_server.bucket()
    there = await Objects.open(Settings(data=tmp_path, **bucket.settings()))
    await fill(there, "lives/a/1.m4s")
    await discarding(storage, "lives/a/", "lives/b/")
    away = await Objects.open(
        Settings(
            data=tmp_path,
            media=bucket.media,
            media_endpoint=f"http://127.0.0.1:{closed_port()}",
        )
    )
    assert await Sweeping(storage.discarded, away).run(5.0) == 0
    await away.close()
    assert set(await storage.discarded.oldest(9)) == {"lives/a/", "lives/b/"}
    assert await Sweeping(storage.discarded, there).run(5.0) == 1
    await there.close()
