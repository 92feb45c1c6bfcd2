"""Gives the unfinished work of servers that no longer exist to a server that does.

The id of a server in SQLite is "" while the server has one process, and each of several processes
has an id of its own. Their number and ids may change at each start.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.clips import UNFINISHED
from server.storage.database import Database
from server.storage.recording_records import RECORDING
from server.storage.schema.media import clip, recording
from server.storage.schema.rooms import room
from server.storage.schema.rooms import server as lease

OPEN = (
    (room, room.c.ended_at.is_(None)),
    (recording, recording.c.state == RECORDING),
    (clip, clip.c.state.in_(UNFINISHED)),
)
"""The tables whose rows name a server, with the condition for rows that are not finished."""


async def adopt(database: Database, servers: Sequence[str]) -> None:
    """Gives the open rooms, recordings and clips of all other servers to the first one of
    `servers`. Call this before these servers start, and only if no other server can use the
    database. Raises StorageError.
    """
    foreign = [
        (table, sa.and_(condition, table.c.server.not_in(servers))) for table, condition in OPEN
    ]
    any_foreign = sa.or_(*(sa.exists().where(condition) for _, condition in foreign))

    async def give(connection: AsyncConnection) -> None:
        for table, condition in foreign:
            await connection.execute(table.update().where(condition).values(server=servers[0]))
        await connection.execute(lease.delete().where(lease.c.id.not_in(servers)))

    if await database.read(lambda connection: connection.scalar(sa.select(any_foreign))):
        await database.write(give)
