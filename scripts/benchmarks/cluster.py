"""Nodes of a cluster on one CPU core, with a nats-server and a PostgreSQL of their own."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.benchmarks.local_server import LocalServer
from scripts.benchmarks.nats_server import NatsServer, nats_server
from scripts.benchmarks.postgres import postgres

START_WITHIN = 90.0
"""Seconds that a node has to start. The first one also makes the tables of the database."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster that runs."""

    nats: NatsServer
    origin: LocalServer
    """The node at which the creators publish."""
    edges: list[LocalServer]


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Limits this thread to one core until the context ends, and for good the processes that it
    starts meanwhile.
    """
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@asynccontextmanager
async def cluster(folder: Path, edges: int, core: int, *arguments: str) -> AsyncIterator[Cluster]:
    """Starts an origin and its edges with these arguments. Raises PostgresMissing and NatsMissing,
    and ServerFailed.
    """
    async with AsyncExitStack() as stack:
        with on_core(core):
            database = stack.enter_context(postgres())
            stack.enter_context(database.running())
            nats = stack.enter_context(nats_server())
            stack.enter_context(nats.running())
            nodes = []
            for name in ("origin", *(f"edge{number + 1}" for number in range(edges))):
                options = (
                    *(f"--database={database.url()}", f"--nats={nats.url()}"),
                    *(f"--node-name={name}", "--drain=0", *arguments),
                )
                node = LocalServer(folder / name, *options, start_within=START_WITHIN)
                (folder / name).mkdir(parents=True)
                nodes.append(await stack.enter_async_context(node))
        yield Cluster(nats, nodes[0], nodes[1:])
