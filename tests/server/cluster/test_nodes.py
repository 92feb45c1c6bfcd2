"""The nodes of a cluster find each other on a real NATS."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from server.cluster.errors import ClusterError
from server.cluster.node import Node, write_node
from server.cluster.nodes import BUCKET, GONE_AFTER, Nodes, new_id
from tests.fixtures.deadline import eventually
from tests.server.cluster.conftest import Connect

Start = Callable[..., Awaitable[Nodes]]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest_asyncio.fixture
async def start(connect: Connect) -> AsyncIterator[Start]:
    """Starts a node, until the test ends. The nodes that it sees go are in `gone`."""
    async with AsyncExitStack() as stack:

        async def start(
            name: str, gone: list[Node] | None = None, clock: Clock | None = None
        ) -> Nodes:
            id = new_id(name)
            seen = [] if gone is None else gone
            nodes = Nodes(await connect(id), Node(id), seen.append, clock or Clock())
            stack.push_async_callback(nodes.close)
            await nodes.open()
            return nodes

        yield start


async def test_nodes_see_each_other_come_and_go(start: Start) -> None:
    gone: list[Node] = []
    one = await start("one", gone)
    other = await start("other")
    assert other.others == [one.me]
    await eventually(lambda: one.others == [other.me])
    assert one.find(other.me.id) == one.named("other") == other.me
    assert one.find(one.me.id) == one.named("one") == one.me
    await other.close()
    await eventually(lambda: gone == [other.me])
    assert not one.others


async def test_nodes_see_what_changes(start: Start) -> None:
    one, other = await start("one"), await start("other")
    await other.announce(draining=True, load=0.5)
    await eventually(lambda: [node.draining for node in one.others] == [True])
    assert one.others[0].load == 0.5


async def test_a_silent_node_is_gone(start: Start) -> None:
    clock, gone = Clock(), list[Node]()
    one = await start("one", gone, clock)
    silent = Node(new_id("silent"))
    await one._table.put(silent.name, write_node(silent))
    await eventually(lambda: one.others == [silent])
    clock.now += GONE_AFTER
    one._forget_silent()
    assert not gone
    clock.now += 0.1
    one._forget_silent()
    assert gone == [silent]


async def test_a_second_node_with_the_same_name_is_refused(start: Start) -> None:
    await start("one")
    with pytest.raises(ClusterError, match="has the name one: set --node-name"):
        await start("one")


async def test_a_restart_after_a_crash_takes_the_name(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    one = await start("one")
    former = Node(new_id("two"))
    await one._table.put(former.name, write_node(former))
    await eventually(lambda: one.others == [former])
    again = await start("two")
    await eventually(lambda: one.others == [again.me])
    assert "has the name of this node" not in caplog.text


async def test_a_node_that_speaks_another_version_is_ignored(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    one = await start("one")
    for version in (3, 3, 2):
        understood = (3,) if version == 3 else (1, 2)
        node = Node(f"v{version}-12345678", version=version, understands=understood)
        await one._table.put(node.name, write_node(node))
    await eventually(lambda: [node.name for node in one.others] == ["v2"])
    assert caplog.text.count("node v3-12345678 understands the versions 3") == 1


async def test_a_deleted_bucket_is_made_again(start: Start) -> None:
    one, other = await start("one"), await start("other")
    await eventually(lambda: len(one.others) == 1)
    await one._connection.js.delete_key_value(BUCKET)
    await asyncio.gather(one._renew(), other._renew())
    assert await one._table.get("one") and await one._table.get("other")
    await other.announce(load=0.5)
    await eventually(lambda: one.others[0].load == 0.5)


def test_ids_of_one_name_differ() -> None:
    assert new_id("a") != new_id("a")
    assert new_id("a").startswith("a-")
