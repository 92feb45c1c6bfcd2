"""Kills a server in the middle of a chat, starts the server again, and compares the history of the
room with the messages that the server had acknowledged.
"""

import asyncio
import random
import sqlite3
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from playwright.async_api import Browser, Page
from sqlalchemy.ext.asyncio import AsyncConnection

from scripts.benchmarks import timecode
from scripts.benchmarks.chromium import TooLate, until
from scripts.benchmarks.crash_chat import Chat
from scripts.benchmarks.figures import Bar, Figures
from scripts.benchmarks.latency import Progress
from scripts.benchmarks.local_server import LocalServer
from scripts.benchmarks.studio import context_of, go_live
from server.storage.database import DATABASE_NAME
from server.storage.schema import metadata
from server.storage.storage import Storage

CHAT = (1.0, 2.5)
"""Shortest and longest time of chat before a kill, seconds."""
RETURN_WITHIN = 30.0
"""Maximum seconds from the start of the server until the creator is live and a viewer sees a new
picture.
"""
OPTIONS = (
    # All people write from the same address.
    "--max-people-per-address-hour=100000",
    "--max-person-requests-per-address-minute=1000000",
    "--max-requests-per-address-second=10000",
    "--max-lookups-per-address-minute=1000000",
    "--max-whip-per-address-minute=10000",
    # After a restart, all messages without an answer arrive at the same time.
    "--max-messages-per-room-second=1000",
)
LIVE = "document.body.dataset.screen === 'live' && document.body.dataset.link === 'live'"
WATCH = (
    "window.sampler = timecode.watch(() => document.querySelector('.screen, video'), () => "
    "Date.now())"
)
NEW_WITHIN = 3_000
"""Maximum age of a picture that counts as new when a viewer has returned, ms."""


@dataclass(slots=True)
class Run:
    """The results of all kills of one server."""

    database: str
    """`SQLite` or `PostgreSQL`."""
    kills: int = 0
    acknowledged: int = 0
    """Number of messages that the server acknowledged: with 201, or with 200 if a message was sent
    again.
    """
    unanswered: int = 0
    """Number of messages that got no answer because of a kill, and were therefore sent again."""
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    damage: list[str] = field(default_factory=list)
    """Faults in the database: in its schema or in its file."""
    starts: list[float] = field(default_factory=list)
    """Milliseconds from each kill until the server listens again."""
    returns: list[float] = field(default_factory=list)
    """Milliseconds from each start until creator and viewer are back."""
    missing: int | None = None
    """Number of times that the creator or the viewer did not come back; None without browsers."""
    answer: Figures = field(default_factory=lambda: Figures.of(()))
    """Milliseconds from a message to its acknowledgement."""

    @property
    def bars(self) -> list[Bar]:
        counts = [
            ("acknowledged messages lost", len(self.lost)),
            ("messages stored twice", len(self.twice)),
            ("messages changed", len(self.changed)),
            ("damage of the schema", len(self.damage)),
        ]
        if self.missing is not None:
            counts.append(("returns of creator or viewer missing", self.missing))
        return [Bar(f"{self.database}: {name}", value, 0, "") for name, value in counts]

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {
            "starts": Figures.of(self.starts).as_json(),
            "returns": Figures.of(self.returns).as_json(),
            "answer": self.answer.as_json(),
        }


@dataclass(frozen=True, slots=True)
class Plan:
    count: int
    """Number of kills."""
    rate: float
    """Number of messages per second that all people together write."""
    browsers: Sequence[Browser] = ()
    """Browsers of the creator and of a viewer. If empty, the room has no creator and no viewer."""


