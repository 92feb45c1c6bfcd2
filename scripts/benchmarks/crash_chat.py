"""The people who chat while a server is killed. Each person has a cookie. All people together write
at a given rate.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import count, cycle
from typing import Any

import aiohttp

from scripts.benchmarks.crash_ledger import Ledger, Shown
from scripts.benchmarks.guest import new_guest

PEOPLE = 120
"""Number of people. Each person may write only one message in 1.5 s."""
WITHIN = 5.0
"""Maximum seconds for a request."""
PAGE = 50
AGAIN = 0.5
"""Seconds after which a message that the server has refused is sent again."""


class Chat:
    """People in one room. Call `arrive()` once. After that, the people write while `speaking` is
    set.
    """

    def __init__(self, url: str, room: str, rate: float) -> None:
        """`rate`: number of messages per second that all people together write."""
        self.ledger = Ledger()
        self.speaking = asyncio.Event()
        self.answers: Counter[int] = Counter()
        """Number of answers to messages, by HTTP status."""
        self.commits: list[float] = []
        """Milliseconds from each message to its acknowledgement."""
        self._url, self._room, self._rate = url, room, rate
        self._cookies: list[str] = []
        self._writer: Iterator[str] = iter(())
        self._numbers = count(1)
        self._sending: set[asyncio.Task[None]] = set()
        self._author: dict[str, str] = {}
        self._http = aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(WITHIN),
            headers={"Origin": url},
        )

    async def arrive(self) -> None:
        """Requests the cookies of PEOPLE new guests."""
        for _ in range(PEOPLE):
            self._cookies.append(await new_guest(self._http, self._url))
        self._writer = cycle(self._cookies)

    async def talk(self) -> None:
        """Writes messages at the given rate until the task is cancelled."""
        due = time.monotonic()
        while True:
            if not self.speaking.is_set():
                await self.speaking.wait()
                due = time.monotonic()
            name = f"c{next(self._numbers)}"
            self._author[name] = next(self._writer)
            self.ledger.sent[name] = f"message {name}"
            task = asyncio.create_task(self._send(name))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
            due += 1 / self._rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def settle(self) -> None:
        """Waits until the requests of all messages have ended."""
        while self._sending:
            await asyncio.wait(self._sending)

    async def send_again(self) -> None:
        """Repeats the messages without an acknowledgement until all messages are acknowledged.
        Pages do the same after a restart.
        """
        while left := self.ledger.uncertain:
            await asyncio.gather(*map(self._send, left))
            if self.ledger.uncertain:
                await asyncio.sleep(AGAIN)

    async def history(self) -> list[Shown]:
        """Returns all messages that people wrote and that the room shows."""
        found: list[Shown] = []
        after = 0
        while True:
            page = await self._page(after)
            found += [
                Shown(message["n"], message["id"], message["text"])
                for message in page["messages"]
                if message["kind"] == "chat"
            ]
            if not page["messages"] or page["messages"][-1]["n"] >= page["sequence"]:
                return found
            after = page["messages"][-1]["n"]

    async def close(self) -> None:
        await self.settle()
        await self._http.close()

    async def _send(self, name: str) -> None:
        began = time.monotonic()
        with suppress(aiohttp.ClientError, TimeoutError):
            async with self._http.post(
                f"{self._url}/api/rooms/{self._room}/messages",
                json={"id": name, "text": self.ledger.sent[name]},
                headers={"Cookie": self._author[name]},
            ) as response:
                self.answers[response.status] += 1
                if response.status in (200, 201):
                    self.ledger.acknowledged[name] = (await response.json())["n"]
                    self.commits.append((time.monotonic() - began) * 1_000)

    async def _page(self, after: int) -> Any:
        async with self._http.get(
            f"{self._url}/api/rooms/{self._room}/messages",
            params={"after": after, "limit": PAGE},
        ) as response:
            response.raise_for_status()
            return await response.json()
