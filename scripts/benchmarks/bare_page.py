"""A page that Playwright does not inspect.

When Playwright inspects the network (CDP's `Network.enable`), Chromium keeps up to 100 MB of
fetched data in the page's own process. Memory measurements need a page without inspection. So this
page belongs to a browser context that Playwright does not know, and is controlled with a few CDP
calls.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from playwright.async_api import Browser, CDPSession, Error

from scripts.benchmarks.chromium import until
from scripts.benchmarks.inspected import ANSWER_WITHIN, Inspected, PageFailed


class BarePage(Inspected):
    """A page that Playwright does not inspect. `evaluate()` runs JavaScript in the page, and
    `send()` sends CDP commands.
    """

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
        """Evaluates a JavaScript expression, awaits the result if the result is a promise, and
        returns the value in JSON types. Raises PageFailed.
        """
        reply = await self.send(
            "Runtime.evaluate",
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        if "exceptionDetails" in reply:
            details = reply["exceptionDetails"]
            raise PageFailed(
                details.get("exception", {}).get("description", details["text"]).splitlines()[0]
            )
        return reply["result"].get("value")

    def _receive(self, event: dict[str, Any]) -> None:
        if event["sessionId"] == self._session:
            self.receive(event["message"])


@asynccontextmanager
async def bare_page(
    browser: Browser, url: str, width: int, height: int, *scripts: str
) -> AsyncIterator[BarePage]:
    """Opens a page at `url` in a new browser context and closes the page at the end. `scripts`:
    JavaScript texts to run before the page's own scripts. Raises PageFailed, TooLate if the page
    does not load, and Playwright's errors.
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
