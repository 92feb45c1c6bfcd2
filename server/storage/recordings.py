"""The recordings of lives in the database: what is kept, and the index of pieces and segments. The
media itself is in the object store.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, fields
from functools import cache

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.discarded import discard, live_prefix
from server.storage.live_data import delete_media
from server.storage.recording_records import (
    RECORDING,
    PieceRecord,
    Progress,
    RecordingEnd,
    RecordingRecord,
    SegmentRecord,
)
from server.storage.schema.media import discarded, recording_piece, recording_segment
from server.storage.schema.media import recording as table
from server.storage.schema.rooms import room as room_table
from server.storage.schema.upsert import insert, insert_for

MAX_SEGMENTS = 100_000
"""Maximum number of segments in one answer."""
STEP = 500
"""Number of segments that one statement reads. Other tasks of the event loop run in between."""


def segment_key(room: str, sequence: int) -> str:
    """Returns the key of a segment in the object store."""
    return f"{live_prefix(room)}{sequence}.m4s"


class RecordingStore:
    """The recordings of all servers that share the database. Every method raises StorageError if
    the database fails. All writes are safe to repeat.
    """

    def __init__(self, database: Database, server: str = "") -> None:
        """`server` is the id of this server; "" if one process uses SQLite alone."""
        self._database = database
        self.server = server

    # Writing

    async def begin(self, room: str, keep: str, at: float) -> RecordingRecord | None:
        """Stores a new recording of this server. Returns the recording of the room, which may be
        older. Returns None, and stores nothing, while the objects of a deleted recording of the
        room still exist: the server is about to delete them.
        """
        row = {"room": room, "state": RECORDING, "keep": keep, "server": self.server}
        swept = discarded.select().where(discarded.c.prefix == live_prefix(room))

        async def begin(connection: AsyncConnection) -> RecordingRecord | None:
            if (await connection.execute(swept)).first():
                return None
            statement = insert(connection, table).values(**row, began_at=at)
            await connection.execute(statement.on_conflict_do_nothing(index_elements=["room"]))
            return await _select_one(connection, room)

        return await self._database.write(begin)

    async def add_segment(self, segment: SegmentRecord, piece: PieceRecord | None) -> bool:
        """Stores a segment, and `piece` if the segment is the first one of its piece. Call this
        after the media is in the object store. Returns False, and stores nothing, if the recording
        has ended or was deleted, or if another server writes it now.
        """

        async def add(connection: AsyncConnection) -> bool:
            growth = {"of_room": segment.room, "by": self.server, "growth": segment.size}
            # The update locks the row until the commit, so the recording cannot end meanwhile.
            if not (await connection.execute(_GROW, growth)).rowcount:
                return False
            dialect = connection.dialect.name
            if piece:
                await connection.execute(_add(dialect, recording_piece), asdict(piece))
            added = await connection.execute(_add(dialect, recording_segment), asdict(segment))
            if not added.rowcount:  # An earlier attempt has stored the segment.
                await connection.execute(_GROW, growth | {"growth": -segment.size})
            return True

        return await self._database.write(add)

    async def finish(self, room: str, end: RecordingEnd) -> RecordingRecord | None:
        """Stores the end of a recording, unless it has ended. Discards a recording that is empty.
        Discards a recording of which nothing is to be kept, also if it has ended. Returns the
        recording; None if there is no recording.
        """

        async def finish(connection: AsyncConnection) -> RecordingRecord | None:
            record = await _select_one(connection, room)
            if record is None:
                return None
            running = record.state == RECORDING
            if record.keep not in end.ages or (running and not record.bytes):
                await _discard(connection, room, end.at)
                return None
            if not running:
                return record
            values = {
                "state": end.state,
                "ended_at": end.at,
                "delete_at": end.at + end.ages[record.keep],
                "note": end.note,
            }
            where = table.c.room == room, table.c.state == RECORDING
            await connection.execute(table.update().where(*where).values(**values))
            return await _select_one(connection, room)

        return await self._database.write(finish)

    async def keep(self, room: str, keep: str, ages: Mapping[str, float], now: float) -> bool:
        """Stores what the creator has chosen. `ages`: see RecordingEnd. Returns whether there is a
        recording.
        """

        async def change(connection: AsyncConnection) -> bool:
            record = await _select_one(connection, room)
            if record is None:
                return False
            ended = record.ended_at
            delete_at = None if ended is None else max(ended + ages.get(keep, 0.0), now)
            await connection.execute(
                table.update().where(table.c.room == room).values(keep=keep, delete_at=delete_at)
            )
            return True

        return await self._database.write(change)

    async def forget_segments(self, room: str, sequences: Collection[int]) -> None:
        """Deletes segments from the index, because the object store has lost their media."""
        columns = recording_segment.c
        lost = sa.and_(columns.room == room, columns.sequence.in_(sequences))
        size = sa.select(sa.func.coalesce(sa.func.sum(columns.size), 0)).where(lost)

        async def forget(connection: AsyncConnection) -> None:
            gone = int(await connection.scalar(size) or 0)
            await connection.execute(recording_segment.delete().where(lost))
            shrunk = table.c.bytes - gone
            await connection.execute(
                table.update().where(table.c.room == room).values(bytes=shrunk)
            )

        await self._database.write(forget)

    async def erase(self, room: str) -> None:
        """Deletes the index of a recording whose live goes on, and stores that nothing is kept. The
        caller deletes the objects. The recording remains, because a later segment must not have the
        key of a discarded object.
        """

        async def erase(connection: AsyncConnection) -> None:
            for each in (recording_segment, recording_piece):
                await connection.execute(each.delete().where(each.c.room == room))
            await connection.execute(
                table.update().where(table.c.room == room).values(keep="no", bytes=0)
            )

        await self._database.write(erase)

    async def discard(self, room: str, now: float) -> None:
        """Deletes a recording with its index, and discards its objects."""
        await self._database.write(lambda connection: _discard(connection, room, now))

    # Reading

    async def read(self, room: str) -> RecordingRecord | None:
        return await self._database.read(lambda connection: _select_one(connection, room))

    async def pieces(self, room: str) -> list[PieceRecord]:
        """Returns the pieces of a recording, in order."""
        statement = (
            recording_piece.select()
            .where(recording_piece.c.room == room)
            .order_by(recording_piece.c.piece)
            .limit(MAX_SEGMENTS)
        )

        async def select(connection: AsyncConnection) -> list[PieceRecord]:
            return [PieceRecord(**row) for row in (await connection.execute(statement)).mappings()]

        return await self._database.read(select)

    async def durations(self, room: str) -> dict[int, int]:
        """Returns the duration of the media of each piece, µs. The database computes the sums,
        because a long recording has thousands of segments.
        """
        columns = recording_segment.c
        statement = (
            sa.select(columns.piece, sa.func.sum(columns.duration))
            .where(columns.room == room)
            .group_by(columns.piece)
        )

        async def select(connection: AsyncConnection) -> dict[int, int]:
            rows = await connection.execute(statement)
            return {piece: int(duration) for piece, duration in rows}

        return await self._database.read(select)

    async def segments(
        self, room: str, start: int = 0, end: int | None = None
    ) -> list[SegmentRecord]:
        """Returns the segments that have media between the media times `start` and `end` (µs), in
        order.
        """
        columns = recording_segment.c
        conditions = [columns.room == room, columns.media_time + columns.duration > start]
        if end is not None:
            conditions.append(columns.media_time < end)
        statement = _SEGMENTS.where(*conditions).order_by(columns.sequence).limit(STEP)

        async def select(connection: AsyncConnection) -> list[SegmentRecord]:
            found: list[SegmentRecord] = []
            after = 0
            while len(found) < MAX_SEGMENTS:
                rows = await connection.execute(statement.where(columns.sequence > after))
                step = [SegmentRecord(*row) for row in rows]
                found += step
                if len(step) < STEP:
                    break
                after = step[-1].sequence
            return found

        return await self._database.read(select)

    async def first_segment(self, room: str, start: int) -> SegmentRecord | None:
        """Returns the first segment that has media after the media time `start` (µs)."""
        columns = recording_segment.c
        statement = (
            _SEGMENTS.where(columns.room == room, columns.media_time + columns.duration > start)
            .order_by(columns.sequence)
            .limit(1)
        )

        async def select(connection: AsyncConnection) -> SegmentRecord | None:
            row = (await connection.execute(statement)).first()
            return SegmentRecord(*row) if row else None

        return await self._database.read(select)

    async def progress(self, room: str) -> Progress:
        columns = recording_segment.c
        totals = sa.select(sa.func.max(columns.sequence), sa.func.sum(columns.duration))
        last = (
            recording_piece.select()
            .where(recording_piece.c.room == room)
            .order_by(recording_piece.c.piece.desc())
            .limit(1)
        )

        async def select(connection: AsyncConnection) -> Progress:
            sequence, duration = (
                await connection.execute(totals.where(columns.room == room))
            ).one()
            piece = (await connection.execute(last)).mappings().first()
            return Progress(
                sequence or 0, int(duration or 0), PieceRecord(**piece) if piece else None
            )

        return await self._database.read(select)

    # Recovery and limits

    async def unfinished(self) -> list[RecordingRecord]:
        """Returns the recordings of this server that have not ended."""
        return await self._select(
            table.select().where(table.c.state == RECORDING, table.c.server == self.server)
        )

    async def abandoned(self, ended_before: float, limit: int) -> list[RecordingRecord]:
        """Returns recordings of any server that have not ended, although their live ended before
        `ended_before` (Unix seconds).
        """
        return await self._select(
            sa.select(table)
            .join(room_table, room_table.c.room == table.c.room)
            .where(table.c.state == RECORDING, room_table.c.ended_at < ended_before)
            .limit(limit)
        )

    async def _select(self, statement: sa.Select[tuple[object, ...]]) -> list[RecordingRecord]:
        async def select(connection: AsyncConnection) -> list[RecordingRecord]:
            rows = (await connection.execute(statement)).mappings()
            return [RecordingRecord(**row) for row in rows]

        return await self._database.read(select)


_SEGMENTS = sa.select(*(recording_segment.c[field.name] for field in fields(SegmentRecord)))
"""Selects the columns in the order of the fields: to convert thousands of rows by name takes twice
as long.
"""
_GROW = (
    table.update()
    .where(
        table.c.room == sa.bindparam("of_room"),
        table.c.server == sa.bindparam("by"),
        table.c.state == RECORDING,
    )
    .values(bytes=table.c.bytes + sa.bindparam("growth"))
)
"""Adds to the size of a recording that has not ended. Statements that run for each segment are made
once, because SQLAlchemy takes longer to make a statement than to run it.
"""


@cache
def _add(dialect: str, index: sa.Table) -> sa.Insert:
    return insert_for(dialect, index).on_conflict_do_nothing()


async def _select_one(connection: AsyncConnection, room: str) -> RecordingRecord | None:
    if "\0" in room:  # PostgreSQL refuses this character.
        return None
    row = (await connection.execute(table.select().where(table.c.room == room))).mappings().first()
    return RecordingRecord(**row) if row else None


async def _discard(connection: AsyncConnection, room: str, now: float) -> None:
    await delete_media(connection, [room], [], now)
    await discard(connection, [live_prefix(room)], now)  # Also if there is no row.
