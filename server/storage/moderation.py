"""What moderators decided, and the log of it.

A decision and its line in the log share one transaction. Each change also raises the revision of
the creator, so that every server notices changes of other servers with one small query.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.schema.chat import message
from server.storage.schema.moderation import (
    ban,
    moderation_log,
    moderation_state,
    moderator,
    mute,
    word,
)
from server.storage.schema.people import follow, person
from server.storage.schema.rooms import room
from server.storage.schema.upsert import insert, upsert

T = TypeVar("T")

OPERATOR = ""
"""The operator, in the place of a creator: bans of the operator hold in every room."""
MAX_MODERATORS = 50
MAX_BANS = 5_000
"""Maximum number of people whom one creator, or the operator, has banned."""
MAX_LOG = 10_000
"""Number of lines that the log of a room keeps."""
MAX_CHANGED = 10_000
"""Maximum number of creators whose changes are noticed at one time."""
MAX_LISTED = 500
"""Maximum number of mutes or bans in a list."""


class LimitReached(Exception):
    """The creator has as many moderators or bans as possible."""


@dataclass(frozen=True, slots=True)
class Who:
    """A person, as stored at present. The name is empty if the person never wrote."""

    id: str
    name: str = ""
    colour: int = 0
    handle: str | None = None


@dataclass(frozen=True, slots=True)
class LogRecord:
    """What a moderator did. `at`: Unix seconds."""

    room: str
    at: float
    moderator: str | None
    """Id of the moderator; None if the request had the creator key only."""
    action: str
    target: str = ""
    """Number of a message, or id of a person, a report or a link."""
    person: str | None = None
    """Id of the person that the action concerns."""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of the log, with the people as stored at present."""

    n: int
    at: float
    moderator: Who | None
    action: str
    target: str
    person: Who | None
    detail: str


@dataclass(frozen=True, slots=True)
class MuteRecord:
    person: Who
    until: float
    at: float
    by: Who | None


@dataclass(frozen=True, slots=True)
class BanRecord:
    person: Who
    for_good: bool
    until: float | None
    at: float
    by: Who | None
    reason: str


@dataclass(frozen=True, slots=True)
class ModerationRecord:
    """Everything that decides who may write in a room and watch it. Times are in Unix seconds; None
    stands for no end.
    """

    revisions: tuple[int, int]
    """The revisions of the creator and of the operator."""
    title: str
    visibility: str
    settings: str
    """What the creator has chosen for the chat, as a JSON object."""
    moderators: frozenset[str]
    words: tuple[str, ...]
    mutes: Mapping[str, float]
    bans: Mapping[str, float | None]
    networks: Mapping[str, float | None]
    operator_bans: Mapping[str, float | None]


