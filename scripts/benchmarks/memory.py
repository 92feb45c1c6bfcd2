"""Memory use of a page and of a process."""

import math
from pathlib import Path

from playwright.async_api import Browser, CDPSession

from scripts.benchmarks.bare_page import BarePage
from scripts.benchmarks.memory_use import MemoryUse

MEGABYTE = 1 << 20


def own(pid: int) -> float:
    """Resident anonymous MB of a process; NaN once it has ended.

    Excludes mapped files and shared memory: without a GPU, Chromium keeps up to half a gigabyte of
    frames drawn to a canvas there (discardable memory), and reading a time code draws.
    """
    try:
        fields = dict(
            line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        )
        return float(fields["RssAnon"].split()[0]) / 1_024
    except (OSError, KeyError):
        return math.nan


class PageMemory:
    """`ask()` collects garbage first, also of workers and worklets. The browser must have no other
    page.
    """

    def __init__(self, page: BarePage, browser: CDPSession) -> None:
        self._page = page
        self._browser = browser

    @classmethod
    async def of(cls, page: BarePage, browser: Browser) -> "PageMemory":
        return cls(page, await browser.new_browser_cdp_session())

    async def ask(self) -> MemoryUse:
        """Raises PageFailed, and Playwright's errors."""
        heap = 0.0
        for part in (self._page, *self._page.threads.values()):
            await part.send("HeapProfiler.collectGarbage")
            heap += (await part.send("Runtime.getHeapUsage"))["usedSize"] / MEGABYTE
        processes = (await self._browser.send("SystemInfo.getProcessInfo"))["processInfo"]
        # A browser keeps spare renderers. The busiest renderer belongs to the page.
        renderer = max(
            (process for process in processes if process["type"] == "renderer"),
            key=lambda process: process["cpuTime"],
        )
        return MemoryUse(
            heap, own(renderer["id"]), sum(process["cpuTime"] for process in processes)
        )
