"""The bans of people. A creator or a moderator bans a person for one live or permanently. The
operator bans a person in all rooms.
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.moderation_change import OPERATOR, change, raise_revision
from server.storage.moderation_log import LogRecord
from server.storage.schema.moderation import ban as table
from server.storage.schema.rooms import room
from server.storage.who import Who, select_named

MAX_BANS = 5_000
"""Maximum number of people whom one creator, or the operator, has banned."""
MAX_LISTED = 500
"""Maximum number of bans in a list."""


class TooManyBans(Exception):
    """The creator, or the operator, has MAX_BANS bans."""


@dataclass(frozen=True, slots=True)
class BanRecord:
    person: Who
    for_good: bool
    until: float | None
    at: float
    by: Who | None
    reason: str


@dataclass(frozen=True, slots=True)
class BansInForce:
    """The ends of all bans that apply to a room, Unix seconds. None stands for no end."""

    people: dict[str, float | None]
    networks: dict[str, float | None]
    """The bans of networks, by salted hash."""
    operator: dict[str, float | None]
    """The bans of the operator, by person."""


class BanStore:
    """All bans. `creator`: see ModerationStore. Every method raises StorageError if the database
    fails.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def holds(self, creator: str, name: str, who: str, now: float) -> bool:
        """Whether a ban of the creator or of the operator keeps the person out of a room."""
        return await self._exists(
            table.c.person == who,
            _in_room(creator, name),
            table.c.network_hash.is_(None),
            _in_force(now),
        )

    async def holds_everywhere(self, who: str, now: float) -> bool:
        """Whether the operator has banned the person."""
        return await self._exists(
            table.c.creator == OPERATOR, table.c.person == who, _in_force(now)
        )

    async def _exists(self, *conditions: Any) -> bool:
        async def find(connection: AsyncConnection) -> bool:
            found = await connection.scalar(sa.select(table.c.id).where(*conditions).limit(1))
            return found is not None

        return await self._database.read(find)

    async def in_force(self, creator: str, name: str | None, now: float) -> list[BanRecord]:
        """Returns the bans of people that apply to a room at `now`, the newest first. `name`: None
        for the bans of the operator.
        """
        found = await select_named(
            self._database,
            table.c.person,
            table.c.made_by,
            table.c.creator == creator,
            _for_good_or_in(name),
            table.c.network_hash.is_(None),
            _in_force(now),
            order=table.c.at,
            limit=MAX_LISTED,
        )
        return [
            BanRecord(
                one.person,
                one.row["room"] is None,
                one.row["until"],
                one.row["at"],
                one.other,
                one.row["reason"],
            )
            for one in found
            if one.person is not None
        ]

    # By a creator or a moderator

    async def add(
        self,
        creator: str,
        log: LogRecord,
        who: str,
        ids: tuple[str, str],
        *,
        for_good: bool,
        network: str = "",
        network_until: float = 0.0,
        settings: str | None = None,
    ) -> None:
        """Bans a person. Unless `network` is empty, also bans the person's network for this live.

        `ids`: ids of the two bans. `network`: hash of the network. `settings`: new settings of the
        room, which contain the salt. Raises TooManyBans.
        """
        made = {"creator": creator, "person": who, "made_by": log.moderator, "at": log.at}
        bans: list[dict[str, Any]] = [
            {"id": ids[0], "room": None if for_good else log.room, **made}
        ]
        if network:
            of_network = {"network_hash": network, "until": network_until}
            bans.append({"id": ids[1], "room": log.room, **of_network, **made})

        async def add(connection: AsyncConnection) -> None:
            await connection.execute(_bans_of(creator, log.room, who))
            await _require_few(connection, creator)
            for ban in bans:
                await connection.execute(table.insert().values(**ban))
            if settings is not None:
                await _set_settings(connection, log.room, settings)

        await change(self._database, creator, log, add)

    async def remove(self, creator: str, log: LogRecord, who: str) -> None:
        async def remove(connection: AsyncConnection) -> None:
            await connection.execute(_bans_of(creator, log.room, who))

        await change(self._database, creator, log, remove)

    async def forget_networks(self, name: str, settings: str) -> None:
        """Deletes the hashes of networks at the end of a live. `settings`: the settings of the room
        without the salt.
        """

        async def forget(connection: AsyncConnection) -> None:
            await connection.execute(
                table.delete().where(table.c.room == name, table.c.network_hash.is_not(None))
            )
            await _set_settings(connection, name, settings)

        await self._database.write(forget)

    # By the operator

    async def add_by_operator(
        self, who: str, ban_id: str, at: float, until: float | None, reason: str
    ) -> None:
        """Bans a person in all rooms. Raises TooManyBans."""

        async def add(connection: AsyncConnection) -> None:
            await raise_revision(connection, OPERATOR, at)
            await connection.execute(_bans_of(OPERATOR, None, who))
            await _require_few(connection, OPERATOR)
            await connection.execute(
                table.insert().values(
                    id=ban_id, creator=OPERATOR, person=who, at=at, until=until, reason=reason
                )
            )

        await self._database.write(add)

    async def remove_by_operator(self, who: str, at: float) -> bool:
        """Ends the operator's ban of a person. Returns whether the person was banned."""

        async def remove(connection: AsyncConnection) -> bool:
            await raise_revision(connection, OPERATOR, at)
            result = await connection.execute(_bans_of(OPERATOR, None, who))
            return result.rowcount > 0

        return await self._database.write(remove)


