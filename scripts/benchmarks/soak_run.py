"""Records a long live stream for soak.py: one creator, and one browser for each playback path, all
at the same time.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from playwright.async_api import Browser, Error

from scripts.benchmarks.bare_page import BarePage, bare_page
from scripts.benchmarks.chromium import TooLate, script, until
from scripts.benchmarks.clapping import clapping
from scripts.benchmarks.inspected import PageFailed
from scripts.benchmarks.latency import BrokenPath, Progress
from scripts.benchmarks.memory import PageMemory, own
from scripts.benchmarks.page_clock import offset_of
from scripts.benchmarks.paths import PATHS
from scripts.benchmarks.soak import Report, Viewing
from scripts.benchmarks.studio import VIEWPORT, WITHIN

TAKE_EVERY = 5.0
MEMORY_EVERY = 15.0
"""Seconds between two memory samples. Each sample collects garbage, which may disturb playback."""
TELL_EVERY = 60.0
WATCH = (
    "window.sampler = timecode.watch(() => document.querySelector('.screen, video'), () => "
    "performance.now())"
)


async def measure(
    url: str,
    server: int | None,
    viewers: Sequence[Browser],
    *,
    paths: Sequence[str],
    report: Report,
    progress: Progress,
) -> None:
    """Adds samples to `report` until the planned duration is over. If the measurement is cancelled,
    the samples so far are valid.

    `server`: process id of the server, or None if the server is on another machine. Raises
    BadInput, Playwright's errors, and BrokenPath if a path does not start.
    """
    async with (
        clapping(url, "Soak", report.skew / 1_000) as (source, room),
        AsyncExitStack() as open_pages,
    ):
        pages = []
        for path, browser in zip(paths, viewers, strict=True):
            progress(f"{path}: begins")
            pages.append(
                await open_pages.enter_async_context(
                    _opened(browser, f"{url}/r/{room}?player={path}", path)
                )
            )
        began = time.monotonic()
        for page, viewing in zip(pages, report.viewings, strict=True):
            await page.begin(began, viewing)
        memory_due, tell_due = 0.0, TELL_EVERY
        while report.lasted < report.seconds:
            await asyncio.sleep(max(0.0, min(TAKE_EVERY, report.seconds - report.lasted)))
            await source.require_running()
            if source.take().total("creator_closed"):
                report.notes.append(f"{report.lasted:.0f} s: the creator lost its session")
                return
            await asyncio.gather(*(page.take() for page in pages))
            report.lasted = now = time.monotonic() - began
            if now >= memory_due:
                memory_due = now + MEMORY_EVERY
                await asyncio.gather(*(page.weigh() for page in pages))
                if server is not None:
                    report.server.append((now, own(server)))
            if now >= tell_due:
                tell_due += TELL_EVERY
                progress(
                    f"{now / 60:.0f} of {report.seconds / 60:.0f} min: "
                    + ", ".join(_so_far(report, viewing) for viewing in report.viewings)
                )


def _so_far(report: Report, viewing: Viewing) -> str:
    window = (report.lasted - TELL_EVERY, report.lasted)
    return (
        f"{viewing.path} {report.delay(viewing, window).p50:.0f} ms, apart "
        f"{report.apart(viewing, window).p50:.0f} ms"
    )


class _Viewer:
    """A watch page from which samples are taken."""

    def __init__(self, page: BarePage, memory: PageMemory, offset: float) -> None:
        self._page = page
        self._memory = memory
        self._offset = offset
        self._viewing = Viewing("")
        self._began = 0.0

    async def begin(self, began: float, viewing: Viewing) -> None:
        """Starts recording. `began`: the moment 0 of the recording. Discards earlier samples."""
        self._began, self._viewing = began, viewing
        viewing.watcher.origin = began
        await self._page.evaluate("void [sampler.take(), ear.take()]")

    async def take(self) -> None:
        if self._viewing.error:
            return
        try:
            samples, beeps, stats = await self._page.evaluate(
                "[sampler.take(), ear.take(), microlive.stats()]"
            )
        except PageFailed as error:
            self._viewing.error = str(error)
            return
        self._viewing.watcher.look((self._moment(ms), word) for ms, word in samples)
        self._viewing.watcher.listen(self._moment(ms) for ms in beeps)
        self._viewing.stats.append((time.monotonic() - self._began, stats))

    async def weigh(self) -> None:
        if self._viewing.error:
            return
        with suppress(PageFailed, Error):  # take() detects a page that is gone
            held = await self._memory.ask()
            self._viewing.memory.append((time.monotonic() - self._began, held))

    def _moment(self, ms: float) -> float:
        return ms / 1_000 + self._offset


@asynccontextmanager
async def _opened(browser: Browser, url: str, path: str) -> AsyncIterator[_Viewer]:
    """Opens the watch page at `url`. Yields the page once it plays video and audio. Raises
    BrokenPath if the page does not play in time.
    """
    async with bare_page(
        browser,
        url,
        VIEWPORT["width"],
        VIEWPORT["height"],
        *map(script, ("timecode", "connections", "ear")),
    ) as page:
        await page.evaluate(WATCH)
        await page.evaluate("document.querySelector('#unmute').click()")
        try:
            await until(
                page, f"(async () => sampler.started && await {PATHS[path].heard} > 0)()", WITHIN
            )
        except TooLate:
            raise BrokenPath(
                f"{path}: no video or no audio after {WITHIN:g} s on {page.url}"
            ) from None
        yield _Viewer(page, await PageMemory.of(page, browser), await offset_of(page))
