"""Recovery and deletion. After a deletion, no column of any table names the person."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage import account, steps
from server.storage.account import CLEARED_WITH_PERSON, DELETED_WITH_PERSON, unlinkable
from server.storage.arrivals import Arrival
from server.storage.schema import chat, discovery, media, metadata, moderation, people, rooms
from server.storage.storage import Storage
from tests.fixtures.stored_people import store_person

ME = "p-me-0123456789"
ARRIVAL = Arrival("new", "Firefox on Linux", "", 2_000.0)

PERSONAL = {
    people.person.c.id,
    people.device.c.person,
    media.clip.c.creator,
    media.clip.c.person,
    moderation.ban.c.person,
    *DELETED_WITH_PERSON,
    *(column for column, _ in CLEARED_WITH_PERSON),
}
"""Columns that contain the id of a person."""

IMPERSONAL = {
    "room": {"room", "title", "address", "server", "visibility", "settings", "mood"},
    "server": {"id"},
    "block": {"network", "reason"},
    "cookie_key": {"id"},
    "installation": {"id"},
    "person": {"name", "handle", "handle_key", "skeleton", "language", "bio", "link"},
    "handle_reservation": {"skeleton"},
    "device": {"id", "label"},
    "passkey": {"transports", "label"},
    "message": {"room", "client_id", "name", "handle", "role", "body", "kind", "state"},
    "reaction_second": {"room", "emoji"},
    "crowd_second": {"room"},
    "poll": {"room", "id", "question", "answers"},
    "vote": {"room", "poll"},
    "mute": {"room"},
    "ban": {"id", "room", "network_hash", "reason"},
    "word": {"word"},
    "recording": {"room", "state", "keep", "server", "note"},
    "recording_piece": {"room"},
    "recording_segment": {"room"},
    "clip": {"id", "room", "title", "caption", "state", "visibility", "source", "server"},
    "discarded": {"prefix"},
    "report": {
        *("id", "room", "message_text", "kind", "reason", "text", "state", "decision", "note"),
        "answer",
    },
    "moderation_log": {"room", "action", "detail"},
    "watch_link": {"id", "room"},
    "tag_use": {"tag", "kind", "item"},
    "tag": {"tag", "name", "challenge_clip"},
    "tag_hour": {"tag"},
    "search_gram": {"gram", "kind"},
    "announcement": {"id", "title", "room"},
    "reminder": {"announcement"},
    "live_activity": {"room"},
    "taste": {"value"},
    "feed_item": {"kind", "item"},
    "push_subscription": {"id", "device", "endpoint", "p256dh", "auth"},
}
"""Other columns with text."""


def test_every_column_with_text_is_known() -> None:
    """A new column either contains the id of a person, and the deletion handles it, or does not."""
    known = {f"{column.table.name}.{column.name}" for column in PERSONAL}
    known |= {f"{table}.{name}" for table, names in IMPERSONAL.items() for name in names}
    texts = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.c
        if isinstance(column.type, sa.Text)
    }
    assert texts == known


async def execute(storage: Storage, statement: sa.UpdateBase) -> None:
    async def work(connection: AsyncConnection) -> None:
        await connection.execute(statement)

    await storage.database.write(work)


async def rows(storage: Storage, table: sa.Table) -> list[dict[str, Any]]:
    async def work(connection: AsyncConnection) -> list[dict[str, Any]]:
        return [dict(row) for row in (await connection.execute(table.select())).mappings()]

    return await storage.database.read(work)


NUMBERS: Iterator[int] = iter(range(1_000_000))


def filled(table: sa.Table, **given: Any) -> sa.Insert:
    """A row with a value in every column, unlike every other row."""
    values: dict[str, Any] = {}
    for column in table.c:
        number = next(NUMBERS)
        match column.type:
            case sa.Text():
                values[column.name] = f"text {number}"
            case sa.Boolean():
                values[column.name] = True
            case sa.LargeBinary():
                values[column.name] = str(number).encode()
            case _:
                values[column.name] = number
    return table.insert().values(values | given)


async def test_nothing_names_a_deleted_person(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For every column that can contain the id, five rows of the person and one of another."""
    monkeypatch.setattr(steps, "STEP", 2)
    await store_person(storage, "other", "tablet", handle="other")
    for column in PERSONAL - {people.person.c.id}:
        alone = column.table.primary_key.columns.values() == [column]
        for person in [ME] * (1 if alone else 5) + ["other"]:
            await execute(storage, filled(column.table, **{column.name: person}))
    await execute(
        storage, filled(people.person, id=ME, delete_at=100.0, deleted_at=None, handle="me")
    )
    before = {table.name: await rows(storage, table) for table in metadata.tables.values()}
    assert sum(ME in map(str, row.values()) for table in before.values() for row in table) >= 100

    assert await storage.accounts.due(99.0, 10) == []
    assert await storage.accounts.due(100.0, 10) == [ME]
    assert await storage.accounts.erase(ME, 500.0)
    assert not await storage.accounts.erase(ME, 500.0)  # another server wants to do the same
    assert await storage.accounts.due(1e12, 10) == []

    kept = 0
    for table in metadata.tables.values():
        for row in await rows(storage, table):
            assert ME not in str(row), (table.name, row)
            kept += "other" in row.values()
    assert kept == len(PERSONAL) + 1  # of the other: one row for each column, device and person
    bans = await rows(storage, moderation.ban)
    assert [ban["person"] for ban in bans].count(unlinkable(ME)) == 5