async def read_bans(
    connection: AsyncConnection, creator: str, name: str, now: float
) -> BansInForce:
    """Returns the bans that apply to a room at `now`."""
    found = await connection.execute(
        sa.select(table.c.creator, table.c.person, table.c.network_hash, table.c.until).where(
            _in_room(creator, name), _in_force(now)
        )
    )
    bans = BansInForce({}, {}, {})
    for row in found:
        if row.network_hash is not None:
            bans.networks[row.network_hash] = row.until
        elif row.creator == OPERATOR:
            bans.operator[row.person] = row.until
        else:
            bans.people[row.person] = row.until
    return bans


def is_banned(
    person: sa.ColumnElement[Any], creator: str, name: str, now: float
) -> sa.ColumnElement[bool]:
    """Returns the condition that a ban excludes the person in the column `person` from a room at
    `now`.
    """
    return sa.exists().where(
        table.c.person == person,
        _in_room(creator, name),
        table.c.network_hash.is_(None),
        _in_force(now),
    )


def _in_force(now: float) -> Any:
    return sa.or_(table.c.until.is_(None), table.c.until > now)


def _for_good_or_in(name: str | None) -> Any:
    return sa.or_(table.c.room.is_(None), table.c.room == name)


def _in_room(creator: str, name: str) -> Any:
    """Returns the condition for the bans of the operator and the creator that apply to a room,
    including expired bans.
    """
    return sa.or_(
        table.c.creator == OPERATOR, sa.and_(table.c.creator == creator, _for_good_or_in(name))
    )


def _bans_of(creator: str, name: str | None, who: str) -> sa.Delete:
    """Returns the statement that deletes the bans of a person in a room, and the person's permanent
    bans.
    """
    return table.delete().where(
        table.c.creator == creator, table.c.person == who, _for_good_or_in(name)
    )


async def _require_few(connection: AsyncConnection, creator: str) -> None:
    """Raises TooManyBans if the creator has MAX_BANS bans."""
    count = await connection.scalar(
        sa.select(sa.func.count()).select_from(table).where(table.c.creator == creator)
    )
    if count and count >= MAX_BANS:
        raise TooManyBans


async def _set_settings(connection: AsyncConnection, name: str, settings: str) -> None:
    await connection.execute(room.update().where(room.c.room == name).values(settings=settings))