async def measure(data: Path, url: str | None, plan: Plan, *, progress: Progress) -> Run:
    """Kills a server several times. `data`: the server's data folder. `url`: URL of the server's
    PostgreSQL database; None for SQLite. Raises ServerFailed, and Playwright's errors.
    """
    run = Run("SQLite" if url is None else "PostgreSQL")
    if plan.browsers:
        run.missing = 0
    options = [*OPTIONS, *([] if url is None else [f"--database={url}"])]
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(LocalServer(data, *options))
        room, pages = await _room(server.url, plan.browsers, stack)
        chat = Chat(server.url, room, plan.rate)
        stack.push_async_callback(chat.close)
        await chat.arrive()
        talking = asyncio.create_task(chat.talk())
        stack.callback(talking.cancel)
        for number in range(plan.count):
            progress(f"{run.database}: kill {number + 1} of {plan.count}")
            await _kill(server, chat, pages, run)
        await chat.settle()
    run.acknowledged = len(chat.ledger.acknowledged)
    run.answer = Figures.of(chat.commits)
    run.damage += await _damage(data, url)
    return run


async def _room(
    url: str, browsers: Sequence[Browser], stack: AsyncExitStack
) -> tuple[str, list[Page]]:
    """Creates a room. If there are browsers, a creator goes live in the room and a viewer watches
    the room.
    """
    if not browsers:
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{url}/api/rooms", json={"title": "crash"}) as response,
        ):
            response.raise_for_status()
            return str((await response.json())["room"]), []
    studio, watch = await go_live(browsers[0], url, "camera")
    viewer = await (await context_of(browsers[1], "timecode", "connections")).new_page()
    await viewer.goto(f"{watch}?player=webcodecs")
    await viewer.evaluate(WATCH)
    await _until_watching(viewer)
    for page in (studio, viewer):
        stack.push_async_callback(page.context.close)
    return watch.rpartition("/")[2], [studio, viewer]


async def _kill(server: LocalServer, chat: Chat, pages: list[Page], run: Run) -> None:
    chat.speaking.set()
    await asyncio.sleep(random.uniform(*CHAT))
    began = time.monotonic()
    await server.kill()
    chat.speaking.clear()
    await chat.settle()
    run.unanswered += len(chat.ledger.uncertain)
    await server.start()
    listening = time.monotonic()
    run.kills += 1
    run.starts.append((listening - began) * 1_000)
    # Check the history before anything is sent again: it must contain all acknowledged messages.
    _note(run, chat, await chat.history())
    await chat.send_again()
    _note(run, chat, await chat.history())
    if pages:
        try:
            await until(pages[0], LIVE, RETURN_WITHIN)
            await _until_watching(pages[1])
            run.returns.append((time.monotonic() - listening) * 1_000)
        except TooLate:
            run.missing = (run.missing or 0) + 1


async def _until_watching(viewer: Page) -> None:
    """Waits until the page shows a new picture of the creator. Raises TooLate."""
    try:
        async with asyncio.timeout(RETURN_WITHIN):
            await viewer.evaluate("void sampler.take()")
            while True:
                for now, word in await viewer.evaluate("sampler.take()"):
                    age = timecode.age(word, now)
                    if age is not None and age < NEW_WITHIN:
                        return
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise TooLate(f"no new picture within {RETURN_WITHIN:.0f} s") from None


def _note(run: Run, chat: Chat, history: list[Any]) -> None:
    found = chat.ledger.compare(history)
    for names, new in (
        (run.lost, found.lost),
        (run.twice, found.twice),
        (run.changed, found.changed),
    ):
        names += [name for name in new if name not in names]


async def _damage(data: Path, url: str | None) -> list[str]:
    """Returns the faults of the database (`Run.damage`). Call this after the server has ended."""
    problems = []
    if url is None:
        with closing(sqlite3.connect(data / DATABASE_NAME)) as file:
            (found,) = file.execute("PRAGMA integrity_check").fetchone()
        if found != "ok":
            problems.append(str(found))
    storage = await Storage.open(data, url)
    try:
        problems += await storage.database.read(_differences)
    finally:
        await storage.close()
    return problems


async def _differences(connection: AsyncConnection) -> list[str]:
    return await connection.run_sync(
        lambda known: [
            str(difference)
            for difference in compare_metadata(MigrationContext.configure(known), metadata)
        ]
    )
