"""The cluster of which this server is a node, if it is one."""

import re
import socket
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from server.cluster.errors import ClusterError
from server.settings import Settings

if TYPE_CHECKING:
    from server.cluster.cluster import Cluster

NAME_LENGTH = 40


async def open_cluster(
    settings: Settings, stack: AsyncExitStack, *, one_machine: bool = False
) -> "Cluster | None":
    """Joins the cluster of --nats; returns None without --nats. `one_machine`: whether all nodes
    are processes of one server, which share its data directory. Raises ClusterError.
    """
    if settings.nats is None:
        return None
    if settings.database is None and not one_machine:
        raise ClusterError("--nats needs --database: all nodes share one PostgreSQL")
    try:
        from server.cluster.cluster import Cluster  # late: it needs an optional package
    except ModuleNotFoundError as error:
        raise ClusterError(
            f"--nats needs the package {error.name}: install microlive[cluster]"
        ) from error
    name = node_name(settings)
    cluster = await Cluster.open(settings.nats.get_secret_value(), name, settings.node_url)
    stack.push_async_callback(cluster.close)
    return cluster


def node_name(settings: Settings) -> str:
    """Returns the name of this server in the cluster of --nats."""
    return settings.node_name or default_name(socket.gethostname())


def default_name(host: str) -> str:
    """Returns the name of a node on the machine `host`."""
    reduced = re.sub(r"[^a-z0-9]+", "-", host.lower())[:NAME_LENGTH].strip("-")
    return reduced or "node"
