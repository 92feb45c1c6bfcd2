"""Everything that is stored about a person, page by page."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage import personal_data
from server.storage.personal_data import KINDS
from server.storage.schema import chat, discovery, moderation, people
from server.storage.storage import Storage
from tests.fixtures.stored_people import store_person
from tests.server.storage.test_account import PERSONAL, execute, filled

ME, OTHER = "p-me-0123456789", "p-other-0123456789"
NOT_SHOWN = {
    people.transfer.c.person,  # a secret, for minutes
    people.follow.c.followed,  # who follows is private to the followers: they are counted
    people.hidden.c.hidden,  # private to the other person
    chat.message.c.removed_by,
    moderation.mute.c.made_by,
    moderation.ban.c.made_by,
    moderation.moderation_state.c.creator,  # a counter
    moderation.moderation_log.c.target,  # the same people as in the column `person`
    discovery.search_gram.c.item,  # the handle and the name, in pairs of letters
}


async def everything(storage: Storage, person: str) -> dict[str, list[dict[str, Any]]]:
    return {
        kind.name: [row async for page in storage.personal_data.pages(kind, person) for row in page]
        for kind in KINDS
    }


def test_every_kind_of_data_is_shown() -> None:
    assert {kind.owner for kind in KINDS} == PERSONAL - NOT_SHOWN
    assert len({kind.name for kind in KINDS}) == len(KINDS)


def test_no_secret_is_shown() -> None:
    shown = {column for kind in KINDS for column in kind.columns}
    assert not [column for column in shown if isinstance(column.type, sa.LargeBinary)]
    assert not shown & {moderation.report.c.reporter} - {
        column for kind in KINDS if kind.name == "reports" for column in kind.columns
    }


async def test_every_row_is_shown_once(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page ends in the middle of a room, and the rows fill the last page exactly."""
    monkeypatch.setattr(personal_data, "PAGE", 4)
    sent = [("a", 7), ("a", 9), ("b", 1), ("b", 2), ("b", 10), ("b", 11), ("c", 1), ("c", 2)]
    for person in (ME, OTHER):
        for room, sequence in sent:
            await execute(
                storage,
                filled(
                    chat.message,
                    person=person,
                    room=f"{room}{person}",
                    sequence=sequence,
                    body=f"{person}: 다크걸 {sequence}",
                ),
            )
    shown = (await everything(storage, ME))["messages"]
    assert [(row["room"], row["sequence"]) for row in shown] == [
        (f"{room}{ME}", sequence) for room, sequence in sent
    ]
    assert {row["body"].partition(":")[0] for row in shown} == {ME}
    assert not {"person", "removed_by", "key_room"} & shown[0].keys()


async def test_other_people_are_not_in_it(storage: Storage) -> None:
    for person in (ME, OTHER):
        await store_person(storage, person, f"device of {person}")
        for column in PERSONAL - {people.person.c.id}:
            await execute(storage, filled(column.table, **{column.name: person}))
    shown = await everything(storage, ME)
    assert {kind.name for kind in KINDS} == {name for name, rows in shown.items() if rows}
    assert OTHER not in str(shown)
    [mine] = shown["person"]
    assert (mine["id"], mine["name"]) == (ME, "a guest")
    assert await storage.personal_data.count_followers(ME) == 1


async def test_100_000_messages_take_seconds(storage: Storage) -> None:
    """Each page is small, so that memory and other requests do not suffer."""
    count = 100_000

    async def fill(connection: AsyncConnection) -> None:
        numbers = (
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)"
            if connection.dialect.name == "sqlite"
            else "WITH n(i) AS (SELECT generate_series(1, :count))"
        )
        await connection.execute(
            sa.text(
                "INSERT INTO message (room, sequence, person, client_id, name, colour, role, at, "
                f"body) {numbers} SELECT 'room', i, :person, '' || i, 'me', 1, 'guest', i, 'hello' "
                "FROM n"
            ),
            {"count": count, "person": ME},
        )

    async with storage.database._writer.begin() as connection:  # takes longer than a write may
        await fill(connection)
    pages = 0
    [kind] = [kind for kind in KINDS if kind.name == "messages"]
    async for page in storage.personal_data.pages(kind, ME):
        assert len(page) <= personal_data.PAGE
        pages += 1
    assert pages == count / personal_data.PAGE
