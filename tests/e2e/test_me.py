"""The page /me: a handle, and what a person can do with it."""

import json
from typing import Any

from playwright.async_api import Page

from scripts.benchmarks.chromium import until
from scripts.benchmarks.local_server import LocalServer
from tests.e2e.pages import Visitors

READY = "document.body.dataset.screen === 'ready'"


def by(name: str) -> str:
    return f"[data-testid={name}]"


async def me(visitors: Visitors, url: str, **options: Any) -> Page:
    page = await visitors.page(f"{url}/me", **options)
    await until(page, READY)
    return page


async def take_handle(page: Page, handle: str) -> str:
    """Takes a handle, and returns the recovery code that the page shows once."""
    await page.fill(by("handle-input"), handle)
    await page.click(by("take-handle"))
    await until(page, "document.querySelector('#recovery-dialog').open")
    code = await page.inner_text("#recovery-code")
    await page.click(by("code-saved"))
    await shows_handle(page, handle)
    return code


async def shows_handle(page: Page, handle: str) -> None:
    shown = json.dumps(f"@{handle}")
    await until(page, f"document.querySelector('{by('handle')}').textContent === {shown}")


async def test_a_handle_moves_to_another_phone_and_comes_back_with_the_recovery_code(
    visitors: Visitors, server: LocalServer
) -> None:
    """One phone shows a code, with which the other one signs in. The first signs the other one out,
    which then signs in again with the recovery code.
    """
    visitors.complaints.allow("401")
    first, second = await me(visitors, server.url), await me(visitors, server.url)
    recovery = await take_handle(first, "다크걸")
    await first.click("#transfer summary")
    await first.click(by("make-transfer"))
    await until(first, "document.querySelector('[data-testid=transfer-code]').textContent")
    code = await first.inner_text(by("transfer-code"))

    await second.click("#sign-in summary")
    await second.fill(by("transfer-input"), code.upper())
    async with second.expect_navigation():
        await second.press(by("transfer-input"), "Enter")
    await shows_handle(second, "다크걸")

    await first.click("#devices summary")
    rows = "document.querySelectorAll('#devices li')"
    await until(first, f"{rows}.length === 2")
    await first.click(by("sign-out-all"))
    await until(first, f"{rows}.length === 1")

    await until(second, "fetch('/api/me/devices').then(({ status }) => status === 401)")
    await second.reload()
    await until(second, READY)
    assert await second.inner_text(by("handle")) != "@다크걸"
    await second.click("#sign-in summary")
    await second.fill(by("recovery-handle"), "@다크걸")
    await second.fill(by("recovery-input"), recovery)
    async with second.expect_navigation():
        await second.press(by("recovery-input"), "Enter")
    await shows_handle(second, "다크걸")


async def test_one_of_two_devices_is_signed_out(visitors: Visitors, server: LocalServer) -> None:
    """The row of this browser says so; the other browser is a guest from then on."""
    visitors.complaints.allow("401")
    page, other = await me(visitors, server.url), await me(visitors, server.url)
    code = await page.evaluate(
        "fetch('/api/me/transfers', { method: 'POST' }).then(async (it) => (await it.json()).code)"
    )
    use = """code => fetch('/api/transfers', { method: 'POST', body: JSON.stringify({ code }),
        headers: { 'Content-Type': 'application/json' } }).then(({ status }) => status)"""
    assert await other.evaluate(use, code) == 200
    await page.click("#devices summary")
    rows = page.locator("#devices li")
    await rows.nth(1).wait_for()
    assert await rows.filter(has_text="This browser").count() == 1
    await rows.filter(has_not_text="This browser").get_by_role("button").click()
    await until(page, "document.querySelectorAll('#devices li').length === 1")
    await until(other, "fetch('/api/me/devices').then(({ status }) => status === 401)")


async def test_an_address_has_no_passkeys_and_says_why(
    visitors: Visitors, server: LocalServer
) -> None:
    page = await me(visitors, server.url)
    await take_handle(page, "no.passkeys")
    await page.click("#passkeys summary")
    assert "IP address" in await page.inner_text("#passkeys .inside")
    assert await page.is_hidden(by("add-passkey"))


async def test_a_person_reads_and_deletes_what_the_server_knows(
    visitors: Visitors, server: LocalServer
) -> None:
    """All texts are Korean, the language that the person chooses here."""
    page = await me(visitors, server.url)
    await take_handle(page, "🌊")
    async with page.expect_navigation():
        await page.check("input[name=language][value=ko]", force=True)
    await until(page, f"{READY} && document.documentElement.lang === 'ko'")
    async with page.expect_download() as download:
        await page.click(by("download"))
    data = json.loads((await (await download.value).path()).read_text())
    assert data["person"][0]["handle"] == "🌊"

    await page.click(by("delete-me"))
    await page.click(by("delete-first"))
    await page.click(by("delete-second"))
    await until(page, "!document.querySelector('#deletion').hidden")
    await page.reload()
    await until(page, f"{READY} && !document.querySelector('#deletion').hidden")
    await page.click(by("restore"))
    await until(page, "document.querySelector('#deletion').hidden")
    await page.reload()
    await shows_handle(page, "🌊")
