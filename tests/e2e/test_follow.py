"""The page of a handle, in a real browser."""

import json

from playwright.async_api import Page

from scripts.benchmarks.chromium import until
from scripts.benchmarks.local_server import LocalServer
from tests.e2e.pages import Visitors


def by(name: str) -> str:
    return f"[data-testid={name}]"


async def ask(page: Page, method: str, path: str, body: object = None) -> None:
    """Sends a request of this browser, with its cookie."""
    options = json.dumps({"method": method, **({"body": json.dumps(body)} if body else {})})
    assert await page.evaluate(f"fetch({json.dumps(path)}, {options}).then(({{ok}}) => ok)")


async def is_pressed(page: Page, pressed: bool) -> None:
    button = f"document.querySelector('{by('follow')}')"
    await until(page, f"{button}.getAttribute('aria-pressed') === '{str(pressed).lower()}'")


async def test_a_guest_follows_a_creator(visitors: Visitors, server: LocalServer) -> None:
    """The guest still follows after a reload. Others see only the number. The creator's own page
    has no button to follow.
    """
    creator = await visitors.page(f"{server.url}/me")
    await ask(creator, "PUT", "/api/me/handle", {"handle": "하늘별"})
    await creator.goto(f"{server.url}/@하늘별")
    await until(creator, "!document.querySelector('#mine').hidden")
    assert await creator.is_hidden(by("follow"))

    fan = await visitors.page(f"{server.url}/@하늘별")
    assert await fan.title() == "하늘별 · microlive"
    await until(fan, f"!document.querySelector('{by('follow')}').hidden")
    await is_pressed(fan, False)
    await fan.click(by("follow"))
    await is_pressed(fan, True)
    assert "1" in await fan.inner_text(by("followers"))
    await fan.reload()
    await is_pressed(fan, True)

    other = await visitors.page(f"{server.url}/@%ED%95%98%EB%8A%98%EB%B3%84")
    assert "1" in await other.inner_text(by("followers"))
    await until(other, f"!document.querySelector('{by('follow')}').hidden")
    await is_pressed(other, False)

    await fan.focus(by("follow"))
    await fan.keyboard.press("Enter")
    await is_pressed(fan, False)
    await other.reload()
    assert "1" not in await other.inner_text(by("followers"))
