"""Objects in local files and in a bucket: what is stored is read, listed and deleted."""

import asyncio
import os
import resource
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest

from server.objects import objects as module
from server.objects import stores
from server.objects.errors import ObjectMissing, ObjectsError, ObjectsFull, ObjectsUnavailable
from server.objects.objects import Objects, public_origin
from server.objects.stores import ObjectInfo
from server.settings import Settings
from tests.fixtures.s3 import Gate, S3Server, closed_port, full, give_credentials, lose

KEY = "clips/k3v9x2/1/video.mp4"
DATA = bytes(range(256)) * 40


async def test_what_is_stored_is_read(objects: Objects) -> None:
    await objects.put(KEY, DATA, "video/mp4")
    assert await objects.size(KEY) == len(DATA)
    assert await objects.read(KEY) == DATA
    assert await objects.read(KEY, 5) == DATA[5:]
    assert await objects.read(KEY, 10, 20) == DATA[10:20]
    assert await objects.read(KEY, len(DATA) - 1, len(DATA) + 9) == DATA[-1:]
    assert await objects.read(KEY, len(DATA), len(DATA) + 9) == b""
    await objects.put(KEY, b"", "video/mp4")
    assert await objects.read(KEY) == b""


async def test_a_file_is_stored(objects: Objects, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(os.urandom(6 << 20))  # S3 gets the file in two parts.
    await objects.put(KEY, file, "video/mp4")
    assert await objects.read(KEY) == file.read_bytes()


async def test_a_prefix_is_a_folder(objects: Objects) -> None:
    """`lives/ab` is not in `lives/a`, and a prefix without objects is no error."""
    for key in ("lives/a/1.m4s", "lives/a/2.m4s", "lives/ab/1.m4s"):
        await objects.put(key, b"123", "video/iso.segment")
    listed = sorted(await objects.list("lives/a/"), key=lambda each: each.key)
    assert listed == [ObjectInfo("lives/a/1.m4s", 3), ObjectInfo("lives/a/2.m4s", 3)]
    assert await objects.list("lives/none/") == []
    await objects.delete(["lives/a/2.m4s", "lives/a/9.m4s"])
    assert await objects.delete_prefix("lives/a/") == 1
    assert await objects.delete_prefix("lives/a/") == 0
    assert [each.key for each in await objects.list("lives/ab/")] == ["lives/ab/1.m4s"]


async def test_a_prefix_with_more_objects_than_one_list(
    objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "LIST_AT_ONCE", 3)
    keys = [f"lives/a/{number}.m4s" for number in range(8)]
    await asyncio.gather(*(objects.put(key, b"1", "video/iso.segment") for key in keys))
    assert sorted(each.key for each in await objects.list("lives/a/")) == keys
    await objects.delete(keys[:4])
    assert await objects.delete_prefix("lives/a/") == 4
    assert await objects.list("lives/a/") == []


async def test_what_is_missing(objects: Objects) -> None:
    for call in (objects.read(KEY), objects.read(KEY, 1, 2), objects.size(KEY)):
        with pytest.raises(ObjectMissing):
            await call


@pytest.mark.parametrize(
    "key",
    [
        "",
        "video.mp4",
        "/clips/a",
        "clips/../a",
        "clips/./a",
        "clips//a",
        "clips/a/",
        "clips/.",
        "clips/a\0",
        "clips/a b",
        "clips/ä",
        "clips/a\n",
        "clips/%2e%2e/a",
        "clips\\a",
        "clips/#1",
    ],
)
async def test_a_key_cannot_leave_its_place(objects: Objects, key: str) -> None:
    for call in (objects.put(key, b"", "video/mp4"), objects.read(key), objects.url(key, 1)):
        with pytest.raises(ValueError, match="not the key"):
            await call
    with pytest.raises(ValueError, match="not the key"):
        objects.path(key)


@pytest.mark.parametrize("prefix", ["", "/", "lives", "lives/a", "/lives/", "lives/../", "lives//"])
async def test_a_prefix_is_one_folder(objects: Objects, prefix: str) -> None:
    for call in (objects.list(prefix), objects.delete_prefix(prefix)):
        with pytest.raises(ValueError, match="not the prefix"):
            await call


async def test_clients_get_an_object_from_the_bucket(objects: Objects) -> None:
    """Clients get the object without the server, for a limited time. The server itself serves local
    files.
    """
    await objects.put(KEY, DATA, "video/mp4")
    url = await objects.url(KEY, 300)
    path = objects.path(KEY)
    if url is None:
        assert path is not None and path.read_bytes() == DATA
        return
    assert path is None and "X-Amz-Expires=300" in url
    with await asyncio.to_thread(urlopen, url, timeout=20) as answer:
        assert answer.read() == DATA
        assert answer.headers["Content-Type"] == "video/mp4"
        assert "immutable" in answer.headers["Cache-Control"]


async def test_after_the_close_every_call_is_refused(objects: Objects) -> None:
    await objects.close()
    with pytest.raises(ObjectsUnavailable, match="shutting down"):
        await objects.read(KEY)
    await objects.close()


async def test_a_call_that_is_cancelled_leaves_nothing(objects: Objects) -> None:
    put = asyncio.create_task(objects.put(KEY, DATA, "video/mp4"))
    await asyncio.sleep(0)
    put.cancel()
    await asyncio.wait([put])
    await objects.put(KEY, b"new", "video/mp4")
    assert objects.waiting_bytes <= len(DATA)


async def test_the_waiting_calls_are_bounded(
    objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 3)
    monkeypatch.setattr(module, "MAX_WAITING_BYTES", 2 * len(DATA))
    results = await asyncio.gather(
        *(objects.put(f"clips/{n}/1/a", DATA, "video/mp4") for n in range(3)),
        *(objects.size(KEY) for _ in range(3)),
        return_exceptions=True,
    )
    refused = [str(each) for each in results if isinstance(each, ObjectsUnavailable)]
    assert [text.partition(": ")[2] for text in refused] == [
        "too much data waits to be stored",
        *["too many calls wait"] * 2,
    ]
    assert objects.waiting_bytes == 0
    assert await objects.list("clips/2/") == []


async def test_a_refused_put_holds_no_bytes(
    objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a slow store would refuse every put in the end."""
    monkeypatch.setattr(module, "MAX_WAITING", 0)
    with pytest.raises(ObjectsUnavailable, match="too many calls wait"):
        await objects.put(KEY, DATA, "video/mp4")
    assert objects.waiting_bytes == 0


# Local files


async def test_files_are_for_this_user_only(tmp_path: Path) -> None:
    objects = await Objects.open(Settings(data=tmp_path))
    await objects.close()
    assert (tmp_path / "media").stat().st_mode & 0o777 == 0o700


async def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "media").write_text("a file")
    with pytest.raises(ObjectsError, match="media"):
        await Objects.open(Settings(data=tmp_path))


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """While the context is open, files cannot grow above `size` (setrlimit(2)), as on a full
    disk.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_full_disk(tmp_path: Path) -> None:
    """A reader never sees half an object, and a later put succeeds."""
    objects = await Objects.open(Settings(data=tmp_path))
    await objects.put(KEY, b"former", "video/mp4")
    with largest_file(4_096):
        with pytest.raises(ObjectsFull):
            await objects.put(KEY, DATA, "video/mp4")
        assert await objects.read(KEY) == b"former"
        await objects.put(KEY, b"small", "video/mp4")
    await objects.put(KEY, DATA, "video/mp4")
    assert await objects.read(KEY) == DATA
    assert [each.key for each in await objects.list("clips/k3v9x2/")] == [KEY]
    await objects.close()


KILLED = """
import os, sys
from pathlib import Path
import obstore
from server.objects.stores import LocalFiles

def parts():
    yield b"x" * 6_000_000
    os.kill(os.getpid(), 9)
    yield b"never"

obstore.put(LocalFiles(Path(sys.argv[1]))._store, "clips/a/1/video.mp4", parts(), chunk_size=1_000)
"""
"""Ends in the middle of a put."""


async def test_a_killed_server_leaves_no_half_object(tmp_path: Path) -> None:
    root = tmp_path / "media"
    dead = subprocess.run([sys.executable, "-c", KILLED, str(root)], timeout=50)
    assert dead.returncode == -9
    assert [path.is_file() for path in root.rglob("video.mp4*")] == [True]  # the staged file
    objects = await Objects.open(Settings(data=tmp_path))
    assert list(root.rglob("video.mp4*")) == []
    assert await objects.list("clips/a/") == []
    await objects.close()


# A bucket


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    give_credentials(monkeypatch)


@asynccontextmanager
async def gated(server: S3Server, tmp_path: Path) -> AsyncIterator[tuple[Objects, Gate]]:
    async with Gate(server) as gate:
        objects = await Objects.open(Settings(data=tmp_path, **gate.bucket().settings()))
        try:
            yield objects, gate
        finally:
            await objects.close()


@pytest.mark.usefixtures("credentials")
async def test_a_server_that_is_away(tmp_path: Path) -> None:
    settings = {"media": "s3://bucket", "media_endpoint": f"http://127.0.0.1:{closed_port()}"}
    objects = await Objects.open(Settings(data=tmp_path, **settings))
    calls = (objects.put(KEY, DATA, "video/mp4"), objects.read(KEY), objects.list("clips/a/"))
    for call in (*calls, objects.delete_prefix("clips/a/")):
        with pytest.raises(ObjectsUnavailable) as caught:
            await call
        assert "\n" not in str(caught.value)
    await objects.close()


@pytest.mark.usefixtures("credentials")
async def test_a_server_that_does_not_answer(
    s3_server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "ANSWER_WITHIN", timedelta(seconds=0.5))
    monkeypatch.setattr(stores, "RETRIES", 0)
    async with gated(s3_server, tmp_path) as (objects, gate):
        gate.held = True
        with pytest.raises(ObjectsUnavailable):
            await objects.read(KEY)
        # The limit of the call also holds if the client would wait for longer.
        monkeypatch.setattr(module, "WITHIN", 0.05)
        with pytest.raises(ObjectsUnavailable, match="does not answer"):
            await objects.put(KEY, DATA, "video/mp4")


@pytest.mark.usefixtures("credentials")
async def test_an_answer_that_is_lost(s3_server: S3Server, tmp_path: Path) -> None:
    """The put is tried again."""
    async with gated(s3_server, tmp_path) as (objects, gate):
        gate.cut = 1
        await objects.put(KEY, DATA, "video/mp4")
        assert gate.requests == 2
        assert await objects.read(KEY) == DATA


@pytest.mark.usefixtures("credentials")
async def test_a_put_that_is_lost(s3_server: S3Server, tmp_path: Path) -> None:
    """The object is missing, as if it had never been put."""
    async with gated(s3_server, tmp_path) as (objects, gate):
        gate.fault = lose
        await objects.put(KEY, DATA, "video/mp4")
        with pytest.raises(ObjectMissing):
            await objects.read(KEY)


@pytest.mark.usefixtures("credentials")
async def test_a_server_that_is_full(s3_server: S3Server, tmp_path: Path) -> None:
    async with gated(s3_server, tmp_path) as (objects, gate):
        gate.fault = full
        with pytest.raises(ObjectsFull):
            await objects.put(KEY, DATA, "video/mp4")


@pytest.mark.usefixtures("credentials")
async def test_the_log_says_once_that_the_store_fails(
    s3_server: S3Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with gated(s3_server, tmp_path) as (objects, gate):
        with pytest.raises(ObjectMissing):
            await objects.size(KEY)
        answers = [objects.answers]
        gate.fault = full
        for _ in range(3):
            with pytest.raises(ObjectsFull):
                await objects.put(KEY, DATA, "video/mp4")
        answers.append(objects.answers)
        gate.fault = None
        with caplog.at_level("INFO"):
            for _ in range(3):
                await objects.put(KEY, DATA, "video/mp4")
        answers.append(objects.answers)
    assert answers == [True, False, True]
    said = [record.levelname for record in caplog.records if "s3://" in record.getMessage()]
    assert said == ["WARNING", "INFO"]


def test_the_origin_of_urls(tmp_path: Path) -> None:
    """The content security policy of the pages must allow this origin."""
    assert public_origin(Settings(data=tmp_path)) is None
    at_aws = Settings(data=tmp_path, media="s3://bucket/media", media_region="eu-west-1")
    assert public_origin(at_aws) == "https://bucket.s3.eu-west-1.amazonaws.com"
    own = Settings(data=tmp_path, media="s3://bucket", media_endpoint="http://192.0.2.1:8333")
    assert public_origin(own) == "http://192.0.2.1:8333"