async def erase(storage: Storage, person: str) -> None:
    await storage.accounts.leave(person, 400.0)
    assert await storage.accounts.erase(person, 500.0)


async def test_a_deletion_that_was_undone_meanwhile_does_not_happen(storage: Storage) -> None:
    """The clock of the server that undid the deletion was behind."""
    await store_person(storage, ME, "phone", handle="me")
    await storage.accounts.leave(ME, 400.0)
    assert await storage.accounts.due(500.0, 10) == [ME]
    assert await storage.accounts.restore(ME, 399.0)
    assert not await storage.accounts.erase(ME, 500.0)
    found = await storage.accounts.by_handle("me")
    assert found and found.id == ME


async def test_a_message_of_a_deleted_person_stays_as_deleted(storage: Storage) -> None:
    """Replies keep their place. The same client ids of two deleted people do not collide."""
    for number, person in enumerate([ME, "second"]):
        await store_person(storage, person, f"device {number}")
        await execute(
            storage,
            filled(
                chat.message,
                room="k3v9x2",
                sequence=number,
                person=person,
                client_id="same",
                state="shown",
            ),
        )
        await erase(storage, person)
    for message in await rows(storage, chat.message):
        assert (message["person"], message["client_id"], message["handle"]) == (None, None, None)
        assert (message["name"], message["body"], message["state"]) == ("", "", "shown")
        assert message["room"] == "k3v9x2"


async def test_a_live_of_a_deleted_person_keeps_no_title(storage: Storage) -> None:
    await store_person(storage, ME, "phone")
    await execute(storage, filled(rooms.room, owner=ME, title="My life"))
    await erase(storage, ME)
    [room] = await rows(storage, rooms.room)
    assert (room["owner"], room["title"], room["address"]) == (None, "", "")


async def test_the_media_of_a_deleted_creator_goes(storage: Storage) -> None:
    """The deletion includes recordings and clips of the creator's lives, clips that the creator
    made of other lives, and their objects.
    """
    for number in range(30):
        for owner in (ME, "other"):
            room = f"{owner}{number}"
            await execute(storage, filled(rooms.room, room=room, owner=owner, key_hash=b""))
            for table in (media.recording, media.recording_piece, media.recording_segment):
                await execute(storage, filled(table, room=room))
    await execute(storage, filled(media.clip, id="mine", creator=ME, person="other"))
    await execute(storage, filled(media.clip, id="made", creator="other", person=ME))
    await execute(storage, filled(media.clip, id="of-other", creator="other", person="other"))
    await execute(storage, filled(people.person, id=ME, delete_at=1.0, deleted_at=None))
    await erase(storage, ME)
    expected = {f"lives/{ME}{number}/" for number in range(30)} | {"clips/mine/", "clips/made/"}
    assert set(await storage.discarded.oldest(99)) == expected
    for table in (media.recording, media.recording_piece, media.recording_segment):
        assert {row["room"] for row in await rows(storage, table)} == {
            f"other{number}" for number in range(30)
        }
    clips = await rows(storage, media.clip)
    assert [clip["id"] for clip in clips] == ["of-other"]


