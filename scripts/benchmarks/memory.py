"""How much memory a page and a process hold."""

from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, CDPSession, Page

MEGABYTE = 1 << 20


def resident(pid: int) -> float:
    """MB that are the process's own or shared with others of its kind, without what it has mapped of files; NaN once it has ended."""
    try:
        fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        return sum(float(fields[name].split()[0]) for name in ("RssAnon", "RssShmem")) / 1_024
    except (OSError, KeyError):
        return float("nan")


@dataclass(frozen=True, slots=True)
class Held:
    """By one page; MB."""

    heap: float
    """Of its JavaScript, without workers."""
    renderer: float
    """Resident, of its renderer process with all that is in it."""
    spent: float
    """Seconds of CPU, of all processes of its browser since they began."""


class PageMemory:
    """`ask()` collects the page's garbage first. The browser must have no other page."""

    def __init__(self, page: CDPSession, browser: CDPSession) -> None:
        self._page = page
        self._browser = browser

    @classmethod
    async def of(cls, page: Page, browser: Browser) -> "PageMemory":
        return cls(await page.context.new_cdp_session(page), await browser.new_browser_cdp_session())

    async def ask(self) -> Held:
        """Raises Playwright's errors."""
        await self._page.send("HeapProfiler.collectGarbage")
        heap = await self._page.send("Runtime.getHeapUsage")
        processes = (await self._browser.send("SystemInfo.getProcessInfo"))["processInfo"]
        # A browser keeps an empty renderer in reserve: the page's is the larger one.
        renderer = max((resident(process["id"]) for process in processes if process["type"] == "renderer"), default=float("nan"))
        return Held(heap["usedSize"] / MEGABYTE, renderer, sum(process["cpuTime"] for process in processes))
