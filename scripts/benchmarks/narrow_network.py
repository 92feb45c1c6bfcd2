"""A test network: the server and the viewers on one side of a link between namespaces, the
creators' browsers on the other side.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from playwright.async_api import Browser, Page, async_playwright

from scripts.benchmarks.checkout import ROOT
from scripts.benchmarks.chromium import executable, launch, script, until
from scripts.benchmarks.local_server import LocalServer
from scripts.benchmarks.namespaces import NEAR, Link
from scripts.benchmarks.packet_capture import PacketCapture
from scripts.benchmarks.spectator import Spectator
from scripts.benchmarks.studio import WITHIN, context_of, end_live, go_live

PLAYING = (
    "document.querySelector('video')?.currentTime > 0 && !document.querySelector('video').paused"
)


@dataclass(frozen=True, slots=True)
class TestNetwork:
    """A test network: the server's URL, the link, the packet capture and the browsers."""

    url: str
    link: Link
    capture: PacketCapture
    creators: Browser
    viewers: Browser

    @property
    def port(self) -> int:
        """The port of the server. Media (UDP) and HTTP use the same number."""
        return urlsplit(self.url).port or 0


@asynccontextmanager
async def test_network() -> AsyncIterator[TestNetwork]:
    """Starts a link, a packet capture, a server and two browsers. The process must have called
    `namespaces.enter()`.
    """
    executable()
    with (
        tempfile.TemporaryDirectory(prefix="microlive-bench-") as name,
        Link() as link,
        PacketCapture("near") as capture,
    ):
        folder = Path(name)
        async with (
            LocalServer(folder / "data", f"--host={NEAR}", f"--udp-hosts={NEAR}") as server,
            async_playwright() as playwright,
        ):
            # Declare the server's origin as secure: browsers allow cameras only on secure origins.
            secure = (f"--unsafely-treat-insecure-origin-as-secure={server.url}",)
            creators = await launch(
                playwright, program=link.wrapper(folder, executable()), more=secure
            )
            viewers = await launch(playwright, more=secure)
            try:
                yield TestNetwork(server.url, link, capture, creators, viewers)
            finally:
                await creators.close()
                await viewers.close()


@asynccontextmanager
async def live(
    test_network: TestNetwork, camera: str, *more: str
) -> AsyncIterator[tuple[Page, str, Spectator]]:
    """Starts a creator that goes live, and a viewer that records the room. Yields the studio's
    page, the room's URL and the viewer.
    """
    studio, watch = await go_live(test_network.creators, test_network.url, camera, *more)
    async with Spectator(test_network.url, watch.rpartition("/")[2]) as spectator:
        yield studio, watch, spectator
    await end_live(studio)


@asynccontextmanager
async def watching(test_network: TestNetwork, watch: str) -> AsyncIterator[Page]:
    """Opens a viewer's page. Yields the page once the video plays."""
    context = await context_of(test_network.viewers, "freezes")
    page = await context.new_page()
    await page.goto(f"{watch}?player=mse")
    await until(page, PLAYING, WITHIN)
    yield page
    await context.close()


async def shown(page: Page) -> list[float]:
    """Returns the time at which each frame appeared on a viewer's page, in seconds of
    `time.monotonic`.
    """
    offset = time.time() - time.monotonic()
    return [ms / 1_000 - offset for ms in await page.evaluate("freezes.take()")]


async def direct_page(browser: Browser, url: str, camera: str) -> Page:
    """Opens an empty page that may use the camera. Loads the script for direct WebRTC into the
    page.
    """
    context = await context_of(browser, "timecode", "connections", camera)
    page = await context.new_page()
    await page.goto(f"{url}/healthz")
    await page.context.grant_permissions(["camera", "microphone"])
    await page.evaluate(script("direct"))
    # Use the same camera as the studio.
    await page.evaluate(
        "navigator.mediaDevices.getUserMedia().then((stream) => void (timecode.source = "
        "() => stream))"
    )
    return page


class StockReceiver:
    """aiortc's own receiver in a separate process. A separate creator sends to this receiver from
    the other side of the link.
    """

    def __init__(self, process: asyncio.subprocess.Process, page: Page, port: int) -> None:
        self._process = process
        self._page = page
        self.port = port

    @classmethod
    async def start(cls, test_network: TestNetwork) -> "StockReceiver":
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "scripts.benchmarks.stock",
            cwd=ROOT,
            stdin=pipe,
            stdout=pipe,
            limit=1 << 24,
        )
        assert process.stdin and process.stdout
        page = await direct_page(test_network.creators, test_network.url, "beacon")
        process.stdin.write(json.dumps(await page.evaluate("direct.offer()")).encode() + b"\n")
        answer = json.loads(await asyncio.wait_for(process.stdout.readline(), WITHIN))
        await page.evaluate("sdp => direct.accept(sdp)", answer)
        candidate = next(
            line
            for line in answer.splitlines()
            if line.startswith("a=candidate:") and f" {NEAR} " in line
        )
        return cls(process, page, int(candidate.split()[5]))

    async def stop(self) -> list[float]:
        """Ends the receiver. Returns the time at which the receiver decoded each frame, in seconds
        of `time.monotonic`.
        """
        assert self._process.stdout and self._process.stdin
        self._process.stdin.close()
        moments: list[float] = json.loads(
            await asyncio.wait_for(self._process.stdout.readline(), WITHIN)
        )
        await self._page.context.close()
        await self._process.wait()
        return moments
