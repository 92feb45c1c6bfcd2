"""The page that scripts/bench weighs: driven, and inspected by nobody."""

import pytest
from playwright.async_api import Browser

from scripts.benchmarks.bare_page import PageFailed, bare_page
from scripts.benchmarks.local_server import LocalServer


async def test_a_bare_page_loads_with_its_scripts_and_is_not_playwrights(chromium: Browser, server: LocalServer) -> None:
    before = len(chromium.contexts)
    async with bare_page(chromium, server.url, 640, 360, "window.before = document.readyState") as page:
        told = await page.evaluate("Promise.resolve([before, document.readyState, innerWidth, innerHeight, location.href])")
        assert told == ["loading", "complete", 640, 360, f"{server.url}/"]
        assert len(chromium.contexts) == before
        with pytest.raises(PageFailed, match="no such thing"):
            await page.evaluate("Promise.reject(new Error('no such thing'))")
        with pytest.raises(PageFailed, match="Nothing.like"):
            await page.send("Nothing.like")
    with pytest.raises(PageFailed):
        await page.evaluate("1")
