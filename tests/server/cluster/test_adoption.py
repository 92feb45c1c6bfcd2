"""Which rooms of a node that is gone this node adopts."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from server.cluster.adoption import SECOND_TURN, STALE_AFTER, Adoption
from server.cluster.node import Node
from server.cluster.nodes import Nodes

GONE = Node("gone-12345678")


class Directory:
    """The nodes that run."""

    def __init__(self, me: str, *others: str) -> None:
        self.me = Node(me)
        self.others = [Node(other) for other in others]

    def named(self, name: str) -> Node | None:
        return next((node for node in self.others if node.name == name), None)


class Rooms:
    """The rooms of the dead node, of which some can be adopted."""

    def __init__(self) -> None:
        self.left = {f"room{number}" for number in range(100)}
        self.adopted: list[set[str]] = []

    async def adopt(self, server: str, mine: Callable[[str], bool]) -> int:
        assert server == "gone"
        found = {room for room in self.left if mine(room)}
        self.left -= found
        self.adopted.append(found)
        return len(found)


class Sleeper:
    """Time, which passes at once. `then` is called after each sleep."""

    def __init__(self, then: Callable[[], object] = lambda: None) -> None:
        self.slept: list[float] = []
        self.then = then

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)
        self.then()


async def run(directory: Any, rooms: Rooms, sleep: Sleeper, leases: list[int]) -> None:
    async def read() -> dict[str, int]:
        return {"gone": leases.pop(0) if len(leases) > 1 else leases[0]}

    adoption = Adoption(cast(Nodes, directory), rooms, read, sleep)
    adoption.consider(GONE)
    adoption.consider(GONE)
    [task] = adoption._tasks.values()
    await task
    await adoption.close()


async def test_each_node_adopts_a_share_and_later_the_rest() -> None:
    shares = []
    for me, other in (("a-1", "b-1"), ("b-1", "a-1")):
        rooms, sleep = Rooms(), Sleeper()
        await run(Directory(me, other), rooms, sleep, [7])
        assert not rooms.left and sleep.slept == [STALE_AFTER, SECOND_TURN]
        shares.append(rooms.adopted[0])
    assert shares[0] | shares[1] == Rooms().left and not shares[0] & shares[1]
    assert min(map(len, shares)) > 20


async def test_a_node_that_comes_back_keeps_its_rooms() -> None:
    directory, rooms = Directory("a-1"), Rooms()
    back = Sleeper(lambda: directory.others.append(Node("gone-87654321")))
    await run(directory, rooms, back, [7])
    assert not rooms.adopted


async def test_a_node_that_still_uses_the_database_keeps_its_rooms(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rooms, sleep = Rooms(), Sleeper()
    await run(Directory("a-1"), rooms, sleep, [7, 8, 8, 9, 9, 9])
    assert sleep.slept == [STALE_AFTER] * 3 + [SECOND_TURN]
    assert caplog.text.count("node gone is cut off from NATS") == 2
    assert not rooms.left
