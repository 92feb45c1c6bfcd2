"""Items of several servers, which share a database."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from server.discovery import items as module
from server.discovery.item import ItemId, Kind
from server.discovery.items import FeedItems
from server.posters.posters import Posters
from server.rooms.in_memory import RoomsInMemory
from server.rooms.life import RoomEvent
from server.storage.errors import StorageUnavailable
from server.storage.public_items import PublicItems
from server.storage.storage import Storage
from tests.fixtures.server import running
from tests.server.storage.discovered import add_clip, add_live


async def test_a_live_of_another_server(tmp_path: Path) -> None:
    """The other server has stored how many people watch. The items keep the order of the ids."""
    async with running(tmp_path) as server:
        storage = server.storage
        await add_live(storage, "elsewhere", "#one", mood="loud")
        await storage.rooms.change("elsewhere", viewers=7)
        await add_clip(storage, "clip")
        items = FeedItems(storage.public_items, RoomsInMemory({}), server.posters, "another")
        wanted = [ItemId(Kind.CLIP, "clip"), ItemId(Kind.LIVE, "elsewhere")]
        clip, live = await items.find([*wanted, ItemId(Kind.CLIP, "none")])
        assert (clip.kind, live.kind) == (Kind.CLIP, Kind.LIVE)
        assert (live.viewers, live.mood, live.poster) == (7, "loud", "/r/elsewhere/poster.jpg")
        assert (live.preview, clip.preview) == (
            "/r/elsewhere/preview.webp",
            "/clips/clip/1/preview.webp",
        )
        assert (clip.video, clip.poster) == ("/clips/clip/1/video.mp4", "/clips/clip/1/poster.jpg")
        # This server runs the live itself, according to the row, but does not have it any more.
        own = FeedItems(storage.public_items, RoomsInMemory({}), server.posters, "")
        assert await own.find([wanted[1]]) == []


async def test_items_are_kept_for_a_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of reads does not grow with the number of requests. The end of a live shows at
    once.
    """
    async with running(tmp_path) as server:
        room = await server.create(title="Cooking")
        server.room(room).happen(RoomEvent.MEDIA_CAME)
        await server.storage.rooms.set_live(room.name, 1.0)
        items = FeedItems(server.storage.public_items, server.rooms.in_memory, server.posters, "")
        id = ItemId(Kind.LIVE, room.name)
        [item] = await items.find([id])
        monkeypatch.setattr(server.storage.public_items, "find", None)
        assert await items.find([id, id]) == [item, item]
        monkeypatch.undo()
        server.room(room).finish()
        assert await items.find([id]) == []
        assert replace(item, score=1.0).key == id


async def test_requests_that_wait_share_a_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = await Storage.open(tmp_path)
    for number in range(6):
        await add_clip(storage, f"clip{number}")
    reads = 0
    find = storage.public_items.find

    async def counted(*arguments: Any) -> PublicItems:
        nonlocal reads
        reads += 1
        return await find(*arguments)

    monkeypatch.setattr(storage.public_items, "find", counted)
    items = FeedItems(storage.public_items, RoomsInMemory({}), cast(Posters, None), "")
    wanted = [[ItemId(Kind.CLIP, f"clip{n + more}") for n in range(3)] for more in range(4)]
    left = asyncio.create_task(items.find(wanted[0]))
    others = [asyncio.create_task(items.find(ids)) for ids in wanted]
    await asyncio.sleep(0)
    left.cancel()
    found = await asyncio.gather(*others)
    assert [[item.key for item in each] for each in found] == wanted
    assert reads == 1
    monkeypatch.setattr(module, "MAX_READS", 0)
    with pytest.raises(StorageUnavailable):
        await items.find([ItemId(Kind.CLIP, "none")])
    await items.close()
    await storage.close()
