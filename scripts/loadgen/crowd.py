"""The viewers of one worker process. Schedules their arrival, holds the resources that they share,
and collects their figures once a second.
"""

import asyncio
import errno
import importlib
import random
import ssl
import time
from collections.abc import Callable, Coroutine
from functools import partial
from itertools import count, islice
from typing import Any

import aiohttp

from scripts.loadgen.chat_arrivals import ChatArrivals
from scripts.loadgen.clocks import TIME_EXCHANGES, Clocks
from scripts.loadgen.delivery import Delivery
from scripts.loadgen.figures import Figures
from scripts.loadgen.plans import CrowdPlan
from scripts.loadgen.poller import Poller
from scripts.loadgen.signalling import Refused
from scripts.loadgen.taps import TAPS_EVERY, taps_in_notice
from scripts.loadgen.viewer import Viewer
from scripts.loadgen.walker import MARGIN

KINDS = {
    "ws": "WebSocketViewer",
    "standby": "StandbyViewer",
    "whep": "WhepViewer",
    "hls": "HlsViewer",
}
"""Class name of the viewer for each playback path. Only the module of the class in use is
imported.
"""
COUNTED = ("bytes", "messages", "gaps", "events", "event_bytes", "event_gaps", "unreadable")
READ_SIZE = 256 * 1024
CONNECT_TIMEOUT = 10.0
SLICES = 20
"""Number of time slices in a second. Each viewer reports in one of the slices, so that the reports
are spread evenly.
"""
SLOW_EVERY = 0.1
RUDE_STAYS = (2.0, 20.0)
"""Minimum and maximum time that a rude viewer stays before it vanishes, seconds."""
RETURN_AFTER = 1.0
FINISH_WITHIN = 5.0


