"""This node's part in the cluster: its connection, the other nodes, and who owns which room."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, Self

from server.cluster.connection import Connection
from server.cluster.errors import ClusterError
from server.cluster.node import Node
from server.cluster.nodes import Nodes, new_id

logger = logging.getLogger(__name__)


class Cluster:
    """This node among the others. `open()` makes it; call `close()` at the end."""

    def __init__(self, node: Node) -> None:
        self.id = node.id
        self.name = node.name
        self._tasks: set[asyncio.Task[None]] = set()
        self._node = node
        self.connection: Connection
        self.nodes: Nodes

    @classmethod
    async def open(cls, url: str, name: str, public_url: str | None = None) -> Self:
        """Joins the cluster of `url` as the node `name`. `public_url`: the URL at which viewers
        reach this node. Raises ClusterError.
        """
        node = Node(new_id(name), public_url)
        cluster = cls(node)
        cluster.connection = await Connection.open(url, node.id, cluster._reconnected)
        try:
            cluster.nodes = Nodes(cluster.connection, node, cluster._gone)
            await cluster.nodes.open()
        except BaseException:
            await cluster.connection.close()
            raise
        logger.info("node %s of the cluster at %s", node.id, cluster.connection.place)
        return cluster

    async def close(self) -> None:
        """Leaves the cluster."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self.nodes.close()
        await self.connection.close()

    def _gone(self, node: Node) -> None:
        """Takes note that another node has gone."""

    def _reconnected(self) -> None:
        self._spawn(self._read_again())

    async def _read_again(self) -> None:
        try:
            await self.nodes.read_again()
        except ClusterError as error:
            logger.debug("the tables are not read again: %s", error)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