async def test_the_words_of_a_deleted_person_go(storage: Storage) -> None:
    """So do the sums of the person's lives, and the reminders of announced lives."""
    for owner in (ME, "other"):
        await execute(storage, filled(rooms.room, room=f"of {owner}", owner=owner))
        for table in (discovery.tag_use, discovery.search_gram, discovery.feed_item):
            await execute(storage, filled(table, item=f"of {owner}"))
        await execute(storage, filled(discovery.announcement, id=f"by {owner}", person=owner))
        await execute(storage, filled(discovery.reminder, announcement=f"by {owner}"))
    await execute(storage, filled(discovery.tag, challenge_by=ME, name="mine"))
    await execute(storage, filled(people.person, id=ME, delete_at=1.0, deleted_at=None))
    await erase(storage, ME)
    for table in (discovery.tag_use, discovery.search_gram, discovery.feed_item):
        assert [row["item"] for row in await rows(storage, table)] == ["of other"]
    assert [row["id"] for row in await rows(storage, discovery.announcement)] == ["by other"]
    reminders = await rows(storage, discovery.reminder)
    assert [row["announcement"] for row in reminders] == ["by other"]
    [tag] = await rows(storage, discovery.tag)
    assert (tag["name"], tag["challenge_clip"]) == ("mine", None)


async def test_the_devices_of_a_deleted_person_stay_signed_out(storage: Storage) -> None:
    """The id of the device refuses the cookie, which is valid for 400 days."""
    await store_person(storage, ME, "phone")
    await erase(storage, ME)
    [device] = await rows(storage, people.device)
    assert (device["id"], device["person"], device["revoked_at"]) == ("phone", "", 500.0)


async def test_a_deletion_that_was_interrupted_goes_on(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store_person(storage, ME, "phone", handle="me")
    await storage.accounts.leave(ME, 100.0)
    monkeypatch.setattr(account, "DELETED_WITH_PERSON", ["no column"])
    with pytest.raises(AttributeError):
        await storage.accounts.erase(ME, 500.0)
    assert await storage.accounts.find(ME) is None
    assert await storage.accounts.by_handle("me") is None
    assert not await storage.accounts.restore(ME, 60.0)
    monkeypatch.undo()
    [person] = await storage.accounts.due(500.0, 10)
    await storage.accounts.erase(person, 600.0)
    assert await rows(storage, people.person) == []


async def test_leaving_and_restoring(storage: Storage) -> None:
    await store_person(storage, ME, "phone")
    await store_person(storage, "other", "tablet")
    await storage.transfers.add(ME, b"hash", 9_000.0)
    assert await storage.accounts.leave(ME, 2_000.0) == 2_000.0
    assert await storage.accounts.leave(ME, 3_000.0) == 2_000.0
    assert await storage.transfers.use(b"hash", ARRIVAL) is None
    found = await storage.accounts.find(ME)
    assert found and found.delete_at == 2_000.0
    assert not await storage.accounts.restore(ME, 2_000.0)  # too late
    assert await storage.accounts.restore(ME, 1_999.0)
    assert await storage.accounts.restore(ME, 1_999.0)
    assert await storage.accounts.due(9_999.0, 10) == []
    assert await storage.accounts.leave("none", 2_000.0) is None
    assert not await storage.accounts.restore("none", 1.0)


async def test_recovery(storage: Storage) -> None:
    await store_person(storage, ME, "phone", handle="me")
    await store_person(storage, "guest", "tablet")
    assert await storage.accounts.set_recovery(ME, b"first")
    assert await storage.accounts.set_recovery(ME, b"second")
    assert not await storage.accounts.set_recovery("guest", b"x")
    assert not await storage.accounts.set_recovery("none", b"x")
    record = await storage.accounts.by_handle("me")
    assert record and (record.id, record.recovery_hash) == (ME, b"second")
    assert await storage.accounts.by_handle("none") is None
    assert await storage.accounts.recover(record, ARRIVAL)
    assert [device.id for device in await storage.devices.of(ME)] == ["new", "phone"]


async def test_a_code_that_was_replaced_meanwhile_recovers_nothing(storage: Storage) -> None:
    await store_person(storage, ME, "phone", handle="me")
    await storage.accounts.set_recovery(ME, b"first")
    record = await storage.accounts.by_handle("me")
    await storage.accounts.set_recovery(ME, b"second")
    assert record and not await storage.accounts.recover(record, ARRIVAL)
    assert [device.id for device in await storage.devices.of(ME)] == ["phone"]
