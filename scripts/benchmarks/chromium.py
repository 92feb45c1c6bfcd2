"""Starts Chromium and controls it through Playwright. Chromium sends nothing to other machines."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from playwright.async_api import Browser, Playwright, async_playwright

PAGES = Path(__file__).parent / "pages"

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
    # Without this option, Chromium offers no ICE candidate on loopback.
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]


class ChromiumMissing(Exception):
    """Chromium is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "needs Chromium; on Debian: sudo apt-get install chromium fonts-liberation"
        )


def executable() -> str:
    """Returns the path of Debian's Chromium, because Playwright's own builds lack H.264. Raises
    ChromiumMissing.
    """
    found = shutil.which("chromium")
    if found is None:
        raise ChromiumMissing
    return found


async def launch(
    playwright: Playwright, *, without: str = "", program: str = "", more: tuple[str, ...] = ()
) -> Browser:
    """Starts Chromium. Only one page of a context is visible, and a hidden page gets no animation
    frames. To show two pages at the same time, use two contexts.

    `without`: omits the arguments that begin with this prefix. `more`: additional arguments.
    `program`: path of another program to start instead of Chromium. Raises ChromiumMissing.
    """
    arguments = [
        argument for argument in ARGUMENTS if not without or not argument.startswith(without)
    ]
    return await playwright.chromium.launch(
        executable_path=program or executable(), args=[*arguments, *more], timeout=30_000
    )


@asynccontextmanager
async def browsers(count: int) -> AsyncIterator[list[Browser]]:
    """Starts `count` browsers and closes them at the end. Raises ChromiumMissing."""
    executable()
    async with async_playwright() as playwright:
        started = [await launch(playwright) for _ in range(count)]
        try:
            yield started
        finally:
            for browser in started:
                await browser.close()


class TooLate(Exception):
    """A condition did not become true in time."""


class Evaluator(Protocol):
    """A page that evaluates expressions."""

    @property
    def url(self) -> str: ...

    async def evaluate(self, expression: str, /) -> Any: ...


async def until(page: Evaluator, condition: str, within: float = 20.0) -> Any:
    """Waits until a JavaScript expression has a truthy value, and returns this value. If
    `condition` yields a promise, awaits the promise. Raises TooLate after `within` seconds.

    Playwright's wait_for_function uses eval() in the page, which our Content-Security-Policy
    forbids.
    """
    try:
        async with asyncio.timeout(within):
            while True:
                if value := await page.evaluate(condition):
                    return value
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise TooLate(f"not true after {within:g} s on {page.url}: {condition}") from None


def script(name: str) -> str:
    """Returns the text of `pages/NAME.js`, for init scripts and evaluate()."""
    return (PAGES / f"{name}.js").read_text()
