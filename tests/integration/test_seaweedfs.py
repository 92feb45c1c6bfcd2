"""Every call of the object store once, on SeaweedFS, a real S3 server."""

import asyncio
import os
from pathlib import Path
from urllib.request import urlopen

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from server.media.sweeping import Sweeping
from server.objects.errors import ObjectMissing, ObjectsUnavailable
from server.objects.objects import Objects
from server.objects.stores import ObjectInfo
from server.settings import Settings
from server.storage.discarded import discard
from server.storage.storage import Storage
from tests.fixtures.s3 import give_credentials, seaweedfs

pytestmark = [pytest.mark.service, pytest.mark.timeout(180)]

KEYS = [f"lives/k3v9x2/{number}.m4s" for number in range(5)]
DATA = os.urandom(300_000)


async def test_every_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Objects are stored, read in parts, listed, given to clients, and deleted with their rows.
    After the end of the S3 server, every call fails.
    """
    give_credentials(monkeypatch)
    folder = tmp_path / "seaweedfs"
    folder.mkdir()
    storage = await Storage.open(tmp_path / "data")
    with seaweedfs(folder) as server:
        bucket = await asyncio.to_thread(server.bucket)
        objects = await Objects.open(Settings(data=tmp_path / "data", **bucket.settings()))
        await put_and_read(objects, tmp_path)
        await give_to_clients(objects)
        await delete(objects, storage)
    with pytest.raises(ObjectsUnavailable):
        await objects.size(KEYS[0])
    await objects.close()
    await storage.close()


async def put_and_read(objects: Objects, folder: Path) -> None:
    await asyncio.gather(*(objects.put(key, DATA, "video/iso.segment") for key in KEYS))
    assert await objects.read(KEYS[0]) == DATA
    assert await objects.read(KEYS[1], 100, 200) == DATA[100:200]
    assert await objects.read(KEYS[1], 299_999) == DATA[-1:]
    file = folder / "large"
    file.write_bytes(os.urandom(12 << 20))  # The client sends the file in several parts.
    await objects.put("clips/abc/1/video.mp4", file, "video/mp4")
    assert await objects.size("clips/abc/1/video.mp4") == 12 << 20
    assert await objects.read("clips/abc/1/video.mp4") == file.read_bytes()
    found = sorted(await objects.list("lives/k3v9x2/"), key=lambda each: each.key)
    assert found == [ObjectInfo(key, len(DATA)) for key in KEYS]


async def give_to_clients(objects: Objects) -> None:
    url = await objects.url(KEYS[2], 300)
    assert url is not None
    with await asyncio.to_thread(urlopen, url, timeout=30) as answer:
        assert answer.read() == DATA
        assert answer.headers["Content-Type"] == "video/iso.segment"


async def delete(objects: Objects, storage: Storage) -> None:
    await objects.delete([KEYS[4], "lives/k3v9x2/9.m4s"])
    with pytest.raises(ObjectMissing):
        await objects.read(KEYS[4])

    async def work(connection: AsyncConnection) -> None:
        await discard(connection, ["lives/k3v9x2/"], 1.0)

    await storage.database.write(work)
    assert await Sweeping(storage.discarded, objects).run(1.0) == 4
    assert await objects.list("lives/k3v9x2/") == []
    assert len(await objects.list("clips/abc/")) == 1
