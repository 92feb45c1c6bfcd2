"""Measures each client beside the watch page, in the same run."""

import asyncio
import math
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, Error, Page

from scripts.benchmarks import clapper, timecode
from scripts.benchmarks.chromium import TooLate
from scripts.benchmarks.clapping import clapping
from scripts.benchmarks.clients import page, programs, site
from scripts.benchmarks.clients.catalogue import Client
from scripts.benchmarks.clients.pictures import Shown
from scripts.benchmarks.clients.watching import ClientFailed, Watching, shows
from scripts.benchmarks.figures import Bar
from scripts.benchmarks.own_room import own_room
from scripts.benchmarks.xvfb import XvfbMissing
from scripts.loadgen.errors import BadInput

YOUNG = 1.0
"""Seconds for which a room has been live when each client opens it."""
OLD = 20.0
"""Seconds for which the live of the measurement has been running at least: the playlist is full."""
OPENS_WITHIN = 30.0
SETTLE = 8.0
"""Seconds from the first pictures until the measurement starts."""
TRIES = 3
PICTURES = 0.98
"""Share of the pictures that a client must show."""

Progress = Callable[[str], None]


@dataclass(slots=True)
class Row:
    """What one client showed."""

    client: Client
    version: str = ""
    opened: float = math.nan
    """From the start of the client until its first picture, in a room that has been live for one
    second, ms. For a publisher: until the room is live.
    """
    shown: Shown | None = None
    sent: int = 0
    """Pictures sent during the measurement."""
    page: Shown | None = None
    """What the watch page showed in the same run."""
    error: str = ""

    @property
    def valid(self) -> bool:
        """Whether the watch page played without a stall."""
        return self.page is None or not self.page.stalls

    @property
    def share(self) -> float:
        return self.shown.pictures / self.sent if self.shown and self.sent else math.nan

    @property
    def summary(self) -> str:
        """One line while a run goes on: an interrupted run is not lost."""
        if self.shown is None:
            return f"{self.client.name}: {self.error}"
        return (
            f"{self.client.name}: {self.share:.1%} of the pictures, {self.shown.stalls} stalls, "
            f"{self.shown.delay.p50:.0f} ms behind" + ("" if self.valid else ", INVALID")
        )

    @property
    def bars(self) -> list[Bar]:
        name, shown = self.client.name, self.shown
        bars = [
            Bar(f"{name}: pictures", self.share, PICTURES, "of those sent", least=True),
            Bar(f"{name}: stalls", shown.stalls if shown else math.nan, 0, ""),
        ]
        if self.client.kind != "publisher":
            bars.append(Bar(f"{name}: opens a young room", self.opened, OPENS_WITHIN * 1_000, "ms"))
        if self.client.delay_bar is not None:
            delay = shown.delay.p50 if shown else math.nan
            bars.append(Bar(f"{name}: delay, p50", delay, self.client.delay_bar, "ms"))
        return bars

    def as_json(self) -> dict[str, Any]:
        return {
            "client": self.client.name,
            "version": self.version,
            "opened_ms": None if math.isnan(self.opened) else round(self.opened),
            "sent": self.sent,
            "shown": self.shown and self.shown.as_json(),
            "page": self.page and self.page.as_json(),
            "error": self.error,
        }


class Matrix:
    """Measures clients with one server. `origin`: the URL of the page of the other site."""

    def __init__(self, url: str, origin: str, browsers: Sequence[Browser], seconds: float) -> None:
        self._url = url
        self._origin = origin
        self._clients, self._viewers = browsers
        self._seconds = seconds

    async def measure(self, clients: Sequence[Client], progress: Progress) -> list[Row]:
        rows = [Row(client) for client in clients]
        for row in rows:
            await guarded(row, identify(row))
            if not row.error and row.client.kind != "publisher":
                progress(f"{row.client.name}: opens a room that has been live for one second")
                await guarded(row, self._open(row))
        async with clapping(self._url, "Clients") as (_, room):
            await asyncio.sleep(OLD)
            for row in rows:
                for attempt in range(TRIES):
                    if row.error or (attempt and row.valid):
                        break
                    progress(f"{row.client.name}: plays beside the watch page")
                    await guarded(
                        row,
                        self._publish(row)
                        if row.client.kind == "publisher"
                        else self._play(row, room),
                    )
                progress(row.summary)
        return rows

    async def _open(self, row: Row) -> None:
        async with clapping(self._url, "Clients") as (_, room):
            await asyncio.sleep(YOUNG)
            began = time.monotonic()
            async with self._playing(row.client, room) as client:
                row.opened = (await shows(client, 1, OPENS_WITHIN) - began) * 1_000

    async def _play(self, row: Row, room: str) -> None:
        async with (
            page.watch_page(self._viewers, f"{self._url}/r/{room}") as ours,
            self._playing(row.client, room) as client,
        ):
            await asyncio.gather(shows(client, 1, OPENS_WITHIN), shows(ours, 1, OPENS_WITHIN))
            row.sent = round(clapper.FPS * self._seconds)
            (row.shown, row.page), _ = await self._compare([client, ours], clapper.age)

    async def _publish(self, row: Row) -> None:
        async with own_room(self._url, "Clients") as (api, endpoint):
            began = time.monotonic()
            async with page.publishing(
                self._clients, self._origin, row.client, endpoint.whip, endpoint.key
            ) as publisher:
                await api.wait_live(endpoint.room, OPENS_WITHIN)
                row.opened = (time.monotonic() - began) * 1_000
                async with page.watch_page(self._viewers, f"{self._url}/r/{endpoint.room}") as ours:
                    await shows(ours, 1, OPENS_WITHIN)
                    (row.shown,), row.sent = await self._compare([ours], _unix_age, publisher)

    async def _compare(
        self,
        clients: Sequence[Watching],
        age: Callable[[int, float], float],
        publisher: Page | None = None,
    ) -> tuple[list[Shown], int]:
        """Measures clients that play, at the same time. Returns what they showed, and how many
        pictures the publisher sent meanwhile.
        """
        await asyncio.sleep(SETTLE)
        for client in clients:
            await client.take()
        began, before = time.monotonic(), await _sent(publisher)
        await asyncio.sleep(self._seconds)
        ended, sent = time.monotonic(), await _sent(publisher) - before
        return [Shown.of(await client.take(), began, ended, age) for client in clients], sent

    def _playing(self, client: Client, room: str) -> AbstractAsyncContextManager[Watching]:
        urls = {
            "hls": f"{self._url}/hls/{room}/index.m3u8",
            "whep": f"{self._url}/whep/{room}",
        }
        return (
            page.playing(self._clients, self._origin, client, urls)
            if client.kind == "page"
            else programs.started(client, urls["hls"])
        )


async def guarded(row: Row, work: Coroutine[Any, Any, None]) -> None:
    """Records the failure of a client in its row, so that the other clients are measured."""
    try:
        await work
    except (ClientFailed, XvfbMissing, BadInput, TooLate, TimeoutError, Error) as failure:
        row.error = str(failure).partition("\n")[0] or type(failure).__name__


async def identify(row: Row) -> None:
    """Finds the version of a client. Raises ClientFailed if the client is not installed."""
    client = row.client
    row.version = (
        await programs.version(client) if client.kind == "program" else site.version(client.package)
    )


async def _sent(publisher: Page | None) -> int:
    if publisher is None:
        return 0
    return int((await publisher.evaluate("connections.sent()"))["framesEncoded"])


def _unix_age(code: int, moment: float) -> float:
    now = (moment - time.monotonic() + time.time()) * 1_000
    return (now - code) % timecode.PERIOD
