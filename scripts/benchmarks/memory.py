"""How much memory a page and a process hold."""

import math
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, CDPSession

from scripts.benchmarks.bare_page import BarePage

MEGABYTE = 1 << 20


def own(pid: int) -> float:
    """Resident MB that are the process's own (anonymous); NaN once it has ended.

    Neither files that it has mapped nor what it shares: in there Chromium without a GPU keeps
    pictures that were drawn to a canvas, until it has half a gigabyte of them (discardable memory),
    and to read a time code is to draw.
    """
    try:
        fields = dict(
            line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        )
        return float(fields["RssAnon"].split()[0]) / 1_024
    except (OSError, KeyError):
        return math.nan


@dataclass(frozen=True, slots=True)
class Held:
    """By one page; MB."""

    heap: float
    """Of its JavaScript, with its workers' and worklets'."""
    renderer: float
    """Its renderer process's own, with all that is in it."""
    spent: float
    """Seconds of CPU, of all processes of its browser since they began."""


class PageMemory:
    """`ask()` collects garbage first, that of workers and worklets too. The browser must have no
    other page.
    """

    def __init__(self, page: BarePage, browser: CDPSession) -> None:
        self._page = page
        self._browser = browser

    @classmethod
    async def of(cls, page: BarePage, browser: Browser) -> "PageMemory":
        return cls(page, await browser.new_browser_cdp_session())

    async def ask(self) -> Held:
        """Raises PageFailed, and Playwright's errors."""
        heap = 0.0
        for part in (self._page, *self._page.threads.values()):
            await part.send("HeapProfiler.collectGarbage")
            heap += (await part.send("Runtime.getHeapUsage"))["usedSize"] / MEGABYTE
        processes = (await self._browser.send("SystemInfo.getProcessInfo"))["processInfo"]
        # A browser has renderers in reserve: the page's is the one that works.
        renderer = max(
            (process for process in processes if process["type"] == "renderer"),
            key=lambda process: process["cpuTime"],
        )
        return Held(heap, own(renderer["id"]), sum(process["cpuTime"] for process in processes))
