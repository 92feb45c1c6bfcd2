"""Two servers on one PostgreSQL and one S3 server: stored media is the same at both."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from server.media.sweeping import Sweeping
from server.objects.objects import Objects
from server.settings import Settings
from tests.fixtures.clips import S, go_live, publish_clip
from tests.fixtures.people import Browser
from tests.fixtures.postgres import Postgres
from tests.fixtures.s3 import S3Server, give_credentials
from tests.fixtures.server import Server, running


@dataclass(frozen=True, slots=True)
class Pair:
    one: Server
    two: Server
    objects: Objects
    """The object store of both servers."""


@pytest_asyncio.fixture
async def pair(
    postgres: Postgres, s3_server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Pair]:
    give_credentials(monkeypatch)
    bucket = s3_server.bucket().settings()
    objects = await Objects.open(Settings(data=tmp_path, **bucket))
    with postgres.database() as url:
        async with (
            running(tmp_path / "one", database=url, **bucket) as one,
            running(tmp_path / "two", database=url, **bucket) as two,
        ):
            yield Pair(one, two, objects)
    await objects.close()


async def download(server: Server, path: str) -> tuple[int, bytes]:
    """Returns the status and the body of an answer. Follows the redirect to the S3 server."""
    async with server.http.get(server.url + path) as response:
        return response.status, await response.read()


async def test_a_clip_of_one_plays_at_the_other_until_it_is_deleted(pair: Pair) -> None:
    """The clip also plays while the server that made the clip is away. The objects are deleted with
    the clip, whichever server deletes the clip and whichever server sweeps.
    """
    async with Browser(pair.one.url) as creator:
        await creator.person()
        room = await creator.create_room(title="A live")
        go_live(pair.one, room)
        clip = await publish_clip(creator, room, end=36 * S)
        status, video = await download(pair.one, clip["video"])
        assert (status, len(video) > 1_000) == (200, True)
        for path in (clip["video"], clip["poster"]):
            assert await download(pair.two, path) == await download(pair.one, path)
        card = {"url": f"{pair.two.url}/c/{clip['id']}"}
        async with pair.two.http.get(f"{pair.two.url}/api/oembed", params=card) as response:
            assert (await response.json())["title"] == clip["title"]
        async with Browser(pair.two.url, cookie=creator.cookie) as same:
            assert await same.status("DELETE", f"/api/clips/{clip['id']}") == 204
    for server in (pair.one, pair.two):
        assert (await download(server, clip["video"]))[0] == 404
    assert len(await pair.objects.list(f"clips/{clip['id']}/")) >= 3  # undo is still possible
    await pair.two.storage.kept_media.delete_overdue(1e12, 0.0)
    async with asyncio.timeout(20):
        await Sweeping(pair.one.storage.discarded, pair.objects).run(1.0)
    assert await pair.objects.list(f"clips/{clip['id']}/") == []
