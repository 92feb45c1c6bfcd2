"""Messages, in both databases."""

import asyncio
from dataclasses import replace

import pytest

from server.storage.messages import MessageRecord
from server.storage.storage import Storage

FIRST = MessageRecord("abc", 1, "p-1", "c-1", "민지", 3, "minji", "guest", 1_000.5, 70, "안녕")


def numbers(records: list[MessageRecord]) -> list[int]:
    return [record.sequence for record in records]


async def add(storage: Storage, *records: MessageRecord) -> None:
    await asyncio.gather(*(storage.messages.add(record) for record in records))


def message(number: int, **values: object) -> MessageRecord:
    return replace(FIRST, sequence=number, client_id=f"c-{number}", **values)  # type: ignore[arg-type]


async def test_a_message_is_stored_as_it_is(storage: Storage) -> None:
    line = MessageRecord(
        "abc",
        2,
        None,
        None,
        "",
        0,
        None,
        "creator",
        2.0,
        None,
        '{"key":"went_live"}',
        kind="system",
    )
    assert await storage.messages.add(FIRST) is None
    assert await storage.messages.add(line) is None
    assert await storage.messages.add(replace(line, sequence=3)) is None
    assert await storage.messages.latest("abc", 10) == [FIRST, line, replace(line, sequence=3)]
    assert await storage.messages.find("abc", 1) == FIRST
    assert await storage.messages.find("abc", 9) is None
    assert await storage.messages.last_number("abc") == 3
    assert await storage.messages.last_number("other") == 0


async def test_a_message_that_comes_twice_is_stored_once(storage: Storage) -> None:
    """This holds in one transaction and in two. Other people and rooms may use the same id."""
    outcomes = await asyncio.gather(
        *(storage.messages.add(replace(FIRST, sequence=number)) for number in (1, 2, 3))
    )
    assert outcomes == [None, FIRST, FIRST]
    assert await storage.messages.add(replace(FIRST, sequence=4, body="other")) == FIRST
    assert await storage.messages.add(replace(FIRST, sequence=5, person="p-2")) is None
    assert await storage.messages.add(replace(FIRST, room="xyz")) is None
    assert numbers(await storage.messages.latest("abc", 10)) == [1, 5]


async def test_pages(storage: Storage) -> None:
    await add(storage, *(message(number) for number in range(1, 8)))
    await storage.messages.remove("abc", [3], "p-9", 5.0)
    await add(storage, message(8, state="held"))
    store = storage.messages
    assert numbers(await store.before("abc", 6, 3)) == [2, 4, 5]
    assert numbers(await store.before("abc", 1, 3)) == []
    assert numbers(await store.after("abc", 2, 2)) == [4, 5]
    assert numbers(await store.after("abc", 7, 2)) == []
    assert numbers(await store.latest("abc", 2)) == [7, 8]
    assert numbers(await store.held("abc", 5)) == [8]


async def test_a_reply_has_the_name_and_the_text_of_its_message(storage: Storage) -> None:
    """It has neither if that message is not shown."""
    await add(storage, FIRST, message(2, reply_to=1), message(3, reply_to=7))
    reply, stray = (await storage.messages.latest("abc", 10))[1:]
    assert (reply.reply_name, reply.reply_body) == ("민지", "안녕")
    assert stray.reply_to == 7 and stray.reply_name is None
    await storage.messages.remove("abc", [1], "p-9", 5.0)
    removed, reply, _ = await storage.messages.latest("abc", 10)
    assert (removed.state, removed.removed_by, removed.removed_at) == ("removed", "p-9", 5.0)
    assert (reply.reply_to, reply.reply_name) == (1, None)
    await storage.messages.show("abc", [1])
    assert await storage.messages.find("abc", 1) == FIRST


async def test_the_messages_of_a_person(storage: Storage) -> None:
    await add(storage, message(1), message(2, person="p-2"), message(3), message(4, state="held"))
    await storage.messages.remove("abc", [1], "p-9", 5.0)
    assert await storage.messages.numbers_of("abc", "p-1") == [3, 4]
    await storage.messages.remove("abc", [], "p-9", 5.0)
    assert await storage.messages.numbers_of("xyz", "p-1") == []


async def test_one_message_is_pinned(storage: Storage) -> None:
    await add(storage, message(1), message(2))
    assert await storage.messages.pinned("abc") is None
    await storage.messages.pin("abc", 1, 10.0)
    await storage.messages.pin("abc", 2, 11.0)
    pinned = await storage.messages.pinned("abc")
    assert pinned and (pinned.sequence, pinned.pinned_at) == (2, 11.0)
    await storage.messages.remove("abc", [2], "p-9", 5.0)
    assert await storage.messages.pinned("abc") is None
    await storage.messages.show("abc", [2])
    await storage.messages.pin("abc", None, 12.0)
    assert await storage.messages.pinned("abc") is None


@pytest.mark.parametrize("body", ["x" * 1_200, "👩‍👩‍👧" * 48, "'; DROP TABLE message; --"])
async def test_any_text_is_stored(storage: Storage, body: str) -> None:
    await storage.messages.add(replace(FIRST, body=body))
    found = await storage.messages.find("abc", 1)
    assert found and found.body == body
