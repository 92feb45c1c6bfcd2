"""The list of the rooms on air."""

from pathlib import Path

import pytest

from server.http import rooms_on_air
from tests.fixtures.people import Browser
from tests.fixtures.server import running
from tests.server.http.test_feed import go_live


async def test_a_long_list_is_made_in_steps_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def listed(browser: Browser) -> set[str]:
        _, answer = await browser.ask("GET", "/api/rooms")
        return {room["title"] for room in answer["rooms"]}

    monkeypatch.setattr(rooms_on_air, "STEP", 2)
    async with running(tmp_path) as server, Browser(server.url) as browser:
        assert await listed(browser) == set()
        titles = [f"live {number}" for number in range(5)]
        for title in titles:
            await go_live(server, browser, title)
        assert await listed(browser) == set(titles)
        monkeypatch.setattr(rooms_on_air, "LONG", 0.0)
        monkeypatch.setattr(rooms_on_air, "SHARE", 1e-6)
        await go_live(server, browser, "a further one")
        assert "a further one" in await listed(browser)
        await go_live(server, browser, "the last one")
        assert "the last one" not in await listed(browser)
