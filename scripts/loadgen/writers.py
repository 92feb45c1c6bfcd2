"""Guests who write messages into the chat of rooms, at a fixed rate."""

import asyncio
import random
import time
from itertools import count
from typing import Any

import aiohttp

from scripts.loadgen.chat_arrivals import message_text
from scripts.loadgen.figures import Figures
from scripts.loadgen.person_cookie import cookie_of
from scripts.loadgen.plans import WritersPlan

TIMEOUT = aiohttp.ClientTimeout(total=10)


class Writers:
    """Sends the messages of many guests, who take turns. Call `start()`, then `take_figures()` once
    a second, then `close()`.
    """

    def __init__(self, plan: WritersPlan) -> None:
        self._plan = plan
        self._figures = Figures()
        self._accepted: list[float] = []
        self._random = random.Random()
        self._run_id = f"{self._random.getrandbits(48):x}"
        self._numbers = count(1)
        self._cookies = [""] * plan.guests
        self._tasks: set[asyncio.Task[Any]] = set()
        self._http = aiohttp.ClientSession(
            timeout=TIMEOUT,
            cookie_jar=aiohttp.DummyCookieJar(),
            connector=aiohttp.TCPConnector(limit=0, ssl=not plan.insecure),
        )

    def start(self, first_at: float) -> None:
        self._spawn(self._write_for_ever(first_at))

    def take_figures(self) -> Figures:
        figures, self._figures = self._figures, Figures()
        accepted, self._accepted = self._accepted, []
        if accepted:
            figures.histogram("accept").add(accepted)
        return figures

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._http.close()

    async def _write_for_ever(self, first_at: float) -> None:
        due = max(first_at, time.time()) + self._plan.after
        for number in self._numbers:
            await asyncio.sleep(max(0.0, due - time.time()))
            due += 1 / self._plan.rate
            self._spawn(self._write(number))

    async def _write(self, number: int) -> None:
        guest = number % self._plan.guests
        room = self._random.choices(self._plan.rooms, self._plan.weights)[0]
        headers = {"Origin": self._plan.url}
        if self._cookies[guest]:
            headers["Cookie"] = self._cookies[guest]
        began = time.time_ns() // 1_000
        body = {"id": f"{self._run_id}-{number}", "text": message_text(number, began)}
        try:
            async with self._http.post(
                f"{self._plan.url}/api/rooms/{room}/messages", json=body, headers=headers
            ) as response:
                await response.read()
                if renewed := cookie_of(response.cookies):
                    self._cookies[guest] = renewed
                if response.status == 201:
                    self._figures.counts["chat_sent"] += 1
                    self._accepted.append((time.time_ns() // 1_000 - began) / 1_000)
                else:
                    self._figures.counts[f"chat_refused/HTTP {response.status}"] += 1
        except (aiohttp.ClientError, TimeoutError) as error:
            self._figures.counts[f"chat_refused/{type(error).__name__}"] += 1

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
