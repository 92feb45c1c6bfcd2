"""The chat, hearts and polls of a room's page, as people use them."""

from typing import Any

from aiohttp import ClientSession
from playwright.async_api import Page

from scripts.benchmarks.chromium import until
from tests.e2e.creator import LiveRoom
from tests.e2e.pages import Visitors

READY = "document.querySelector('.social[data-ready]') !== null"
TEXTS = "[...document.querySelectorAll('.message:not(.line) .text')].map((text) => text.innerText)"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


class Talker:
    """A person who watches and takes part."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @classmethod
    async def join(cls, visitors: Visitors, url: str, **options: Any) -> "Talker":
        """Opens the room in a new browser profile."""
        context = await visitors.context(**options)
        page = await context.new_page()
        await page.goto(url)
        await until(page, READY)
        return cls(page)

    async def write(self, text: str) -> None:
        await self.page.fill("[data-part=text]", text)
        await self.page.press("[data-part=text]", "Enter")

    async def texts(self) -> list[str]:
        found: list[str] = await self.page.evaluate(TEXTS)
        return found

    async def reads(self, text: str, state: str = "shown") -> None:
        """Waits until the page shows a message with this text."""
        await self.page.wait_for_selector(f".message[data-state={state}] .text:text-is('{text}')")

    async def open_sheet(self, text: str) -> None:
        """Opens the sheet of a message with the keyboard."""
        menu = self.page.locator(".message", has_text=text).locator(".message-menu").last
        await menu.focus()
        await self.page.keyboard.press("Enter")
        await self.page.wait_for_selector("dialog[open]")

    async def act(self, text: str, action: str) -> None:
        """Chooses an action from the sheet of a message."""
        await self.open_sheet(text)
        await self.page.click(f"[data-action={action}]")

    async def sees_hearts(self) -> None:
        await until(self.page, "!document.querySelector('[data-part=hearts]').hidden")


class Owner:
    """The creator of a room, as a program with the creator key."""

    def __init__(self, server: str, live: LiveRoom, http: ClientSession) -> None:
        self._path = f"{server}/api/rooms/{live.room}"
        self._headers = {"Authorization": f"Bearer {live.key}"}
        self._http = http

    async def __call__(self, method: str, path: str, body: Any = None) -> Any:
        async with self._http.request(
            method, self._path + path, json=body, headers=self._headers
        ) as response:
            assert response.status < 300, await response.text()
            return await response.json() if response.status != 204 else None
