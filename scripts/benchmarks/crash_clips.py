"""Makes clips while a server is killed, and looks for incomplete clips afterwards."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.clips.final import MEDIA_TYPES, file_key
from server.clips.life import FINISHED
from server.storage.clip_record import ClipRecord
from server.storage.schema.media import clip as table
from server.storage.storage import Storage

AT_ONCE = 2
"""Number of clips that are made at the same time."""
PAUSE = 0.02
"""Seconds between two clips, also after a refusal."""


@asynccontextmanager
async def clipping(
    http: aiohttp.ClientSession, url: str, room: str, key: str
) -> AsyncIterator[None]:
    """Makes clips of the last 5 s until the context ends. The server may be killed meanwhile."""

    async def make() -> None:
        headers, body = {"Authorization": f"Bearer {key}"}, {"seconds": 5, "publish": True}
        while True:
            with suppress(aiohttp.ClientError):
                path = f"{url}/api/rooms/{room}/clips"
                async with http.post(path, json=body, headers=headers) as response:
                    await response.read()
            await asyncio.sleep(PAUSE)

    makers = [asyncio.create_task(make()) for _ in range(AT_ONCE)]
    try:
        yield
    finally:
        for maker in makers:
            maker.cancel()
        await asyncio.wait(makers)


async def count_clips(data: Path, storage: Storage, room: str, faults: list[str]) -> int:
    """Compares the clips of a room with their files. Adds faults. Returns the number of clips. Call
    this function while no server runs, after a server has started since the last kill.
    """
    records = await _records(storage, room)
    folder = data / "media" / "clips"
    named: set[Path] = set()
    for record in records:
        files = {data / "media" / file_key(record, name) for name in MEDIA_TYPES}
        named |= files
        if fault := _fault(record, files):
            faults.append(f"clip {record.id}: {fault}")
    orphans = {path for path in folder.rglob("*") if path.is_file()} - named
    faults += [f"{path.relative_to(folder)} belongs to no clip" for path in sorted(orphans)]
    return len(records)


async def _records(storage: Storage, room: str) -> list[ClipRecord]:
    """Returns all clips of a room, in any state."""
    statement = sa.select(table).where(table.c.room == room)

    async def select(connection: AsyncConnection) -> list[ClipRecord]:
        rows = (await connection.execute(statement)).mappings()
        return [ClipRecord(**row) for row in rows]

    return await storage.database.read(select)


def _fault(record: ClipRecord, files: set[Path]) -> str:
    """Returns what is wrong with a clip; empty if the clip is whole."""
    if record.state not in FINISHED:
        return f"it is {record.state} after the next start"
    size = sum(path.stat().st_size for path in files if path.exists())
    return "" if size == record.bytes else f"its files have {size} of {record.bytes} bytes"