class Crowd:
    """Runs the simulated viewers that a plan specifies. Call `start()`, then `take_figures()` once
    a second, then `close()`.
    """

    def __init__(self, plan: CrowdPlan) -> None:
        self.delivery = Delivery()
        self.slow_delivery = Delivery()
        self.buffer = bytearray(MARGIN + READ_SIZE)
        self.read_buffer = memoryview(self.buffer)[MARGIN:]
        self.poller = Poller(self.read_buffer)
        self.clocks = Clocks(plan.same_clock)
        self.arrivals = ChatArrivals() if plan.reads_events else None
        self.small_buffer = self.read_buffer[: max(1, int(plan.slow_bps / 8 * SLOW_EVERY))]
        self._plan = plan
        self._loop = asyncio.get_running_loop()
        self._random = random.Random()
        self._viewers: dict[Viewer, float] = {}
        """The viewers, each with the time of its arrival, seconds of `time.monotonic`."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._timers: dict[Viewer, asyncio.TimerHandle] = {}
        self._pending: set[asyncio.TimerHandle] = set()
        self._slice = 0
        self._tap_slice = 0
        self._figures = Figures()
        self._joins: list[float] = []
        self._connects: list[float] = []
        self._refusals: list[float] = []
        self._leaving: set[asyncio.Future[Any]] = set()
        self._closing = False
        self._numbers = count(1)
        self._http: aiohttp.ClientSession | None = None
        self.ssl = self._context() if plan.tls else None
        self._kind = self._load_kind()

    def start(self, first_at: float) -> None:
        """Schedules the arrival of all viewers, evenly over the ramp. `first_at`: time of the first
        arrival, seconds since the Unix epoch.
        """
        plan, now = self._plan, time.time()
        for index in range(plan.viewers):
            at = max(0.0, first_at + plan.ramp * index / plan.viewers - now)
            # This value spreads the slow and rude viewers evenly among all viewers.
            kind = (index * 2_654_435_761 >> 7) % plan.viewers
            self._after(
                at,
                partial(self._arrive, kind < plan.slow, plan.slow <= kind < plan.slow + plan.rude),
            )
        self._every(1 / SLICES, self._report)
        if plan.taps:
            self._every(TAPS_EVERY / SLICES, self._tap)
        if plan.slow:
            self._every(SLOW_EVERY, self._read_slow_viewers)

    def take_figures(self) -> Figures:
        """Returns the figures counted since the last call."""
        figures, self._figures = self._figures, Figures()
        figures.levels["watching"] = sum(viewer.watching for viewer in self._viewers)
        figures.levels["connecting"] = len(self._viewers) - figures.levels["watching"]
        for prefix, delivery in (("", self.delivery), ("slow_", self.slow_delivery)):
            figures.counts.update({f"{prefix}{name}": getattr(delivery, name) for name in COUNTED})
            for name in COUNTED:
                setattr(delivery, name, 0)
        delays, self.delivery.delays = self.delivery.delays, []
        joins, self._joins = self._joins, []
        connects, self._connects = self._connects, []
        refusals, self._refusals = self._refusals, []
        for name, values in (
            ("delay", delays),
            ("join", joins),
            ("connect", connects),
            ("refuse", refusals),
        ):
            if values:
                figures.histogram(name).add(values)
        if self.arrivals:
            self._take_chat(figures, self.arrivals)
        return figures

    def _take_chat(self, figures: Figures, arrivals: ChatArrivals) -> None:
        figures.histogram("chat").add(arrivals.take_delays(time.time_ns() // 1_000))
        counts = arrivals.take_counts()
        figures.counts["chat_received"] = counts.received
        figures.counts["chat_missing"] = counts.missing
        figures.counts["chat_repeated"] = counts.repeated
        figures.counts["taps_received"] = counts.taps

    async def close(self) -> None:
        """Makes all viewers leave, then closes all connections."""
        self._closing = True
        for timer in [*self._pending, *self._timers.values()]:
            timer.cancel()
        for viewer in list(self._viewers):
            viewer.leave()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._leaving:
            await asyncio.wait(self._leaving, timeout=FINISH_WITHIN)
        await self.clocks.close()
        if self._http:
            await self._http.close()
        self.poller.close()

    # Used by viewers

    @property
    def address(self) -> tuple[str, int]:
        return self._plan.host, self._plan.port

    @property
    def path(self) -> str:
        """Path of the server's root, without a trailing slash."""
        return self._plan.path

    @property
    def host(self) -> str:
        """Host and port of the server, as in a URL or a Host header."""
        host = self._plan.host
        return f"[{host}]:{self._plan.port}" if ":" in host else f"{host}:{self._plan.port}"

    @property
    def http(self) -> aiohttp.ClientSession:
        """The HTTP client session for rare requests. An LL-HLS viewer, which sends requests all the
        time, has its own connection instead.
        """
        if self._http is None:
            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, ssl=self.ssl or True)
            )
        return self._http

    def url(self, path: str) -> str:
        return f"{'https' if self._plan.tls else 'http'}://{self.host}{self._plan.path}{path}"

    def next_number(self) -> int:
        """Returns a number that is unique among all viewers of the run."""
        return self._plan.first + next(self._numbers)

    def finish_leaving(self, leaving: Coroutine[Any, Any, Any]) -> None:
        """Runs `leaving`, a coroutine that sends a viewer's last requests after the viewer has
        left.
        """
        task = self._loop.create_task(leaving)
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    def never_reads(self) -> bool:
        """Whether the next rude viewer stays connected but never reads. If false, the next rude
        viewer vanishes.
        """
        return self._random.random() < 0.5

    def connected(self, viewer: Viewer, took_ms: float) -> None:
        self._timers.pop(viewer).cancel()
        self._connects.append(took_ms)
        if viewer.probe and self.clocks.unknown:
            for number in range(TIME_EXCHANGES):
                self._after(0.1 * number, viewer.ask_time)
        if viewer.rude:
            self._later(viewer, self._random.uniform(*RUDE_STAYS), self._vanish)
        elif self._plan.swipe:
            self._later(viewer, self._random.expovariate(1 / self._plan.swipe), self._swipe)

    def joined(self, viewer: Viewer, took_ms: float) -> None:
        if not viewer.slow:
            self._joins.append(took_ms)

    def paced(self, viewer: Viewer, pace: str) -> None:
        self._count(viewer, f"paced/{pace}")

    def failed(self, viewer: Viewer, cause: str) -> None:
        """Counts and removes a viewer that failed to connect."""
        self._count(viewer, f"failed/{cause}")
        if cause.startswith("HTTP ") and viewer in self._viewers:
            self._refusals.append((time.monotonic() - self._viewers[viewer]) * 1_000)
        self._gone(viewer)

    def lost(self, viewer: Viewer, code: str) -> None:
        """Counts and removes a viewer that lost its connection while watching."""
        self._count(viewer, f"closed/{code}")
        self._gone(viewer)

    # Arriving and leaving

    def _arrive(self, slow: bool, rude: bool) -> None:
        if self._closing:
            return
        room = self._random.choices(self._plan.rooms, self._plan.weights)[0]
        viewer = self._kind(self, room, probe=self._plan.probe, slow=slow, rude=rude)
        self._viewers[viewer] = time.monotonic()
        if viewer.probe and self._plan.playback_path in ("whep", "hls"):
            self.clocks.keep(room, self.http, self.url(f"/ws/{room}?media=0&player=load"))
        task = self._loop.create_task(self._connect(viewer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, viewer: Viewer) -> None:
        self._later(viewer, CONNECT_TIMEOUT, self._too_late)
        try:
            await viewer.connect()
        except (OSError, Refused) as error:
            if viewer in self._viewers:  # the viewer may have left meanwhile
                viewer.vanish()
                self.failed(viewer, _cause(error))

    def _too_late(self, viewer: Viewer) -> None:
        viewer.vanish()
        self.failed(viewer, "timeout")

    def _gone(self, viewer: Viewer) -> None:
        self._forget(viewer)
        if self._plan.swipe and not self._closing:
            self._after(RETURN_AFTER, lambda: self._arrive(viewer.slow, viewer.rude))

    def _load_kind(self) -> Callable[..., Viewer]:
        name = KINDS[self._plan.playback_path]
        kind: Callable[..., Viewer] = getattr(
            importlib.import_module(
                f"scripts.loadgen.{name.removesuffix('Viewer').lower()}_viewer"
            ),
            name,
        )
        return kind

    def _forget(self, viewer: Viewer) -> None:
        viewer.watching = False
        self._viewers.pop(viewer, None)
        if timer := self._timers.pop(viewer, None):
            timer.cancel()

    def _swipe(self, viewer: Viewer) -> None:
        self._figures.counts["swipes"] += 1
        viewer.leave()
        self._forget(viewer)
        self._arrive(viewer.slow, viewer.rude)

    def _vanish(self, viewer: Viewer) -> None:
        self._figures.counts["vanished"] += 1
        viewer.vanish()
        self._gone(viewer)

    # Timers

    def _report(self) -> None:
        self._slice = (self._slice + 1) % SLICES
        for viewer in islice(self._viewers, self._slice, None, SLICES):
            viewer.report()

    def _tap(self) -> None:
        self._tap_slice = (self._tap_slice + 1) % SLICES
        for viewer in islice(self._viewers, self._tap_slice, None, SLICES):
            taps = taps_in_notice(self._plan.taps, self._random.random())
            if taps and viewer.watching and not viewer.slow and not viewer.rude:
                viewer.tap(taps)
                self._figures.counts["taps_sent"] += taps
                self._figures.counts["tap_notices"] += 1

    def _read_slow_viewers(self) -> None:
        for viewer in self._viewers:
            if viewer.slow and viewer.watching:
                viewer.allow(len(self.small_buffer))

    def _later(self, viewer: Viewer, seconds: float, call: Callable[[Viewer], None]) -> None:
        """Starts the timer of a viewer. A viewer has only one timer, so the new timer replaces the
        old timer.
        """
        if timer := self._timers.pop(viewer, None):
            timer.cancel()
        self._timers[viewer] = self._loop.call_later(seconds, call, viewer)

    def _after(self, seconds: float, call: Callable[[], None]) -> None:
        def due() -> None:
            self._pending.discard(handle)
            call()

        handle = self._loop.call_later(seconds, due)
        self._pending.add(handle)

    def _every(self, seconds: float, call: Callable[[], None]) -> None:
        def again() -> None:
            self._after(seconds, again)
            call()

        again()

    def _count(self, viewer: Viewer, what: str) -> None:
        self._figures.counts[f"slow_{what}" if viewer.slow or viewer.rude else what] += 1

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._plan.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def _cause(error: Exception) -> str:
    """Returns the cause of a failed connection, as a name under which the failure is counted."""
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {error.reason}"
    if isinstance(error, OSError):
        causes = {
            errno.EADDRNOTAVAIL: "no free local port",
            errno.EMFILE: "no free descriptor",
            errno.ECONNRESET: "reset",
        }
        return causes.get(error.errno or 0, error.strerror or str(error))
    return str(error)
