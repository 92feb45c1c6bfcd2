"""The owners of rooms, on a real NATS."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest_asyncio

from server.cluster.owner import Owner, write_owner
from server.cluster.ownership import BUCKET, Ownership
from server.rooms.hand_over import HandOver
from tests.fixtures.deadline import eventually
from tests.server.cluster.conftest import Connect

Lost = list[tuple[str, int]]
Start = Callable[..., Awaitable[Ownership]]


@pytest_asyncio.fixture
async def start(connect: Connect) -> AsyncIterator[Start]:
    """Starts the ownership of a node, until the test ends. `lost` gets what it loses."""
    async with AsyncExitStack() as stack:

        async def start(node: str, lost: Lost | None = None) -> Ownership:
            def receive(room: str, owner: Owner) -> None:
                if lost is not None:
                    lost.append((room, owner.epoch))

            owners = Ownership(await connect(node), node, receive)
            stack.push_async_callback(owners.close)
            await owners.open()
            return owners

        yield start


async def test_a_new_room_is_known_to_all_nodes(start: Start) -> None:
    one, other = await start("one-1"), await start("two-2")
    one.opened("room")
    assert one.owns("room")
    await eventually(lambda: other.find("room") == Owner("one-1", 1))
    assert await other.read("room") == one.find("room")
    late = await start("three-3")
    assert late.find("room") == one.find("room")


async def test_the_latest_node_owns_the_room(start: Start) -> None:
    lost: Lost = []
    one, other = await start("one-1", lost), await start("two-2")
    one.opened("room")
    await eventually(lambda: other.find("room"))
    assert await other.take("room") == Owner("one-1", 1)
    assert other.find("room") == Owner("two-2", 2)
    await eventually(lambda: lost == [("room", 2)])
    assert one.find("room") == other.find("room") and not one.owns("room")


async def test_one_of_two_that_take_a_room_at_once_has_it(start: Start) -> None:
    lost: tuple[Lost, Lost] = ([], [])
    nodes = [await start(f"n{n}-{n}", lost[n]) for n in (0, 1)]
    for _ in range(20):
        await asyncio.gather(*(node.take("room") for node in nodes))
    await eventually(lambda: sum(node.owns("room") for node in nodes) == 1)
    owner = next(node for node in nodes if node.owns("room")).find("room")
    await eventually(lambda: all(node.find("room") == owner for node in nodes))
    assert owner and owner.epoch == 40


async def test_a_change_is_known_to_all_nodes(start: Start) -> None:
    one, other = await start("one-1"), await start("two-2")
    one.opened("room")
    one.changed("room", "live", HandOver(5, "s"))
    await eventually(lambda: other.find("room") == Owner("one-1", 1, "live", HandOver(5, "s")))


async def test_an_ended_room_has_no_owner(start: Start) -> None:
    one, other = await start("one-1"), await start("two-2")
    one.opened("room")
    await eventually(lambda: other.find("room"))
    one.ended("room")
    await eventually(lambda: other.find("room") is None)
    assert await one.read("room") is None
    assert await other.take("room") is None, "the name can be used again"


async def test_the_end_of_a_room_that_another_node_took_leaves_its_record(start: Start) -> None:
    one, other = await start("one-1"), await start("two-2")
    one.opened("room")
    await eventually(lambda: other.find("room"))
    one._own["copy"] = one._own["room"]
    await other.take("room")
    await one._delete("room", Owner("one-1", 1))
    assert await other.read("room") == other.find("room")


async def test_a_deleted_bucket_is_restored(start: Start) -> None:
    one, other = await start("one-1"), await start("two-2")
    one.opened("room")
    await eventually(lambda: one._own["room"].written)
    await one._connection.js.delete_key_value(BUCKET)
    assert await other.take("elsewhere") is None
    await one.read_again()
    assert await other.read("room") == one.find("room")
    assert await other.take("room") == Owner("one-1", 1)


async def test_a_node_that_was_cut_off_loses_what_others_took(start: Start) -> None:
    lost: Lost = []
    one = await start("one-1", lost)
    one.opened("room")
    await eventually(lambda: one._own["room"].written)
    one._table._changed = lambda key, data: None  # as if the messages were lost
    await one._table.put("room", write_owner(Owner("two-2", 2)))
    one._own["room"].written = False
    await one._write("room")
    assert lost == [("room", 2)] and not one.owns("room")


async def test_a_node_that_is_started_again_owns_its_rooms(start: Start) -> None:
    """The record names the former id of the node, which may have read the record or not."""
    lost: Lost = []
    one = await start("one-1")
    for room in ("read", "unread"):
        one.opened(room)
        await eventually(lambda name=room: one._own[name].written)  # type: ignore[misc]
    await one.close()
    again = await start("one-2", lost)
    again._owners.pop("unread")
    for room in ("read", "unread"):
        again.opened(room)
        await eventually(lambda name=room: again._own[name].written)  # type: ignore[misc]
        assert again.find(room) == await again.read(room) == Owner("one-2", 2)
    assert lost == []
