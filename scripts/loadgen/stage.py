"""The creators of one process: when each comes and goes, the one timer that all of them send by,
and what is told of them once a second.
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
from scripts.loadgen.plans import StagePlan
from scripts.loadgen.publisher import Publisher
from scripts.loadgen.signalling import Refused

TICK = 0.004
AWAY = (1.0, 5.0)
"""Seconds, least and most, until a creator who went comes back."""


class Stage:
    """`start()`, then `tell()` once a second, then `close()`."""

    def __init__(self, plan: StagePlan) -> None:
        self.figures = Figures()
        self.sent_packets = self.sent_pictures = self.sent_bytes = 0
        self.remb: dict[str, int] = {}
        """The last bitrate each room's creator was told, bit/s."""
        self._plan = plan
        self._clip = Clip.from_json(plan.clip)
        self._loop = asyncio.get_running_loop()
        self._random = random.Random()
        context = ssl.create_default_context()
        if plan.insecure:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=32, ssl=context))
        self._publishers: set[Publisher] = set()
        self._connecting = 0
        self._connects: list[float] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None

    def start(self, first_at: float) -> None:
        """Sets every creator's arrival, evenly over the ramp. `first_at`: seconds of the Unix
        epoch.
        """
        now = time.time()
        for index, (room, key, url) in enumerate(self._plan.rooms):
            at = max(0.0, first_at + self._plan.ramp * index / len(self._plan.rooms) - now)
            self._spawn(self._live(at, room, key, url))
        self._tick()

    def tell(self) -> Figures:
        figures, self.figures = self.figures, Figures()
        figures.counts.update(
            {
                "packets": self.sent_packets,
                "pictures": self.sent_pictures,
                "sent_bytes": self.sent_bytes,
            }
        )
        self.sent_packets = self.sent_pictures = self.sent_bytes = 0
        figures.levels["publishing"] = sum(publisher.sending for publisher in self._publishers)
        figures.levels["offering"] = self._connecting
        figures.levels["remb_bps"] = sum(self.remb.values())
        connects, self._connects = self._connects, []
        if connects:
            figures.histogram("publish").add(connects)
        return figures

    async def close(self) -> None:
        """Every creator ends the session and goes."""
        if self._timer:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await asyncio.gather(*(publisher.close() for publisher in self._publishers))
        await self._http.close()

    def lost(self, publisher: Publisher, cause: str) -> None:
        """It sent until the session ended without its doing."""
        self.figures.counts[f"creator_closed/{cause}"] += 1

    async def _live(self, wait: float, room: str, key: str, url: str) -> None:
        """One creator, from coming to going, and again where creators come and go."""
        while True:
            await asyncio.sleep(wait)
            publisher = Publisher(
                self, self._clip, room, key, url, self._http, steady=self._plan.steady
            )
            self._publishers.add(publisher)
            connected = await self._connect(publisher)
            if not self._plan.stay:
                return
            if connected:
                await asyncio.sleep(self._random.expovariate(1 / self._plan.stay))
                self._publishers.discard(publisher)
                self.figures.counts["went"] += 1
                await publisher.close()
            wait = self._random.uniform(*AWAY)

    async def _connect(self, publisher: Publisher) -> bool:
        began = time.monotonic()
        self._connecting += 1
        try:
            await publisher.connect()
        except (Refused, ConnectionError, OSError) as error:
            self.figures.counts[f"creator_failed/{error}"] += 1
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
