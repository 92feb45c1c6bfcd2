"""What storage knows about a viewer of the feed: the taste, and whom the viewer follows or does not
want to see.
"""

from collections.abc import Callable
from dataclasses import dataclass
from sys import getsizeof
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.schema.discovery import taste
from server.storage.schema.literals import text
from server.storage.schema.moderation import ban, report
from server.storage.schema.people import follow, hidden, person
from server.storage.schema.upsert import upsert

MAX_TASTE = 2_048
"""Maximum size of a taste, bytes of UTF-8."""
ID_SIZE, RECORD_SIZE = 90, 400
"""Memory of an id of a person or a room, and of a record without its parts, bytes."""


@dataclass(frozen=True, slots=True)
class StoredTaste:
    value: str = ""
    """JSON; empty if nothing is known, or everything was forgotten."""
    personal: bool = True
    """Whether the feed may use and keep the taste."""
    at: float = 0.0
    """Time of the last change, Unix seconds."""
    forgotten_at: float = 0.0
    """When the person last had the taste and the views forgotten, Unix seconds."""


@dataclass(frozen=True, slots=True)
class ViewerRecord:
    """What storage knows about a viewer of the feed."""

    follows: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    """The creators whom the viewer hid or reported, and those who hid or banned the viewer."""
    taste: StoredTaste = StoredTaste()

    @property
    def size(self) -> int:
        """About the memory of the record, bytes."""
        people = self.follows, self.hidden
        ids = ID_SIZE * sum(map(len, people))
        return RECORD_SIZE + getsizeof(self.taste.value) + ids + sum(map(getsizeof, people))


class FeedViewerStore:
    """Every method raises StorageError if the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def answers(self) -> bool:
        """Whether the database could be reached lately."""
        return self._database.answers

    async def find(self, who: str, now: float) -> ViewerRecord:
        """Returns what storage knows about a person. `now`: Unix seconds."""
        rows = await self._database.select(_VIEWER, {"who": who, "now": now})
        value, at = next(((value, at) for kind, value, at in rows if kind == "taste"), ("", 0.0))
        forgotten_at = next((at for kind, _, at in rows if kind == "forgotten"), 0.0)
        return ViewerRecord(
            frozenset(id for kind, id, _ in rows if kind == "follow"),
            frozenset(id for kind, id, _ in rows if kind == "hidden"),
            StoredTaste(value, all(kind != "impersonal" for kind, _, _ in rows), at, forgotten_at),
        )

    async def change_taste(
        self, who: str, change: Callable[[StoredTaste], str | None], now: float
    ) -> None:
        """Changes the taste of a person in one transaction. `change` gets the stored taste, and
        returns the new one; None changes nothing. Does nothing if the person was deleted.
        """

        async def work(connection: AsyncConnection) -> None:
            alive = sa.select(person.c.id).where(person.c.id == who, person.c.deleted_at.is_(None))
            if (await connection.execute(alive)).first() is None:
                return
            columns = sa.select(taste.c.value, taste.c.personal, taste.c.at, taste.c.forgotten_at)
            rows = await connection.execute(columns.where(taste.c.person == who).with_for_update())
            row = rows.first()
            value = change(StoredTaste() if row is None else StoredTaste(*row))
            if value is None:
                return
            assert len(value.encode()) <= MAX_TASTE
            await connection.execute(upsert(connection, taste, person=who, value=value, at=now))

        await self._database.write(work)

    async def forget_taste(self, who: str, now: float) -> None:
        """Deletes the taste of a person, and stores when."""
        values = {"person": who, "value": "", "at": now, "forgotten_at": now}

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(upsert(connection, taste, **values))

        await self._database.write(work)

    async def set_personal(self, who: str, personal: bool, now: float) -> None:
        """Stores whether the feed may use the taste of a person."""

        async def work(connection: AsyncConnection) -> None:
            values = {"person": who, "personal": personal, "at": now}
            await connection.execute(upsert(connection, taste, **values))

        await self._database.write(work)


def _viewer() -> sa.Select[Any]:
    """Returns the statement that reads a viewer: the kind of each row, its value, and a number."""
    who = sa.bindparam("who", type_=sa.Text)
    zero = sa.literal_column("0.0", sa.Double)

    def row(kind: str, value: Any, number: Any = zero) -> sa.Select[Any]:
        return sa.select(text(kind).label("kind"), value.label("value"), number.label("number"))

    bans = sa.or_(ban.c.until.is_(None), ban.c.until > sa.bindparam("now", type_=sa.Double))
    reported = sa.func.coalesce(report.c.person, text("room:") + report.c.room)
    rows = sa.union_all(
        row("follow", follow.c.followed).where(follow.c.follower == who),
        row("hidden", hidden.c.hidden).where(hidden.c.person == who),
        row("hidden", hidden.c.person).where(hidden.c.hidden == who),
        row("hidden", ban.c.creator).where(ban.c.person == who, bans),
        row("hidden", reported).where(report.c.reporter == who, report.c.kind != "message"),
        row("taste", taste.c.value, taste.c.at).where(taste.c.person == who),
        row("forgotten", taste.c.person, taste.c.forgotten_at).where(taste.c.person == who),
        row("impersonal", taste.c.person).where(taste.c.person == who, sa.not_(taste.c.personal)),
    ).subquery()
    return sa.select(*rows.c)


_VIEWER = _viewer()
