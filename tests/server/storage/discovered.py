"""Lives, clips and people that the search and the tags find."""

import time
from typing import Any

from server.storage.clip_record import ClipRecord
from server.storage.clips import ClipLimits
from server.storage.rooms import RoomRecord
from server.storage.storage import Storage
from tests.fixtures.stored_people import store_person

ALL = ClipLimits(10_000, 10_000)


async def add_live(
    storage: Storage, name: str, title: str = "", *, at: float | None = None, **values: Any
) -> None:
    """Stores a live that is on air since `at`; by default since now."""
    began = time.time() if at is None else at
    await storage.rooms.add(RoomRecord(name, title, b"", began, **values))
    await storage.rooms.set_live(name, began)


async def add_clip(
    storage: Storage, id: str, title: str = "", *, at: float | None = None, **values: Any
) -> None:
    """Stores a clip that was published at `at`; by default now."""
    began = time.time() if at is None else at
    fields: dict[str, Any] = {
        **{"room": "k3v9x2", "creator": "room:k3v9x2", "person": None, "caption": ""},
        **{"state": "published", "visibility": "public", "source": "viewer", "media_time": 0},
        **{"duration": 8_000_000, "width": 360, "height": 640, "bytes": 1, "pictures": True},
        **{"revision": 1, "server": "", "created_at": began, "published_at": began},
        **values,
    }
    record = ClipRecord(id=id, title=title, **{**fields, "state": "making"})
    await storage.clips.add(record, ALL)
    assert await storage.clips.finish(ClipRecord(id=id, title=title, **fields))


async def add_person(storage: Storage, id: str, handle: str) -> None:
    """Stores a person with a handle."""
    await store_person(storage, id, f"device of {id}")
    await storage.people.take_handle(
        id, handle, handle, handle, recovery_hash=b"", now=1.0, reserved_until=2.0
    )
