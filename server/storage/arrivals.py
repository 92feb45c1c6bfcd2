"""Signs a browser in as a person, in the transaction that stores the use of a passkey or code.

If the browser belonged to a guest, the person also gets the guest's follows and hidden people.
"""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.devices import add_device, sign_out
from server.storage.follows import MAX_FOLLOWS, change_followers
from server.storage.hidden import MAX_HIDDEN
from server.storage.schema.people import device, follow, hidden, person
from server.storage.schema.upsert import insert

LISTS = (
    (follow.c.follower, follow.c.followed, MAX_FOLLOWS),
    (hidden.c.person, hidden.c.hidden, MAX_HIDDEN),
)
"""The lists that a person gets from a guest. For each list: the column with the id of its owner,
the column with the ids of the listed people, and the maximum length.
"""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A browser that is about to be signed in as a person."""

    device: str
    """Id of the new device."""
    label: str
    leaves: str
    """The browser's previous device id. The device with this id is signed out."""
    at: float
    """Time of the sign-in, Unix seconds."""


async def arrive(connection: AsyncConnection, to: str, arrival: Arrival) -> None:
    """Signs a browser in as the person `to`."""
    left = await sign_out(connection, arrival.leaves, arrival.at)
    await add_device(connection, to, arrival.device, arrival.label, arrival.at)
    if left is not None and left != to and await _is_guest(connection, left):
        await _bring(connection, left, to)


async def _is_guest(connection: AsyncConnection, id: str) -> bool:
    statement = sa.select(person.c.id).where(
        person.c.id == id, person.c.handle_key.is_(None), person.c.delete_at.is_(None)
    )
    return await connection.scalar(statement) is not None


async def _bring(connection: AsyncConnection, guest: str, to: str) -> None:
    """Adds the guest's lists to the lists of the person. Then deletes the guest's lists, so that
    the numbers of followers do not count the visitor twice, as the guest and as the person. The
    lists remain if another browser is signed in as the guest.
    """
    signed_in = sa.select(device.c.id).where(
        device.c.person == guest, device.c.revoked_at.is_(None)
    )
    keeps = await connection.scalar(signed_in.limit(1)) is not None
    for owner, listed, most in LISTS:
        copied = await _copy(connection, owner, listed, most, guest, to)
        removed = [] if keeps else await _remove(connection, owner, listed, guest)
        if owner.table is follow:
            await change_followers(connection, copied, 1)
            await change_followers(connection, removed, -1)


async def _copy(
    connection: AsyncConnection,
    owner: sa.Column[str],
    listed: sa.Column[str],
    most: int,
    guest: str,
    to: str,
) -> list[str]:
    """Copies the guest's list to the person's list. If the result would be too long, copies only
    the latest entries. Returns the ids of the people in the copied entries.
    """
    table = owner.table
    known = sa.select(listed).where(owner == to)
    count = await connection.scalar(sa.select(sa.func.count()).where(owner == to)) or 0
    new = (
        sa.select(sa.literal(to), listed, table.c.at)
        .where(owner == guest, listed != to, listed.not_in(known))
        .order_by(table.c.at.desc())
        .limit(max(0, most - count))
    )
    columns = [owner.name, listed.name, "at"]
    copy = insert(connection, table).from_select(columns, new).on_conflict_do_nothing()
    return list(await connection.scalars(copy.returning(listed)))


async def _remove(
    connection: AsyncConnection, owner: sa.Column[str], listed: sa.Column[str], guest: str
) -> list[str]:
    """Deletes the guest's list. Returns the ids of the people in the list."""
    statement = sa.delete(owner.table).where(owner == guest).returning(listed)
    return list(await connection.scalars(statement))
