"""The creators of one worker process. Schedules their arrival, drives all of them with one timer,
and collects their figures once a second.
"""

import asyncio
import random
import ssl
import time
from collections.abc import Coroutine
from typing import Any

import aiohttp

from scripts.loadgen.clip import Clip
from scripts.loadgen.figures import Figures
from scripts.loadgen.moves import moves
from scripts.loadgen.plans import PublishersPlan
from scripts.loadgen.publisher import PublishedCounts, Publisher
from scripts.loadgen.signalling import Refused

TICK = 0.004
AWAY = (1.0, 5.0)
"""Minimum and maximum time between a creator's departure and its return, seconds."""


class Publishers:
    """Runs the simulated creators that a plan specifies. Call `start()`, then `take_figures()` once
    a second, then `close()`.
    """

    def __init__(self, plan: PublishersPlan) -> None:
        self.counts = PublishedCounts()
        self._plan = plan
        self._clip = Clip.from_json(plan.clip)
        self._loop = asyncio.get_running_loop()
        self._random = random.Random()
        context = ssl.create_default_context()
        if plan.insecure:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=32, ssl=context))
        self._events = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, ssl=context))
        self._publishers: set[Publisher] = set()
        self._connecting = 0
        self._connects: list[float] = []
        self._refusals: list[float] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None

    def start(self, first_at: float) -> None:
        """Schedules the arrival of all creators, evenly over the ramp. `first_at`: time of the
        first arrival, seconds since the Unix epoch.
        """
        now = time.time()
        for index, (room, key, url) in enumerate(self._plan.rooms):
            at = max(0.0, first_at + self._plan.ramp * index / len(self._plan.rooms) - now)
            self._spawn(self._live(at, room, key, url))
        self._tick()

    def take_figures(self) -> Figures:
        """Returns the figures counted since the last call."""
        figures, counts = Figures(), self.counts
        figures.counts.update(counts.events)
        figures.counts.update(
            {"packets": counts.packets, "frames": counts.frames, "sent_bytes": counts.bytes}
        )
        counts.events.clear()
        counts.packets = counts.frames = counts.bytes = 0
        figures.levels["publishing"] = sum(publisher.sending for publisher in self._publishers)
        figures.levels["offering"] = self._connecting
        figures.levels["remb_bps"] = sum(counts.remb.values())
        connects, self._connects = self._connects, []
        if connects:
            figures.histogram("publish").add(connects)
        refusals, self._refusals = self._refusals, []
        if refusals:
            figures.histogram("refuse").add(refusals)
        return figures

    async def close(self) -> None:
        """Ends the sessions of all creators and stops their tasks."""
        if self._timer:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await asyncio.gather(*(publisher.close() for publisher in self._publishers))
        await self._http.close()
        await self._events.close()

    async def _live(self, wait: float, room: str, key: str, url: str) -> None:
        """Runs one creator. If the plan has a `stay`, the creator repeatedly leaves and returns."""
        while True:
            await asyncio.sleep(wait)
            publisher = self._publisher(room, key, url)
            connected = await self._connect(publisher)
            if not self._plan.stay:
                if connected and self._plan.moves:
                    await self._follow_moves(publisher)
                return
            if connected:
                await asyncio.sleep(self._random.expovariate(1 / self._plan.stay))
                self._publishers.discard(publisher)
                self.counts.events["went"] += 1
                await publisher.close()
            wait = self._random.uniform(*AWAY)

    def _publisher(self, room: str, key: str, url: str) -> Publisher:
        publisher = Publisher(
            self.counts,
            self._clip,
            room,
            key,
            url,
            self._http,
            steady=self._plan.steady,
            loss=self._plan.loss,
        )
        self._publishers.add(publisher)
        return publisher

    async def _follow_moves(self, publisher: Publisher) -> None:
        """Replaces the publisher each time the server asks for it. The former one sends until the
        next one is connected.
        """
        async for _ in moves(self._events, publisher.url):
            following = self._publisher(publisher.room, publisher.key, publisher.url)
            if await self._connect(following):
                self.counts.events["moved"] += 1
                self._publishers.discard(publisher)
                await publisher.leave()
                publisher = following

    async def _connect(self, publisher: Publisher) -> bool:
        began = time.monotonic()
        self._connecting += 1
        try:
            await publisher.connect()
        except (Refused, ConnectionError, OSError) as error:
            self.counts.events[f"creator_failed/{error}"] += 1
            if isinstance(error, Refused) and error.status:
                self._refusals.append((time.monotonic() - began) * 1_000)
            self._publishers.discard(publisher)
            await publisher.close()
            return False
        finally:
            self._connecting -= 1
        self._connects.append((time.monotonic() - began) * 1_000)
        return True

    def _tick(self) -> None:
        now = time.monotonic()
        self._timer = self._loop.call_later(TICK, self._tick)
        for publisher in self._publishers:
            if publisher.sending:
                publisher.tick(now)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
