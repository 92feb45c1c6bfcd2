"""A creator that publishes the clapperboard (clapper.py) in a separate process."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from scripts.benchmarks import clapper
from scripts.benchmarks.own_room import own_room
from scripts.benchmarks.studio import WITHIN
from scripts.loadgen.plans import PublishersPlan
from scripts.loadgen.workers import Worker


@asynccontextmanager
async def clapping(url: str, title: str, skew: float = 0.0) -> AsyncIterator[tuple[Worker, str]]:
    """Publishes to a new room. `skew`: seconds by which the beeps are later than the flashes.
    Yields the process and the name of the room, which is live. Raises BadInput.
    """
    async with own_room(url, title) as (api, endpoint):
        clip = await asyncio.to_thread(_clip, skew)
        plan = PublishersPlan(
            insecure=False,
            rooms=[(endpoint.room, endpoint.key, endpoint.whip)],
            clip=clip,
            stay=0,
            ramp=0,
            steady=True,
        )
        source = Worker("the creator", "test_network", asdict(plan))
        try:
            await source.start()
            await source.ready()
            source.begin(time.time())
            await api.wait_live(endpoint.room, WITHIN)
            yield source, endpoint.room
        finally:
            await source.stop()


@lru_cache(maxsize=1)
def _clip(skew: float) -> dict[str, Any]:
    return clapper.encode(skew).to_json()
