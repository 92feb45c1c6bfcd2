"""The browsers that get pushes, the key that signs the pushes, and the last push about each
creator.
"""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.schema.discovery import push_subscription as table
from server.storage.schema.discovery import pushed, vapid_key
from server.storage.schema.people import follow
from server.storage.schema.upsert import insert

MAX_SUBSCRIPTIONS = 5
"""Maximum number of subscriptions of one person. A new one replaces the oldest."""


@dataclass(frozen=True, slots=True)
class PushSubscription:
    id: str
    person: str
    device: str
    endpoint_hash: bytes
    """SHA-256 of the endpoint."""
    endpoint: str
    p256dh: str
    auth: str
    created_at: float


class PushStore:
    """The subscriptions to pushes. Every method raises StorageError if the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def key(self, new: bytes, now: float) -> bytes:
        """Returns the private key of this installation. If there is none yet, stores `new`."""

        async def key(connection: AsyncConnection) -> bytes:
            statement = insert(connection, vapid_key)
            await connection.execute(
                statement.values(number=1, private_key=new, created_at=now).on_conflict_do_nothing(
                    index_elements=["number"]
                )
            )
            return bytes(await connection.scalar(sa.select(vapid_key.c.private_key)) or b"")

        return await self._database.write(key)

    async def put(self, subscription: PushSubscription) -> None:
        """Stores a subscription. Another person's subscription with the same endpoint is replaced,
        because the browser has a new person.
        """
        values = {name: getattr(subscription, name) for name in table.c.keys()}

        async def put(connection: AsyncConnection) -> None:
            await connection.execute(
                table.delete().where(table.c.endpoint_hash == subscription.endpoint_hash)
            )
            former = sa.select(table.c.id).where(table.c.person == subscription.person)
            kept = former.order_by(table.c.created_at.desc()).limit(MAX_SUBSCRIPTIONS - 1)
            await connection.execute(
                table.delete().where(table.c.person == subscription.person, table.c.id.not_in(kept))
            )
            await connection.execute(table.insert().values(values))

        await self._database.write(put)

    async def remove(self, person: str, endpoint_hash: bytes) -> None:
        """Deletes a subscription of a person."""
        await self._delete(table.c.person == person, table.c.endpoint_hash == endpoint_hash)

    async def forget(self, id: str) -> None:
        """Deletes a subscription that the push service no longer knows."""
        await self._delete(table.c.id == id)

    async def of_followers(self, creator: str, after: str, limit: int) -> list[PushSubscription]:
        """Returns subscriptions of the people who follow a creator, in the order of their ids."""
        statement = (
            sa.select(*table.c)
            .join(follow, follow.c.follower == table.c.person)
            .where(follow.c.followed == creator, table.c.id > after)
            .order_by(table.c.id)
            .limit(limit)
        )

        async def select(connection: AsyncConnection) -> list[PushSubscription]:
            rows = (await connection.execute(statement)).mappings()
            return [PushSubscription(**row) for row in rows]

        return await self._database.read(select)

    async def claim(self, creator: str, now: float, every: float) -> bool:
        """Returns whether a push about a creator may be sent now: the last one was at least
        `every` seconds ago. Of several servers, one gets True.
        """

        async def claim(connection: AsyncConnection) -> bool:
            statement = insert(connection, pushed).values(creator=creator, at=now)
            claimed = await connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["creator"],
                    set_={"at": now},
                    # A time in the future is of a clock that was set back since.
                    where=sa.or_(pushed.c.at <= now - every, pushed.c.at > now),
                )
            )
            return claimed.rowcount > 0

        return await self._database.write(claim)

    async def _delete(self, *where: sa.ColumnElement[bool]) -> None:
        async def delete(connection: AsyncConnection) -> None:
            await connection.execute(table.delete().where(*where))

        await self._database.write(delete)
