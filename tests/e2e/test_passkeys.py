"""Passkeys in Chromium with its virtual authenticator, and the link of a transfer code.

Browsers allow passkeys at host names only, so the pages are opened at `localhost`.
"""

from typing import Any

from playwright.async_api import CDPSession, Page

from scripts.benchmarks.chromium import until
from scripts.benchmarks.local_server import LocalServer
from tests.e2e.pages import Visitors

READY = "document.body.dataset.screen === 'ready'"


async def open_me(visitors: Visitors, url: str) -> Page:
    page = await visitors.page(f"{url}/me")
    await until(page, READY)
    return page


def named(server: LocalServer) -> str:
    return server.url.replace("127.0.0.1", "localhost")


async def take_handle(page: Page, handle: str) -> None:
    await page.get_by_test_id("handle-input").fill(handle)
    await page.get_by_test_id("take-handle").click()
    await page.get_by_test_id("code-saved").click()
    await page.reload()
    await until(page, READY)


async def add_authenticator(page: Page) -> tuple[CDPSession, str]:
    """A phone's own authenticator: it keeps passkeys and verifies its user."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, str(made["authenticatorId"])


async def credentials(session: CDPSession, authenticator: str) -> list[dict[str, Any]]:
    answer = await session.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})
    found: list[dict[str, Any]] = answer["credentials"]
    return found


async def person(page: Page) -> dict[str, Any]:
    me: dict[str, Any] = await page.evaluate("fetch('/api/me').then((answer) => answer.json())")
    found: dict[str, Any] = me["person"]
    return found


async def test_a_passkey_signs_another_browser_in(visitors: Visitors, server: LocalServer) -> None:
    """The passkey is synchronised to the second browser, which has no name and no code."""
    page = await open_me(visitors, named(server))
    await take_handle(page, "밤바다")
    session, authenticator = await add_authenticator(page)
    await page.get_by_test_id("passkeys").locator("summary").click()
    await page.get_by_test_id("add-passkey").click()
    await page.locator("#passkeys [data-part=list] li").wait_for()
    [credential] = await credentials(session, authenticator)
    assert (credential["rpId"], credential["isResidentCredential"]) == ("localhost", True)

    other = await open_me(visitors, named(server))
    guest = await person(other)
    assert guest["handle"] is None
    copy, second = await add_authenticator(other)
    await copy.send("WebAuthn.addCredential", {"authenticatorId": second, "credential": credential})
    await other.get_by_test_id("sign-in").locator("summary").click()
    async with other.expect_navigation():
        await other.get_by_test_id("sign-in-passkey").click()
    await until(other, READY)
    assert await person(other) == await person(page) != guest

    # Each browser is a device; the first one signs the second one out.
    await page.get_by_test_id("devices").locator("summary").click()
    await page.get_by_test_id("sign-out-all").click()
    await page.get_by_test_id("sign-out-all").wait_for(state="hidden")
    assert (await person(other))["handle"] is None


async def test_an_authenticator_that_verifies_no_user_makes_no_passkey(
    visitors: Visitors, server: LocalServer
) -> None:
    page = await open_me(visitors, named(server))
    await take_handle(page, "unverified")
    session, authenticator = await add_authenticator(page)
    await session.send(
        "WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": False}
    )
    await page.get_by_test_id("passkeys").locator("summary").click()
    await page.get_by_test_id("add-passkey").click()
    await until(page, "document.querySelector('#passkeys [data-part=error]').textContent !== ''")
    assert await credentials(session, authenticator) == []


async def test_the_link_of_a_qr_code_asks_first(visitors: Visitors, server: LocalServer) -> None:
    """The page is opened at an IP address, where there are no passkeys. The code does not stay in
    the page's URL.
    """
    page = await open_me(visitors, server.url)
    await take_handle(page, "전화기")
    made = await page.evaluate(
        "fetch('/api/me/transfers', { method: 'POST' }).then((answer) => answer.json())"
    )
    other = await open_me(visitors, server.url)
    await other.goto("about:blank")
    await other.goto(made["url"])
    await other.get_by_test_id("arrive-yes").wait_for()
    assert (await person(other))["handle"] is None
    await other.get_by_test_id("arrive-yes").click()
    await other.locator("[data-testid=handle]", has_text="@전화기").wait_for()
    assert await person(other) == await person(page)
    assert "transfer" not in other.url
