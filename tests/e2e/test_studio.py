"""What the studio shows while it waits, in a second tab, and after the end."""

import json
from typing import Any

from playwright.async_api import Page, Route

from scripts.benchmarks.chromium import until
from scripts.benchmarks.local_server import LocalServer
from tests.e2e.pages import Studio, Visitors

CAMERA_OFF = "document.querySelector('#preview').srcObject.getTracks().length === 0"


async def refuse(page: Page, path: str, method: str, refusal: dict[str, Any], status: int) -> None:
    """Makes the server refuse requests of `method` to `path` from now on."""

    async def answer(route: Route) -> None:
        if route.request.method != method:
            await route.fallback()
            return
        headers = {"Retry-After": str(refusal["retry_after"])}
        await route.fulfill(
            status=status,
            headers=headers,
            content_type="application/json",
            body=json.dumps(refusal),
        )

    await page.route(path, answer)


async def test_a_refused_session_is_shown_with_a_countdown_and_tried_again(
    visitors: Visitors, server: LocalServer
) -> None:
    visitors.complaints.allow("503")
    studio = await visitors.studio(server.url)
    refusal = {"error": "All are busy.", "code": "of another version", "retry_after": 4}
    await refuse(studio.page, "**/whip/*", "POST", refusal, 503)
    await studio.page.click("#go-live")
    await until(studio.page, "document.querySelector('#notice-text').innerText === 'All are busy.'")
    countdown = "document.querySelector('#notice-countdown').innerText"
    await until(studio.page, f"/^Next attempt in [34] s$/.test({countdown})")
    await studio.page.unroute("**/whip/*")
    await until(studio.page, f"/^Next attempt in [12] s$/.test({countdown})")
    assert await studio.page.evaluate("document.body.dataset.link") == "connecting"
    await studio.is_live()
    await until(studio.page, "document.querySelector('#notice').hidden")
    await studio.end()


async def test_the_studio_says_that_no_sound_arrives(studio: Studio) -> None:
    """The server knows it, and the health light shows what to do."""
    await studio.stop_sound()
    text = "document.querySelector('#health-text').innerText"
    await until(studio.page, f"{text} === 'No sound arrives: switch on the microphone'")
    await studio.end()


async def test_a_second_tab_takes_over_and_gives_back(studio: Studio) -> None:
    """A tab that stops sending switches its camera off."""
    first = studio.page
    second = await first.context.new_page()
    await second.goto(first.url)
    await Studio(second).is_live()
    await until(first, "document.body.dataset.screen === 'elsewhere'")
    assert await first.evaluate(CAMERA_OFF)
    await first.bring_to_front()
    await first.click("#here")
    await studio.is_live()
    await until(second, "document.body.dataset.screen === 'elsewhere'")
    assert await second.evaluate(CAMERA_OFF)


async def test_the_camera_is_off_after_the_end_and_on_again_for_the_next_live(
    studio: Studio,
) -> None:
    await studio.end()
    assert await studio.page.evaluate(CAMERA_OFF)
    await studio.page.click("#again")
    await until(studio.page, "document.body.dataset.screen === 'ready'")
    assert not await studio.page.evaluate(CAMERA_OFF)
    await studio.go_live("Another")
    await studio.end()
