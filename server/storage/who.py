"""Reads the people whose ids are in the rows of other tables."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.database import Database
from server.storage.schema.people import person as table


@dataclass(frozen=True, slots=True)
class Who:
    """A person, as stored at present. The name is empty if the person never wrote."""

    id: str
    name: str = ""
    colour: int = 0
    handle: str | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """A row, with the people whose ids are in two of its columns. A person is None if the column is
    NULL.
    """

    row: sa.RowMapping
    person: Who | None
    other: Who | None


async def select_named(
    database: Database,
    person: sa.Column[Any],
    other: sa.Column[Any] | None,
    *conditions: Any,
    order: sa.Column[Any],
    limit: int,
) -> list[Named]:
    """Returns rows of one table, the row with the highest `order` first. `person` and `other`: the
    columns with ids of people; `other` is None if the table has only one such column.
    """
    people, others = table.alias("p"), table.alias("o")
    other_id = sa.null() if other is None else other
    statement = (
        sa.select(
            person.table,
            *_columns(people, person, "person_"),
            *_columns(others, other_id, "other_"),
        )
        .select_from(
            person.table.outerjoin(people, people.c.id == person).outerjoin(
                others, others.c.id == other_id
            )
        )
        .where(*conditions)
        .order_by(order.desc())
        .limit(limit)
    )

    async def select(connection: AsyncConnection) -> list[Named]:
        rows = (await connection.execute(statement)).mappings()
        return [Named(row, _who(row, "person_"), _who(row, "other_")) for row in rows]

    return await database.read(select)


def _columns(people: Any, id: Any, prefix: str) -> list[Any]:
    """Returns the columns of a person that everyone may see. The id is present even if the person
    is not stored.
    """
    shown = (people.c[name].label(f"{prefix}{name}") for name in ("name", "colour", "handle"))
    return [id.label(f"{prefix}id"), *shown]


def _who(row: sa.RowMapping, prefix: str) -> Who | None:
    id = row[f"{prefix}id"]
    if id is None:
        return None
    return Who(id, row[f"{prefix}name"] or "", row[f"{prefix}colour"] or 0, row[f"{prefix}handle"])
