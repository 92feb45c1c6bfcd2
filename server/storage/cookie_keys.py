"""The keys that sign cookies, and the id from which the name of the cookie is made."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.schema.people import cookie_key as table
from server.storage.schema.people import installation
from server.storage.schema.upsert import insert

MAX_KEYS = 100
"""Maximum number of keys. A further key replaces the oldest key."""
NEEDED_FOR = 401 * 86_400.0
"""Seconds for which a key is needed after a newer key has replaced it: the last cookies that the
old key signed are valid for 400 days.
"""
FIRST_KEY = "1"


@dataclass(frozen=True, slots=True)
class CookieKeyRecord:
    """A key. Times are in Unix seconds."""

    id: str
    secret: bytes
    created_at: float
    retired_at: float | None


class CookieKeyStore:
    """The stored keys. Every method raises StorageError if the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add_first(self, secret: bytes, now: float) -> None:
        """Stores the first key, unless there is a key. Servers that start at the same time thus use
        the same key.
        """

        async def work(connection: AsyncConnection) -> None:
            if await connection.scalar(sa.select(sa.func.count()).select_from(table)):
                return
            await connection.execute(
                insert(connection, table)
                .values(id=FIRST_KEY, secret=secret, created_at=now)
                .on_conflict_do_nothing(index_elements=["id"])
            )

        if not await self.valid(now):
            await self._database.write(work)

    async def installation(self, new: str) -> str:
        """Returns the id of the database. Stores `new` as the id if there is none. The id never
        changes, and all servers that share the database have the same id.
        """
        id = sa.select(installation.c.id)

        async def work(connection: AsyncConnection) -> str:
            await connection.execute(
                insert(connection, installation)
                .values(number=1, id=new)
                .on_conflict_do_nothing(index_elements=["number"])
            )
            return str(await connection.scalar(id))

        found = await self._database.read(lambda connection: connection.scalar(id))
        return str(found) if found is not None else await self._database.write(work)

    async def valid(self, now: float) -> list[CookieKeyRecord]:
        """Returns the keys that are still valid, oldest first."""
        statement = (
            table.select()
            .where(sa.or_(table.c.retired_at.is_(None), table.c.retired_at > now))
            .order_by(table.c.created_at)
        )

        async def work(connection: AsyncConnection) -> list[CookieKeyRecord]:
            rows = (await connection.execute(statement)).mappings()
            return [CookieKeyRecord(**row) for row in rows]

        return await self._database.read(work)

    async def add(self, secret: bytes, now: float, retire_others_at: float | None = None) -> str:
        """Stores a new key and deletes the keys that no valid cookie needs. Returns the id of the
        new key. `retire_others_at`: time from which the other keys are no longer valid.
        """

        async def work(connection: AsyncConnection) -> str:
            ids = sorted(int(id) for id in await connection.scalars(sa.select(table.c.id)))
            name = str(max(ids, default=0) + 1)
            if retire_others_at is not None:
                await connection.execute(
                    table.update()
                    .where(table.c.retired_at.is_(None))
                    .values(retired_at=retire_others_at)
                )
            await connection.execute(table.insert().values(id=name, secret=secret, created_at=now))
            surplus = [str(id) for id in ids[: max(0, len(ids) + 1 - MAX_KEYS)]]
            replaced = sa.select(sa.func.max(table.c.created_at)).where(
                table.c.created_at < now - NEEDED_FOR
            )
            until = await connection.scalar(replaced)
            needless = [table.c.id.in_(surplus), table.c.retired_at <= now]
            if until is not None:
                needless.append(table.c.created_at < until)
            await connection.execute(table.delete().where(sa.or_(*needless)))
            return name

        return await self._database.write(work)
