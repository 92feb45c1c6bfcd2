"""The parts that limit the memory, the load and the connections of the server."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.composition.media import Media
from server.composition.outputs import Outputs
from server.host.admission import Admission
from server.host.descriptors import most_connections
from server.host.headroom import Limits
from server.host.stages import Stages
from server.http.charges import RateLimits
from server.http.connections import EACH, Connections
from server.http.identity import Identity
from server.http.shared_limits import SUBJECT, SharedLimits
from server.memory.budget import MemoryBudget, MemoryLimits
from server.memory.machine import default_budget
from server.memory.worker_memory import WorkerMemory
from server.rooms.registry import Rooms
from server.settings import Settings

if TYPE_CHECKING:
    from server.cluster.cluster import Cluster


@dataclass(frozen=True, slots=True)
class LoadLimits:
    """The parts that limit the memory, the load and the connections of the server."""

    memory: MemoryBudget
    admission: Admission
    stages: Stages
    connections: Connections
    rates: RateLimits

    def apply(self, settings: Settings) -> None:
        """Changes the limits of requests and connections to those of other settings."""
        self.rates.apply(settings)
        self.connections.set_limits(
            EACH * settings.max_sockets_per_address,
            min(settings.max_connections, most_connections()),
        )


def open_limits(
    rooms: Rooms,
    media: Media,
    outputs: Outputs,
    stored: Mapping[str, Callable[[], int]],
    settings: Settings,
    stack: AsyncExitStack,
) -> LoadLimits:
    """Starts the memory budget, and the timer that checks the connections. `stored`: functions that
    return the memory of stored media (`MemoryBudget`).
    """
    memory = MemoryBudget(
        MemoryLimits(
            settings.memory or default_budget(),
            settings.window_seconds,
            settings.window_bytes,
            settings.remb,
        ),
        rooms.in_memory,
        outputs.hls.renditions,
        outputs.whep,
        outputs.watch.buffered,
        measure_workers=WorkerMemory(media.workers.processes).measure,
        measure_stored=stored,
    )
    memory.start()
    stack.callback(memory.close)
    connections = Connections(
        EACH * settings.max_sockets_per_address,
        settings.trusted_proxies,
        min(settings.max_connections, most_connections()),
    )
    stack.callback(connections.close)
    return LoadLimits(
        memory,
        Admission(Limits(settings.max_load)),
        Stages(settings.remb),
        connections,
        RateLimits(settings),
    )


async def share_limits(
    limits: LoadLimits, identity: Identity, cluster: "Cluster", stack: AsyncExitStack
) -> None:
    """Shares the rate limits of addresses with the other nodes. Raises ClusterError."""
    limiters = {charged.setting: each for charged, each in limits.rates.routes.items()}
    limiters["max_people_per_address_hour"] = identity.new_people
    shared = SharedLimits(limiters, cluster.id, cluster.connection.publish)
    now = asyncio.get_running_loop().time
    await cluster.connection.listen(SUBJECT, lambda message: shared.receive(message.data, now()))
    shared.open()
    stack.push_async_callback(shared.close)
