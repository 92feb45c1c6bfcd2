"""The leases of the servers that share the database. Each server increments the number in its own
row. A server whose row no longer changes is lost.

A row contains no time, because the clocks of servers differ. Instead, each server measures with its
own clock for how long the row of another server has not changed.
"""

from collections.abc import Callable, Iterable
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.schema.chat import poll
from server.storage.schema.moderation import ban
from server.storage.schema.rooms import room
from server.storage.schema.rooms import server as table
from server.storage.schema.upsert import insert

MAX_SERVERS = 1_000
"""Maximum number of servers that are observed at one time."""
STEP = 500
"""Maximum number of rooms in one statement."""


class ServerLeaseStore:
    """The leases of all servers. Every method raises StorageError if the database fails."""

    def __init__(self, database: Database, server: str) -> None:
        """`server`: id of this server."""
        self._database = database
        self.server = server

    async def renew(self, open_rooms: Callable[[], Iterable[str]]) -> bool:
        """Increments the number of this server. Returns whether the server had a row.

        If another server has ended the rooms of this server meanwhile, opens the rooms `open_rooms`
        again, in the same transaction.
        """

        async def renew(connection: AsyncConnection) -> bool:
            renewed = await connection.execute(
                table.update()
                .where(table.c.id == self.server)
                .values(renewals=table.c.renewals + 1)
            )
            if renewed.rowcount:
                return True
            await connection.execute(
                insert(connection, table)
                .values(id=self.server, renewals=1)
                .on_conflict_do_nothing()
            )
            await self._reopen(connection, open_rooms())
            return False

        return await self._database.write(renew)

    async def _reopen(self, connection: AsyncConnection, rooms: Iterable[str]) -> None:
        names = iter(rooms)
        while step := list(islice(names, STEP)):
            await connection.execute(
                room.update()
                .where(
                    room.c.room.in_(step),
                    room.c.server == self.server,
                    room.c.ended_at.is_not(None),
                )
                .values(ended_at=None, duration_s=None)
            )

    async def read_others(self) -> dict[str, int]:
        """Returns the number of renewals of each other server.

        Gives a lease to each server that has open rooms and no lease. Such a server has not renewed
        its lease yet, or its version has no leases.
        """
        known = table.select().where(table.c.id != self.server).order_by(table.c.id)
        without = (
            sa.select(room.c.server)
            .where(room.c.ended_at.is_(None), room.c.server.not_in(sa.select(table.c.id)))
            .distinct()
        )

        async def read(connection: AsyncConnection) -> tuple[dict[str, int], list[str]]:
            leases = await connection.execute(known.limit(MAX_SERVERS))
            unknown = await connection.scalars(without.limit(MAX_SERVERS))
            return {row.id: row.renewals for row in leases}, list(unknown)

        found, unknown = await self._database.read(read)
        if unknown:
            await self._database.write(lambda connection: _add(connection, unknown))
        return found

    async def end_rooms(self, lost: str, renewals: int, at: float) -> int:
        """Ends the rooms of a lost server, with `at` (Unix seconds) as the time of the end, and
        deletes its lease. `renewals`: the number that was read last. Changes nothing and returns 0
        if the server has renewed its lease since then. Returns the number of rooms.
        """
        rooms = room.c.server == lost, room.c.ended_at.is_(None)
        names = sa.select(room.c.room).where(*rooms)

        async def end(connection: AsyncConnection) -> int:
            # The deletion locks the lease, so that the server cannot renew it meanwhile.
            lease = table.delete().where(table.c.id == lost, table.c.renewals == renewals)
            if not (await connection.execute(lease)).rowcount:
                return 0
            # Delete the hashes of networks, as a room does at its own end.
            await connection.execute(
                ban.delete().where(ban.c.room.in_(names), ban.c.network_hash.is_not(None))
            )
            await connection.execute(
                poll.update()
                .where(poll.c.room.in_(names), poll.c.closed_at.is_(None))
                .values(closed_at=at)
            )
            ended = await connection.execute(
                room.update()
                .where(*rooms)
                .values(
                    ended_at=_later(at, room.c.created_at),
                    duration_s=_later(at - room.c.live_at, 0.0),
                )
            )
            return ended.rowcount

        return await self._database.write(end)


async def _add(connection: AsyncConnection, servers: list[str]) -> None:
    for server in servers:
        await connection.execute(
            insert(connection, table).values(id=server, renewals=0).on_conflict_do_nothing()
        )


def _later(one: object, other: object) -> sa.Case[float]:
    """Returns the later one of two times; NULL if `one` is NULL."""
    one, other = sa.type_coerce(one, sa.Double), sa.type_coerce(other, sa.Double)
    return sa.case((one < other, other), else_=one)
