"""Watch links of a private live, as the creator makes them and a viewer uses them."""

from playwright.async_api import Page

from scripts.benchmarks.chromium import until
from scripts.benchmarks.local_server import LocalServer
from tests.e2e.pages import EYES, Room, Studio, Visitors

SORRY = "document.querySelector('#sorry-text').textContent"
ROWS = "document.querySelectorAll('#link-list li').length"


async def make_link(page: Page) -> str:
    """Makes a watch link in the open sheet, and returns its URL."""
    rows = await page.evaluate(ROWS)
    async with page.expect_response(lambda response: response.status == 201) as answered:
        await page.click("#make-link")
    await until(page, f"{ROWS} === {rows + 1}")
    url: str = (await (await answered.value).json())["url"]
    return url


async def test_a_revoked_link_ends_for_a_viewer_who_watches(
    visitors: Visitors, server: LocalServer
) -> None:
    """At once where the page is in sight, and at the return of a page that was hidden. The link of
    another viewer goes on.
    """
    visitors.complaints.allow("403")
    page = await visitors.page(f"{server.url}/live")
    studio = Studio(page)
    await until(page, "document.body.dataset.screen === 'ready'")
    await page.check("#visibility input[value=private]", force=True)
    plain = await studio.go_live("Among friends")
    await page.click("#show-share")
    link, other = await make_link(page), await make_link(page)

    stranger = await visitors.page(plain)
    assert "private" in await stranger.inner_text("main")
    viewer, hidden, kept = [Room(await visitors.page(url, EYES)) for url in (link, link, other)]
    for room in (viewer, hidden, kept):
        await room.pictured()
    await hidden.hide(True)

    # The newest link is first.
    await page.locator("#link-list li").nth(1).locator("button:text-is('Revoke')").click()
    await until(page, f"{ROWS} === 1")
    await viewer.state("sorry")
    assert "revoked" in await viewer.page.evaluate(SORRY)
    await hidden.hide(False)
    await hidden.state("sorry")
    assert "revoked" in await hidden.page.evaluate(SORRY)
    await viewer.page.reload()
    assert "revoked" in await viewer.page.inner_text("main")
    await kept.plays(0.5)
