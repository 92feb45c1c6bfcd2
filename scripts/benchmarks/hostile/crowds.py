"""Adds creators and viewers from the load generator to the server that is measured."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict

from scripts.benchmarks.hostile.yardstick import Yardstick, on_core
from scripts.loadgen.errors import BadInput
from scripts.loadgen.plans import CrowdPlan, PublishersPlan
from scripts.loadgen.target import PublishEndpoint, Server, parse_target
from scripts.loadgen.workers import Worker

CREATE_WITHIN, REPEAT_AFTER = 30.0, 0.5


async def create_rooms(url: str, count: int) -> list[PublishEndpoint]:
    """Creates rooms. A refused request is repeated, because creating many rooms can itself make the
    server busy. Raises BadInput if the server still refuses after CREATE_WITHIN seconds.
    """
    server = Server(parse_target(url, owned=True), None, insecure=False)
    made: list[PublishEndpoint] = []
    until = time.monotonic() + CREATE_WITHIN
    try:
        while len(made) < count:
            try:
                made.append(await server.create_room(f"crowd {len(made)}"))
            except BadInput:
                if time.monotonic() >= until:
                    raise
                await asyncio.sleep(REPEAT_AFTER)
    finally:
        await server.close()
    return made


@asynccontextmanager
async def load(role: str, plan: PublishersPlan | CrowdPlan, core: int) -> AsyncIterator[Worker]:
    """Runs a worker of the load generator on one core. The first creator or viewer of the worker
    arrives at once.
    """
    worker = Worker(role, role, asdict(plan))
    with on_core(core):
        await worker.start()
    try:
        await worker.ready()
        worker.begin(time.time())
        yield worker
    finally:
        await worker.stop()


async def counters_moved(yard: Yardstick, before: dict[str, float]) -> dict[str, float]:
    """Returns the server's counters that have grown since `before`, with the growth of each
    counter.
    """
    after = await yard.counters()
    return {
        name: value - before.get(name, 0.0)
        for name, value in after.items()
        if value > before.get(name, 0.0)
    }
