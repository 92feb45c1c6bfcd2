"""The creator's room in the studio: people, moderation, shield, poll, countdown, summary."""

import json

from playwright.async_api import Locator, Page

from scripts.benchmarks.chromium import until
from scripts.benchmarks.local_server import LocalServer
from tests.e2e.pages import EYES, Room, Visitors

REPORT = """([path, message]) => fetch(path, {
    method: 'POST', headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ message, reason: 'spam' }) }).then(({ status }) => status)"""
SECONDS_LEFT = """(([minutes, seconds]) => 60 * minutes + +seconds)(
    document.querySelector('#countdown-text').textContent.split(':'))"""


def by(name: str) -> str:
    return f"[data-testid={name}]"


def written(text: str) -> str:
    """A condition: the page shows a message with this text."""
    has = f"each.textContent.includes({json.dumps(text)})"
    return f"[...document.querySelectorAll('.message .text')].some((each) => {has})"


async def write(page: Page, text: str) -> None:
    await page.fill("[data-part=text]", text)
    await page.press("[data-part=text]", "Enter")


async def press_long(page: Page, text: str) -> None:
    """Holds a message until its sheet opens."""
    message = page.locator(".message", has_text=text)
    await message.locator(".text").hover()
    await page.mouse.down()
    await until(page, "document.querySelector('#social dialog').open")
    await page.mouse.up()


async def test_a_creator_reads_moderates_asks_and_sees_the_summary(
    visitors: Visitors, server: LocalServer
) -> None:
    visitors.complaints.allow("403")
    studio = await visitors.studio(server.url)
    page = studio.page
    await page.set_viewport_size({"width": 390, "height": 844})
    await until(page, "document.body.dataset.screen === 'ready'")
    await page.check("#length input[value='180']", force=True)
    watch = await studio.go_live("A room")
    viewer = Room(await visitors.page(watch, EYES))
    await viewer.pictured()
    await until(viewer.page, "document.querySelector('.social').dataset.ready === 'true'")

    await write(viewer.page, "Hello creator")
    await until(page, written("Hello creator"))
    await write(page, "Hello viewer")
    await until(viewer.page, written("Hello viewer"))
    await viewer.page.click("[data-part=heart]")
    await until(page, f"{SECONDS_LEFT} < 180")
    before = await page.evaluate(SECONDS_LEFT)
    await page.click(by("add-minute"))
    await until(page, f"{SECONDS_LEFT} > {before}")

    await press_long(page, "Hello creator")
    await page.click("[data-action=mute_minute]")
    await until(page, "!document.querySelector('[data-part=undo]').hidden")
    await write(viewer.page, "I am muted")
    await until(viewer.page, "document.querySelector('[data-part=text]').value === 'I am muted'")
    await page.click("[data-part=undo-button]")
    await press_long(page, "Hello creator")
    await page.click("[data-action=remove]")
    await until(viewer.page, f"!({written('Hello creator')})")

    await page.click(by("shield"))
    await until(page, "document.querySelector('#shield').ariaPressed === 'true'")
    await until(page, "document.querySelector('#shield-time').textContent")
    await page.click(by("shield"))
    await until(page, "document.querySelector('#shield').ariaPressed === 'false'")

    await page.click(by("poll"))
    await page.fill(by("poll-question"), "Tea or coffee?")
    for n, answer in enumerate(("Tea", "Coffee")):
        await page.locator(by("poll-answer")).nth(n).fill(answer)
    await page.click(by("poll-ask"))
    await viewer.page.click(".poll .answer >> nth=1")
    await page.click(by("poll"))
    await until(page, "document.querySelectorAll('#poll-votes li')[1].textContent.includes('100')")
    await page.click(by("poll-close"))

    await studio.end()
    await until(page, "!document.querySelector('#summary').hidden")
    assert await page.inner_text("#over-hearts") == "1"
    assert "Coffee" in await page.inner_text("#over-polls")
    await page.click(by("delete-live"))
    await page.click(by("delete-confirm"))
    await until(page, "document.querySelector('#summary').hidden")


async def open_settings(page: Page, *groups: str) -> None:
    """Opens the settings and unfolds lists."""
    await page.click("#settings")
    for name in groups:
        await page.evaluate(f"document.querySelector('#{name}-group').open = true")


def press_in(page: Page, group: str, label: str) -> Locator:
    """The button of the one row in a list of the settings."""
    return page.locator(f"#{group}-list li").locator(f"button:text-is('{label}')")


async def test_the_lists_of_the_settings(visitors: Visitors, server: LocalServer) -> None:
    """Words, the message that they hold, a report and a moderator: each is in its list, which says
    what to do and is empty afterwards; the log has all of it.
    """
    studio = await visitors.studio(server.url)
    page = studio.page
    await page.set_viewport_size({"width": 390, "height": 844})
    watch = await studio.go_live("Lists")
    viewer = (await visitors.room(watch)).page
    await until(viewer, "document.querySelector('.social').dataset.ready === 'true'")
    await open_settings(page, "words", "people")
    await page.locator("#people-empty").wait_for()
    await page.fill(by("words"), "spoiler")
    await page.click(by("save-words"))
    await until(page, "document.querySelector('#words-saved').textContent")
    await page.keyboard.press("Escape")

    await write(viewer, "Hello creator")
    await write(viewer, "A spoiler")
    await until(viewer, "document.querySelector('.message[data-state=held]')")
    n = await page.locator(".message", has_text="Hello creator").get_attribute("data-n")
    guest = await visitors.page(server.url)
    path = f"/api/rooms/{watch.rpartition('/')[2]}/reports"
    assert await guest.evaluate(REPORT, [path, int(n or 0)]) == 201
    await press_long(page, "Hello creator")
    await page.click("[data-action=moderator]")
    await until(page, "!document.querySelector('[data-part=undo]').hidden")

    await open_settings(page, "held", "reports", "log")
    await press_in(page, "held", "Show").click()
    await until(viewer, written("A spoiler"))
    await page.locator("#held-empty").wait_for()
    await press_in(page, "reports", "Ignore").click()
    await page.locator("#reports-list", has_text="No action").wait_for()
    await press_in(page, "people", "Remove").click()
    await page.locator("#people-empty").wait_for()
    await until(page, "document.querySelectorAll('#log-list li').length === 5")
    assert await page.input_value(by("words")) == "spoiler"
