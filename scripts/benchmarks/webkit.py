"""Debian's WebKitGTK, the nearest to Safari on Linux: MiniBrowser in Xvfb, through WebDriver."""

import asyncio
import base64
import json
import os
import shutil
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientConnectionError, ClientSession

from scripts.benchmarks.chromium import until
from scripts.benchmarks.process_end import end
from scripts.benchmarks.xvfb import xvfb

START_WITHIN, ANSWER_WITHIN = 60.0, 30.0
"""Seconds."""
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""The key of a web element's reference (W3C WebDriver §12)."""
PHONE = (390, 844)
"""CSS pixels of the window. MiniBrowser's toolbar sets a larger minimum width."""
SCREEN = (1_280, 1_024)
"""Pixels."""


class WebKitMissing(Exception):
    """WebKitWebDriver is not installed."""


class WebKit:
    """One window."""

    def __init__(self, http: ClientSession, driver: str) -> None:
        self._http = http
        self._driver = driver
        self._session = ""
        self.url = ""

    async def open(self) -> None:
        options = {
            "webkitgtk:browserOptions": {"args": ["--automation"]},
            "timeouts": {"script": ANSWER_WITHIN * 1_000},
        }
        answer = await self._call("POST", "/session", capabilities={"alwaysMatch": options})
        self._session = f"/session/{answer['sessionId']}"
        await self._call("POST", f"{self._session}/window/rect", width=PHONE[0], height=PHONE[1])

    async def goto(self, url: str) -> None:
        await self._call("POST", f"{self._session}/url", url=url)
        self.url = url

    async def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression or of its promise, as JSON.

        Raises AssertionError if it throws.
        """
        body = (
            f"const done = arguments[0]; (async () => JSON.stringify((await ({expression})) "
            "?? null))().then(done, e => done('!' + e))"
        )
        text = await self._call("POST", f"{self._session}/execute/async", script=body, args=[])
        assert not text.startswith("!"), text
        return json.loads(text)

    async def click(self, selector: str) -> None:
        """Clicks an element. The browser takes the click for a user's gesture."""
        found = await self._call(
            "POST", f"{self._session}/element", using="css selector", value=selector
        )
        await self._call("POST", f"{self._session}/element/{found[ELEMENT]}/click")

    async def screenshot(self) -> bytes:
        """A screenshot as PNG."""
        return base64.b64decode(await self._call("GET", f"{self._session}/screenshot"))

    async def close(self) -> None:
        if self._session:
            await self._call("DELETE", self._session)

    async def until(self, condition: str, within: float = 20.0) -> Any:
        """Waits until the expression is true, and returns its value. Raises TooLate."""
        return await until(self, condition, within)

    async def _call(self, method: str, path: str, **params: Any) -> Any:
        body = params if method == "POST" else None
        async with (
            asyncio.timeout(START_WITHIN),
            self._http.request(method, self._driver + path, json=body) as response,
        ):
            answer = await response.json()
            assert response.status == 200, answer
            return answer["value"]


@asynccontextmanager
async def webkit(home: Path, environ: Mapping[str, str] | None = None) -> AsyncIterator[WebKit]:
    """Starts a WebKitGTK that stores its data in that directory. `environ`: more variables of its
    environment. Raises WebKitMissing and XvfbMissing.
    """
    if shutil.which("WebKitWebDriver") is None:
        raise WebKitMissing(
            "needs WebKitWebDriver; on Debian: sudo apt-get install webkit2gtk-driver"
        )
    more = {"HOME": str(home), **(environ or {})}
    async with xvfb(*SCREEN) as display, _driver(display, more) as url, ClientSession() as http:
        browser = WebKit(http, url)
        try:
            await _listens(http, url)
            await browser.open()
            yield browser
        finally:
            await browser.close()


async def _listens(http: ClientSession, url: str) -> None:
    """Returns when the driver listens. Raises TimeoutError."""
    async with asyncio.timeout(START_WITHIN):
        while True:
            try:
                async with http.get(f"{url}/status"):
                    return
            except ClientConnectionError:
                await asyncio.sleep(0.05)


@asynccontextmanager
async def _driver(display: str, more: Mapping[str, str]) -> AsyncIterator[str]:
    """A WebDriver server; yields its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = {
        **os.environ,
        **more,
        "DISPLAY": display,
        "GDK_BACKEND": "x11",
        "NO_AT_BRIDGE": "1",
    }
    command = ["WebKitWebDriver", "--host=127.0.0.1", f"--port={port}"]
    process = await asyncio.create_subprocess_exec(
        *command, env=environ, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await end(process)
