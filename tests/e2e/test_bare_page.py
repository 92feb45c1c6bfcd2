"""The page whose memory scripts/bench measures, driven without an inspector."""

import asyncio

import pytest
from playwright.async_api import Browser

from scripts.benchmarks.bare_page import bare_page
from scripts.benchmarks.inspected import PageFailed
from scripts.benchmarks.local_server import LocalServer
from scripts.benchmarks.memory import PageMemory

EIGHT_MB = "data:text/javascript,self.kept = new Array(1 << 20).fill(0.5); postMessage(0)"


async def test_a_bare_page_loads_with_its_scripts_and_is_not_playwrights(
    chromium: Browser, server: LocalServer
) -> None:
    before = len(chromium.contexts)
    async with bare_page(
        chromium, f"{server.url}/explore", 640, 360, "window.before = document.readyState"
    ) as page:
        told = await page.evaluate(
            "Promise.resolve([before, document.readyState, innerWidth, innerHeight, location.href])"
        )
        assert told == ["loading", "complete", 640, 360, f"{server.url}/explore"]
        assert len(chromium.contexts) == before
        with pytest.raises(PageFailed, match="no such thing"):
            await page.evaluate("Promise.reject(new Error('no such thing'))")
        with pytest.raises(PageFailed, match="Nothing.like"):
            await page.send("Nothing.like")
    with pytest.raises(PageFailed):
        await page.evaluate("1")


async def test_what_a_worker_holds_is_weighed_with_its_page(chromium: Browser) -> None:
    async with bare_page(chromium, "data:text/html,<title>Workers</title>", 640, 360) as page:
        memory = await PageMemory.of(page, chromium)
        alone = await memory.ask()
        await page.evaluate(
            f"new Promise(done => {{ window.worker = new Worker('{EIGHT_MB}'); "
            f"worker.onmessage = () => done() }})"
        )
        assert len(page.threads) == 1
        both = await memory.ask()
        assert both.heap - alone.heap > 8

        thread = next(iter(page.threads.values()))
        asking = asyncio.create_task(
            thread.send("Runtime.evaluate", expression="new Promise(() => 0)", awaitPromise=True)
        )
        await asyncio.sleep(0)
        await page.evaluate("worker.terminate()")
        with pytest.raises(PageFailed, match="it has ended"):
            await asking
        assert not page.threads
        assert (await memory.ask()).heap < both.heap - 8
