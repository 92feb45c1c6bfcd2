"""A page that nobody inspects.

Playwright listens to the network of every page of its own, for which Chromium keeps what the page
fetches in the page's own process, up to 100 MB of it (CDP's `Network.enable`). Of a page that
fetches media all the time one would measure that. So this one is in a context that Playwright does
not know, and is driven by the few calls that it takes.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from playwright.async_api import Browser, CDPSession, Error

from scripts.benchmarks.chromium import until
from scripts.benchmarks.inspected import ANSWER_WITHIN, Inspected, PageFailed


class BarePage(Inspected):
    """`evaluate()` speaks JavaScript with it, `send()` CDP."""

    def __init__(self, browser: CDPSession, session: str, url: str) -> None:
        super().__init__(
            lambda message: browser.send(
                "Target.sendMessageToTarget", {"sessionId": session, "message": message}
            )
        )
        self.url = url
        self._session = session
        browser.on("Target.receivedMessageFromTarget", self._receive)

    async def evaluate(self, expression: str) -> Any:
        """The value of an expression, or of what it promises, as JSON has it. Raises PageFailed."""
        told = await self.send(
            "Runtime.evaluate",
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        if "exceptionDetails" in told:
            details = told["exceptionDetails"]
            raise PageFailed(
                details.get("exception", {}).get("description", details["text"]).splitlines()[0]
            )
        return told["result"].get("value")

    def _receive(self, event: dict[str, Any]) -> None:
        if event["sessionId"] == self._session:
            self.receive(event["message"])


@asynccontextmanager
async def bare_page(
    browser: Browser, url: str, width: int, height: int, *scripts: str
) -> AsyncIterator[BarePage]:
    """A page at `url`, in a fresh context, that runs the texts `scripts` before its own; closed at
    the end.

    Raises PageFailed, TooLate where it does not load, and Playwright's errors.
    """
    session = await browser.new_browser_cdp_session()
    context = (await session.send("Target.createBrowserContext"))["browserContextId"]
    try:
        size = {"width": width, "height": height}
        target = (
            await session.send(
                "Target.createTarget", {"url": "about:blank", "browserContextId": context, **size}
            )
        )["targetId"]
        attached = await session.send(
            "Target.attachToTarget", {"targetId": target, "flatten": False}
        )
        page = BarePage(session, attached["sessionId"], url)
        await page.send("Page.enable")
        await page.send(
            "Target.setAutoAttach", autoAttach=True, waitForDebuggerOnStart=False, flatten=False
        )
        await page.send(
            "Emulation.setDeviceMetricsOverride", **size, deviceScaleFactor=1, mobile=False
        )
        for text in scripts:
            await page.send("Page.addScriptToEvaluateOnNewDocument", source=text)
        await page.send("Page.navigate", url=url)
        await until(
            page,
            "location.protocol !== 'about:' && document.readyState === 'complete'",
            ANSWER_WITHIN,
        )
        yield page
    finally:
        with suppress(Error):
            await session.send("Target.disposeBrowserContext", {"browserContextId": context})
            await session.detach()
