"""From /explore to a live, a tag and a profile, in a real browser."""

import json
from typing import Any

from playwright.async_api import Page

from scripts.benchmarks.chromium import until
from scripts.benchmarks.local_server import LocalServer
from tests.e2e.pages import Studio, Visitors

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}}


def by(name: str) -> str:
    return f"[data-testid={name}]"


async def ask(page: Page, method: str, path: str, body: object = None) -> Any:
    """Sends a request of this browser, with its cookie. Returns the JSON of the answer."""
    options = json.dumps({"method": method, **({"body": json.dumps(body)} if body else {})})
    return await page.evaluate(f"fetch({json.dumps(path)}, {options}).then((it) => it.json())")


async def text_is(page: Page, selector: str, text: str) -> None:
    await until(
        page, f"document.querySelector({json.dumps(selector)})?.textContent === {json.dumps(text)}"
    )


async def creator_page(visitors: Visitors, url: str) -> Page:
    """Opens /me as a person with a handle, a bio and an announced live."""
    page = await visitors.page(f"{url}/me", **PHONE)
    await ask(page, "PUT", "/api/me/handle", {"handle": "달빛춤"})
    await page.reload()
    await until(page, "!document.querySelector('#page').hidden")
    await page.fill(by("bio-input"), "춤을 춰요")
    await page.fill(by("link-input"), "a.example/me")
    await page.click(by("save-page"))
    await until(page, "document.querySelector('#page input').value === 'https://a.example/me'")
    await page.fill(by("announce-title"), "춤 배우기")
    await page.click(by("announce-send"))
    await until(page, "document.querySelectorAll('#announce li').length === 1")
    return page


async def begin_challenge(creator: Page, url: str, room: str) -> None:
    """Publishes a clip of the live, once it is long enough, and makes it a challenge."""
    body = json.dumps({"seconds": 5, "publish": True, "title": "First #sky"})
    made = f"fetch('/api/rooms/{room}/clips', {{ method: 'POST', body: {json.dumps(body)} }})"
    await until(creator, f"{made}.then(({{ status }}) => status === 201)")
    page = await creator.context.new_page()
    await page.goto(f"{url}/t/sky")
    await page.click(by("start-challenge"))
    await until(page, "!document.querySelector('#challenge').hidden")
    await page.close()


async def test_a_viewer_finds_a_live_its_tag_and_its_creator(
    visitors: Visitors, server: LocalServer
) -> None:
    """The creator writes a page, announces a live, and goes live with a tag and a mood. A viewer
    finds the live on /explore, with two letters, and by its tag, which becomes a challenge.
    """
    visitors.complaints.allow("409|422")  # while the live is too short for a clip
    creator = await creator_page(visitors, server.url)
    await creator.goto(f"{server.url}/live?tag=Sky")
    await until(creator, "document.body.dataset.screen === 'ready'")
    await creator.check("input[name=mood][value=calm]", force=True)
    studio = Studio(creator)
    room = (await studio.go_live("달빛 라이브")).rpartition("/")[2]
    info = await ask(creator, "GET", f"/api/rooms/{room}")
    assert (info["title"], info["mood"]) == ("달빛 라이브 #Sky", "calm")

    viewer = await visitors.page(f"{server.url}/explore", **PHONE)
    await until(viewer, f"document.querySelector('#rooms a[href=\"/r/{room}\"]')")
    await text_is(viewer, f"{by('announced')} h3", "춤 배우기")
    await viewer.click(f"{by('announced')} [data-part=remind]")
    await until(viewer, "document.querySelector('[data-part=remind]').ariaPressed === 'true'")

    await viewer.fill(by("search"), "달빛")
    results = f"document.querySelector({json.dumps(by('results'))})"
    await until(viewer, f"{results}.querySelector('a[href=\"/r/{room}\"]')")
    assert await viewer.inner_text(f"{by('results')} .rows b") == "달빛춤"
    await viewer.fill(by("search"), "nothing like this")
    await until(viewer, f"{results}.dataset.found === 'none'")

    await viewer.goto(f"{server.url}/t/SKY")
    await until(viewer, f"document.querySelector('#items a[href=\"/r/{room}\"]')")
    assert await viewer.get_attribute(by("join"), "href") == "/live?tag=sky"

    await begin_challenge(creator, server.url, room)
    await viewer.reload()
    await until(viewer, "!document.querySelector('#challenge').hidden")
    assert await viewer.inner_text("#join-label") == "Join"

    await viewer.goto(f"{server.url}/@달빛춤")
    assert await viewer.inner_text(by("bio")) == "춤을 춰요"
    assert await viewer.get_attribute(by("link"), "rel") == "nofollow noopener ugc"
    await text_is(viewer, f"{by('announced')} h3", "춤 배우기")
    await studio.end()
