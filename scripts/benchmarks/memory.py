"""Memory use of a page and of a process."""

import math
from pathlib import Path

from playwright.async_api import Browser, CDPSession

from scripts.benchmarks.bare_page import BarePage
from scripts.benchmarks.memory_use import MemoryUse

MEGABYTE = 1 << 20


def own(pid: int) -> float:
    """Returns the resident anonymous memory of a process, MB. Returns NaN once the process has
    ended.

    Excludes mapped files and shared memory, because the measurement itself fills shared memory: to
    read a time code, the page draws frames to a canvas. Without a GPU, Chromium keeps up to half a
    gigabyte of these frames in shared memory (discardable memory).
    """
    try:
        fields = dict(
            line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        )
        return float(fields["RssAnon"].split()[0]) / 1_024
    except (OSError, KeyError):
        return math.nan


class PageMemory:
    """Measures the memory of a page. `ask()` first collects garbage in the page, its workers and
    its worklets. The browser must have no other page.
    """

    def __init__(self, page: BarePage, browser: CDPSession) -> None:
        self._page = page
        self._browser = browser

    @classmethod
    async def of(cls, page: BarePage, browser: Browser) -> "PageMemory":
        return cls(page, await browser.new_browser_cdp_session())

    async def ask(self) -> MemoryUse:
        """Returns the memory use of the page. Raises PageFailed, and Playwright's errors."""
        heap = 0.0
        for part in (self._page, *self._page.threads.values()):
            await part.send("HeapProfiler.collectGarbage")
            heap += (await part.send("Runtime.getHeapUsage"))["usedSize"] / MEGABYTE
        processes = (await self._browser.send("SystemInfo.getProcessInfo"))["processInfo"]
        # Choose the busiest renderer process, which belongs to the page. The browser keeps spare
        # renderers.
        renderer = max(
            (process for process in processes if process["type"] == "renderer"),
            key=lambda process: process["cpuTime"],
        )
        return MemoryUse(
            heap, own(renderer["id"]), sum(process["cpuTime"] for process in processes)
        )
