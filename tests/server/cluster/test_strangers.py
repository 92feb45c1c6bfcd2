"""Servers of the same database that are no nodes."""

from typing import Any, cast

import pytest

from server.cluster.node import Node
from server.cluster.nodes import Nodes
from server.cluster.strangers import Strangers


class Directory:
    def named(self, name: str) -> Node | None:
        return Node("node-1") if name == "node" else None


async def test_a_running_server_that_is_no_node_is_named_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    leases = {"node": 1, "stranger": 1, "stopped": 9}

    async def read() -> dict[str, int]:
        return dict(leases)

    strangers = Strangers(cast(Nodes, cast(Any, Directory())), read)
    await strangers.look()
    assert not caplog.text
    for _ in range(2):
        leases["node"] += 3
        leases["stranger"] += 3
        await strangers.look()
    assert caplog.text.count("the server stranger uses the same database") == 1
    assert caplog.text.count("no node") == 1
