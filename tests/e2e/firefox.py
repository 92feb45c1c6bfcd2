"""Debian's Firefox with a fake camera, driven directly over WebDriver BiDi (W3C)."""

import asyncio
import base64
import json
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse

from tests.e2e.until import until

PREFERENCES = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    # No resolver here knows .local names.
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False,
}
START_WITHIN, ANSWER_WITHIN = 60.0, 30.0
PHONE = (390, 844)
"""CSS pixels."""


class Firefox:
    """One tab."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket
        self._number = 0
        self._tab = ""

    async def open(self) -> None:
        await self._call("session.new", capabilities={})
        tree = await self._call("browsingContext.getTree")
        self._tab = tree["contexts"][0]["context"]

    async def goto(self, url: str) -> None:
        await self._call("browsingContext.navigate", context=self._tab, url=url, wait="complete")

    async def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression or of its promise, as JSON.

        Raises AssertionError if it throws.
        """
        target = {"context": self._tab}
        whole = f"(async () => JSON.stringify((await ({expression})) ?? null))()"
        answer = await self._call(
            "script.evaluate",
            expression=whole,
            target=target,
            awaitPromise=True,
            userActivation=True,
        )
        assert answer["type"] == "success", answer
        return json.loads(answer["result"]["value"])

    async def phone(self) -> None:
        """Makes the window as small as a phone's from now on."""
        await self._call(
            "browsingContext.setViewport",
            context=self._tab,
            viewport={"width": PHONE[0], "height": PHONE[1]},
        )

    async def click(self, selector: str) -> None:
        """Clicks an element. The browser takes the click for a user's gesture."""
        await self.evaluate(f"document.querySelector({json.dumps(selector)}).click()")

    async def screenshot(self) -> bytes:
        """A screenshot as PNG."""
        answer = await self._call("browsingContext.captureScreenshot", context=self._tab)
        return base64.b64decode(answer["data"])

    async def until(self, condition: str, within: float = 20.0) -> Any:
        """Waits until the expression is true, and returns its value. Raises TimeoutError."""
        return await until(self.evaluate, condition, within)

    async def _call(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": params})
        async with asyncio.timeout(ANSWER_WITHIN):
            while True:
                answer = await self._socket.receive_json()
                if answer.get("id") == self._number:
                    assert answer["type"] == "success", answer
                    result: dict[str, Any] = answer["result"]
                    return result


@asynccontextmanager
async def firefox(
    profile: Path, preferences: Mapping[str, bool | int | str] = MappingProxyType({})
) -> AsyncIterator[Firefox]:
    """Starts a Firefox with a fresh profile in that directory. `preferences`: further ones."""
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    assert program, "needs Firefox; on Debian: sudo apt-get install firefox-esr"
    (profile / "user.js").write_text(
        "".join(
            f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
            for name, value in {**PREFERENCES, **preferences}.items()
        )
    )
    # Another HOME: Firefox looks there for profiles before it uses the given one.
    environ = {**os.environ, "HOME": str(profile), "MOZ_CRASHREPORTER_DISABLE": "1"}
    command = [
        program,
        "--headless",
        "--no-remote",
        "--profile",
        str(profile),
        "--remote-debugging-port=0",
    ]
    process = await asyncio.create_subprocess_exec(
        *command, env=environ, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr
    listener: asyncio.Task[None] | None = None
    try:
        async with asyncio.timeout(START_WITHIN):
            while b"ws://" not in (line := await process.stderr.readline()):
                assert line, "Firefox ended"
        listener = asyncio.create_task(_drain(process.stderr))
        async with (
            ClientSession() as http,
            http.ws_connect(line.decode().split()[-1] + "/session", max_msg_size=0) as socket,
        ):
            browser = Firefox(socket)
            await browser.open()
            yield browser
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()
        if listener:
            await listener


async def _drain(stream: asyncio.StreamReader) -> None:
    """Discards standard error: a full pipe would block the browser."""
    while await stream.read(65_536):
        pass