class ModerationStore:
    """The decisions of moderators. `creator`: id of the room's owner, or `room:` and the name of a
    room without an owner. Every method raises StorageError if the database fails.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    # Reading

    async def revisions(self, creator: str) -> tuple[int, int]:
        """Returns the revisions of the creator and of the operator."""
        return await self._database.read(lambda connection: _revisions(connection, creator))

    async def changed_since(self, at: float) -> dict[str, int]:
        """Returns the revisions of the creators with a change at `at` or later (Unix seconds)."""

        async def read(connection: AsyncConnection) -> dict[str, int]:
            rows = await connection.execute(
                sa.select(moderation_state.c.creator, moderation_state.c.revision)
                .where(moderation_state.c.changed_at >= at)
                .limit(MAX_CHANGED)
            )
            return {row.creator: row.revision for row in rows}

        return await self._database.read(read)

    async def load(self, creator: str, name: str, now: float) -> ModerationRecord | None:
        """Returns what holds in a room at `now`; None if there is no such room."""

        async def load(connection: AsyncConnection) -> ModerationRecord | None:
            found = (
                await connection.execute(
                    sa.select(room.c.title, room.c.visibility, room.c.settings).where(
                        room.c.room == name
                    )
                )
            ).one_or_none()
            if found is None:
                return None
            revisions = await _revisions(connection, creator)
            moderators = await connection.scalars(
                sa.select(moderator.c.person).where(moderator.c.creator == creator)
            )
            mutes = await connection.execute(
                sa.select(mute.c.person, mute.c.until).where(
                    mute.c.room == name, mute.c.until > now
                )
            )
            bans = (
                await connection.execute(
                    sa.select(ban.c.creator, ban.c.person, ban.c.network_hash, ban.c.until).where(
                        sa.or_(
                            sa.and_(
                                ban.c.creator == creator,
                                sa.or_(ban.c.room.is_(None), ban.c.room == name),
                            ),
                            ban.c.creator == OPERATOR,
                        ),
                        _in_force(now),
                    )
                )
            ).all()
            return ModerationRecord(
                revisions,
                found.title,
                found.visibility,
                found.settings,
                frozenset(moderators),
                await _words(connection, creator),
                {row.person: row.until for row in mutes},
                {
                    row.person: row.until
                    for row in bans
                    if row.creator == creator and row.network_hash is None
                },
                {row.network_hash: row.until for row in bans if row.network_hash is not None},
                {row.person: row.until for row in bans if row.creator == OPERATOR},
            )

        return await self._database.read(load)

    async def standing(self, owner: str, name: str, who: str) -> tuple[float | None, bool]:
        """Returns since when the person follows the owner of the room, and whether a message of the
        person was shown in another live of this owner.
        """
        followed = sa.select(follow.c.at).where(
            follow.c.follower == who, follow.c.followed == owner
        )
        wrote = sa.exists().where(
            message.c.person == who,
            message.c.room == room.c.room,
            room.c.owner == owner,
            room.c.room != name,
            message.c.state == "shown",
        )

        async def standing(connection: AsyncConnection) -> tuple[float | None, bool]:
            row = (await connection.execute(sa.select(followed.scalar_subquery(), wrote))).one()
            return row[0], bool(row[1])

        return await self._database.read(standing)

    async def is_moderator(self, creator: str, who: str) -> bool:
        async def find(connection: AsyncConnection) -> bool:
            return (
                await connection.scalar(
                    sa.select(moderator.c.at).where(
                        moderator.c.creator == creator, moderator.c.person == who
                    )
                )
            ) is not None

        return await self._database.read(find)

    async def is_banned(self, creator: str, name: str, who: str, now: float) -> bool:
        """Whether the creator has banned the person in a room, or the operator has banned the
        person.
        """
        return await self._has_ban(
            ban.c.person == who,
            sa.or_(
                ban.c.creator == OPERATOR,
                sa.and_(ban.c.creator == creator, sa.or_(ban.c.room.is_(None), ban.c.room == name)),
            ),
            ban.c.network_hash.is_(None),
            _in_force(now),
        )

    async def is_banned_by_operator(self, who: str, now: float) -> bool:
        return await self._has_ban(ban.c.creator == OPERATOR, ban.c.person == who, _in_force(now))

    async def _has_ban(self, *conditions: Any) -> bool:
        async def find(connection: AsyncConnection) -> bool:
            found = await connection.scalar(sa.select(ban.c.id).where(*conditions).limit(1))
            return found is not None

        return await self._database.read(find)

    async def mutes(self, name: str, now: float) -> list[MuteRecord]:
        """Returns the mutes that hold at `now`, the newest first."""
        rows = await self._people(
            mute, mute.c.made_by, mute.c.room == name, mute.c.until > now, order=mute.c.at
        )
        return [MuteRecord(who, row["until"], row["at"], by) for row, who, by in rows]

    async def bans(self, creator: str, name: str | None, now: float) -> list[BanRecord]:
        """Returns the bans of people that hold in a room at `now`, the newest first. `name`: None
        for the bans of the operator.
        """
        rows = await self._people(
            ban,
            ban.c.made_by,
            ban.c.creator == creator,
            sa.or_(ban.c.room.is_(None), ban.c.room == name),
            ban.c.network_hash.is_(None),
            _in_force(now),
            order=ban.c.at,
        )
        return [
            BanRecord(who, row["room"] is None, row["until"], row["at"], by, row["reason"])
            for row, who, by in rows
        ]

    async def moderators(self, creator: str) -> list[Who]:
        rows = await self._people(
            moderator, sa.null(), moderator.c.creator == creator, order=moderator.c.at
        )
        return [who for _, who, _ in rows]

    async def words(self, creator: str) -> tuple[str, ...]:
        return await self._database.read(lambda connection: _words(connection, creator))

    async def links(self, creator: str) -> bool:
        """Whether the creator allowed links in the last live."""

        async def find(connection: AsyncConnection) -> bool:
            return bool(
                await connection.scalar(
                    sa.select(moderation_state.c.links).where(moderation_state.c.creator == creator)
                )
            )

        return await self._database.read(find)

    async def log(self, name: str, before: int | None, limit: int) -> list[LogLine]:
        """Returns lines of the log of a room below the number `before`, the newest first."""
        moderators, people = person.alias("m"), person.alias("p")
        statement = (
            sa.select(
                moderation_log,
                *named(moderators, "moderator_"),
                *named(people, "person_"),
            )
            .select_from(
                moderation_log.outerjoin(
                    moderators, moderators.c.id == moderation_log.c.moderator
                ).outerjoin(people, people.c.id == moderation_log.c.person)
            )
            .where(moderation_log.c.room == name)
            .order_by(moderation_log.c.sequence.desc())
            .limit(limit)
        )
        if before is not None:
            statement = statement.where(moderation_log.c.sequence < before)

        async def read(connection: AsyncConnection) -> list[LogLine]:
            return [
                LogLine(
                    row["sequence"],
                    row["at"],
                    who_of(row["moderator"], row, "moderator_"),
                    row["action"],
                    row["target"] or "",
                    who_of(row["person"], row, "person_"),
                    row["detail"],
                )
                for row in (await connection.execute(statement)).mappings()
            ]

        return await self._database.read(read)

    # Decisions

    async def mute(self, creator: str, log: LogRecord, who: str, until: float) -> None:
        async def add(connection: AsyncConnection) -> None:
            await connection.execute(
                upsert(
                    connection,
                    mute,
                    room=log.room,
                    person=who,
                    until=until,
                    made_by=log.moderator,
                    at=log.at,
                )
            )

        await self._change(creator, log, add)

    async def unmute(self, creator: str, log: LogRecord, who: str) -> None:
        async def remove(connection: AsyncConnection) -> None:
            await connection.execute(
                mute.delete().where(mute.c.room == log.room, mute.c.person == who)
            )

        await self._change(creator, log, remove)

    async def ban(
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
        """Bans a person, and for this live the hash of the person's network if `network` is not
        empty.

        `ids`: ids of the two bans. `settings`: new settings of the room, which contain the salt.
        Raises LimitReached.
        """

        async def add(connection: AsyncConnection) -> None:
            await connection.execute(_bans_of(creator, log.room, who))
            await _require_room_for_ban(connection, creator)
            name = None if for_good else log.room
            made = {"creator": creator, "person": who, "made_by": log.moderator, "at": log.at}
            await connection.execute(ban.insert().values(id=ids[0], room=name, **made))
            if network:
                await connection.execute(
                    ban.insert().values(
                        id=ids[1],
                        room=log.room,
                        network_hash=network,
                        until=network_until,
                        **made,
                    )
                )
            if settings is not None:
                await connection.execute(
                    room.update().where(room.c.room == log.room).values(settings=settings)
                )

        await self._change(creator, log, add)

    async def unban(self, creator: str, log: LogRecord, who: str) -> None:
        async def remove(connection: AsyncConnection) -> None:
            await connection.execute(_bans_of(creator, log.room, who))

        await self._change(creator, log, remove)

    async def forget_networks(self, name: str, settings: str) -> None:
        """Deletes the hashes of networks at the end of a live. `settings` no longer contain the
        salt.
        """

        async def forget(connection: AsyncConnection) -> None:
            await connection.execute(
                ban.delete().where(ban.c.room == name, ban.c.network_hash.is_not(None))
            )
            await connection.execute(
                room.update().where(room.c.room == name).values(settings=settings)
            )

        await self._database.write(forget)

    async def add_moderator(self, creator: str, log: LogRecord, who: str) -> None:
        """Raises LimitReached."""

        async def add(connection: AsyncConnection) -> None:
            await connection.execute(
                insert(connection, moderator)
                .values(creator=creator, person=who, at=log.at)
                .on_conflict_do_nothing()
            )
            if await _count(connection, moderator, moderator.c.creator == creator) > MAX_MODERATORS:
                raise LimitReached

        await self._change(creator, log, add)

    async def remove_moderator(self, creator: str, log: LogRecord, who: str) -> None:
        async def remove(connection: AsyncConnection) -> None:
            await connection.execute(
                moderator.delete().where(moderator.c.creator == creator, moderator.c.person == who)
            )

        await self._change(creator, log, remove)

    async def set_words(self, creator: str, log: LogRecord, words: Iterable[str]) -> None:
        rows = [{"creator": creator, "word": one} for one in words]

        async def replace(connection: AsyncConnection) -> None:
            await connection.execute(word.delete().where(word.c.creator == creator))
            if rows:
                await connection.execute(word.insert(), rows)

        await self._change(creator, log, replace)

    async def change_room(
        self, creator: str, log: LogRecord, values: Mapping[str, Any], links: bool | None = None
    ) -> None:
        """Stores changed columns of the room. `links`: whether the creator allows links from now
        on, also in later lives; None if that has not changed.
        """

        async def change(connection: AsyncConnection) -> None:
            if values:
                await connection.execute(
                    room.update().where(room.c.room == log.room).values(**values)
                )
            if links is not None:
                await connection.execute(
                    moderation_state.update()
                    .where(moderation_state.c.creator == creator)
                    .values(links=links)
                )

        await self._change(creator, log, change)

    async def record(self, creator: str, log: LogRecord) -> None:
        """Writes a line of the log for an action that another store has carried out."""

        async def nothing(connection: AsyncConnection) -> None:
            return None

        await self._change(creator, log, nothing)

    # Bans of the operator

    async def ban_by_operator(
        self, who: str, ban_id: str, at: float, until: float | None, reason: str
    ) -> None:
        """Raises LimitReached."""

        async def add(connection: AsyncConnection) -> None:
            await _raise_revision(connection, OPERATOR, at)
            await connection.execute(
                ban.delete().where(ban.c.creator == OPERATOR, ban.c.person == who)
            )
            await _require_room_for_ban(connection, OPERATOR)
            await connection.execute(
                ban.insert().values(
                    id=ban_id, creator=OPERATOR, person=who, at=at, until=until, reason=reason
                )
            )

        await self._database.write(add)

    async def unban_by_operator(self, who: str, at: float) -> bool:
        """Returns whether the person was banned."""

        async def remove(connection: AsyncConnection) -> bool:
            await _raise_revision(connection, OPERATOR, at)
            result = await connection.execute(
                ban.delete().where(ban.c.creator == OPERATOR, ban.c.person == who)
            )
            return result.rowcount > 0

        return await self._database.write(remove)

    async def _change(
        self, creator: str, log: LogRecord, work: Callable[[AsyncConnection], Awaitable[T]]
    ) -> T:
        """Runs `work` and writes a line of the log, in one transaction."""

        async def change(connection: AsyncConnection) -> T:
            # The first statement locks the row, so that two servers do not use the same number of
            # the log.
            await _raise_revision(connection, creator, log.at)
            result = await work(connection)
            await _append(connection, log)
            return result

        return await self._database.write(change)

    async def _people(
        self, table: sa.Table, by: Any, *conditions: Any, order: Any
    ) -> list[tuple[sa.RowMapping, Who, Who | None]]:
        """Returns rows of a table with a column `person`, each with that person and the person
        whose id is in the column `by`. The newest row is first.
        """
        people, makers = person.alias("p"), person.alias("m")
        statement = (
            sa.select(
                table,
                by.label("by_id"),
                *named(people, "person_"),
                *named(makers, "by_"),
            )
            .select_from(
                table.outerjoin(people, people.c.id == table.c.person).outerjoin(
                    makers, makers.c.id == by
                )
            )
            .where(*conditions)
            .order_by(order.desc())
            .limit(MAX_LISTED)
        )

        async def read(
            connection: AsyncConnection,
        ) -> list[tuple[sa.RowMapping, Who, Who | None]]:
            return [
                (
                    row,
                    who_of(row["person"], row, "person_") or Who(""),
                    who_of(row["by_id"], row, "by_"),
                )
                for row in (await connection.execute(statement)).mappings()
            ]

        return await self._database.read(read)


def _in_force(now: float) -> Any:
    return sa.or_(ban.c.until.is_(None), ban.c.until > now)


def _bans_of(creator: str, name: str, who: str) -> sa.Delete:
    return ban.delete().where(
        ban.c.creator == creator,
        ban.c.person == who,
        sa.or_(ban.c.room.is_(None), ban.c.room == name),
    )


async def _revisions(connection: AsyncConnection, creator: str) -> tuple[int, int]:
    rows = await connection.execute(
        sa.select(moderation_state.c.creator, moderation_state.c.revision).where(
            moderation_state.c.creator.in_((creator, OPERATOR))
        )
    )
    found = {row.creator: row.revision for row in rows}
    return found.get(creator, 0), found.get(OPERATOR, 0)


async def _raise_revision(connection: AsyncConnection, creator: str, at: float) -> None:
    revision = moderation_state.c.revision + 1
    await connection.execute(
        insert(connection, moderation_state)
        .values(creator=creator, revision=1, links=False, changed_at=at)
        .on_conflict_do_update(
            index_elements=["creator"], set_={"revision": revision, "changed_at": at}
        )
    )


async def _append(connection: AsyncConnection, log: LogRecord) -> None:
    last = await connection.scalar(
        sa.select(sa.func.max(moderation_log.c.sequence)).where(moderation_log.c.room == log.room)
    )
    number = (last or 0) + 1
    await connection.execute(
        moderation_log.insert().values(
            room=log.room,
            sequence=number,
            at=log.at,
            moderator=log.moderator,
            action=log.action,
            target=log.target,
            person=log.person,
            detail=log.detail,
        )
    )
    await connection.execute(
        moderation_log.delete().where(
            moderation_log.c.room == log.room, moderation_log.c.sequence <= number - MAX_LOG
        )
    )


async def _words(connection: AsyncConnection, creator: str) -> tuple[str, ...]:
    return tuple(
        await connection.scalars(
            sa.select(word.c.word).where(word.c.creator == creator).order_by(word.c.word)
        )
    )


async def _count(connection: AsyncConnection, table: sa.Table, *conditions: Any) -> int:
    found = await connection.scalar(
        sa.select(sa.func.count()).select_from(table).where(*conditions)
    )
    return found or 0


async def _require_room_for_ban(connection: AsyncConnection, creator: str) -> None:
    """Raises LimitReached if the creator has banned as many people as possible."""
    if await _count(connection, ban, ban.c.creator == creator) >= MAX_BANS:
        raise LimitReached


def named(people: Any, prefix: str) -> list[Any]:
    """Returns the columns of a person that everyone may see, with a prefix."""
    return [people.c[name].label(f"{prefix}{name}") for name in ("name", "colour", "handle")]


def who_of(who: str | None, row: sa.RowMapping, prefix: str) -> Who | None:
    if who is None:
        return None
    return Who(who, row[f"{prefix}name"] or "", row[f"{prefix}colour"] or 0, row[f"{prefix}handle"])
