"""What people do in a room: chat, hearts, polls, by touch and by keyboard, in both languages."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, Route

from scripts.benchmarks.chromium import until
from scripts.benchmarks.local_server import LocalServer
from tests.e2e.creator import LiveRoom, live_room
from tests.e2e.pages import Visitors
from tests.e2e.talk import PHONE, Owner, Talker
from tests.fixtures.people import PERSON_COOKIE


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def live(server: LocalServer) -> AsyncIterator[LiveRoom]:
    async with live_room(server.url, "A room to talk in") as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def owner(server: LocalServer, live: LiveRoom) -> AsyncIterator[Owner]:
    async with ClientSession() as http:
        yield Owner(server.url, live, http)


async def test_messages_replies_history_and_removal(
    visitors: Visitors, live: LiveRoom, owner: Owner
) -> None:
    """Two viewers and the creator write; a third viewer, who comes later, gets the history."""
    one, two = await asyncio.gather(
        Talker.join(visitors, live.watch, locale="ko-KR", **PHONE),
        Talker.join(visitors, live.watch),
    )
    await one.write("안녕하세요")
    await asyncio.gather(one.reads("안녕하세요"), two.reads("안녕하세요"))

    await two.act("안녕하세요", "reply")
    await two.write("<b>Hello</b> https://a.example/")
    await one.reads("<b>Hello</b> https://a.example/")
    assert "안녕하세요" in await one.page.inner_text(".message .quote:visible")
    assert await one.page.locator(".message a").count() == 0

    made = await owner("POST", "/messages", {"id": "c-1", "text": "Welcome"})
    await asyncio.gather(one.reads("Welcome"), two.reads("Welcome"))
    await owner("PUT", "/pin", {"message": made["n"]})
    await one.page.wait_for_selector("[data-part=pinned]:visible")

    three = await Talker.join(visitors, live.watch)
    await three.reads("Welcome")
    assert await three.texts() == await two.texts()

    await owner("DELETE", f"/messages/{made['n']}")
    for talker in (one, two, three):
        await talker.page.wait_for_selector(".text:text-is('Welcome')", state="detached")
        await talker.page.wait_for_selector("[data-part=pinned]", state="hidden")


async def test_a_refusal_keeps_the_text_and_counts_down(visitors: Visitors, live: LiveRoom) -> None:
    """The sixth message in a row stays in the field, and a Korean text says how long to wait."""
    visitors.complaints.allow("429")
    talker = await Talker.join(visitors, live.watch, locale="ko-KR")
    for n in range(5):
        await talker.write(f"fast {n}")
        await talker.reads(f"fast {n}")
    await talker.write("too fast")
    note = "document.querySelector('[data-part=composer-note]').innerText"
    await until(talker.page, f"/초 뒤에/.test({note})")
    assert await talker.page.input_value("[data-part=text]") == "too fast"
    assert await talker.page.is_disabled("[data-part=send]")
    await until(talker.page, f"{note} === ''")
    await talker.page.press("[data-part=text]", "Enter")
    await talker.reads("too fast")


async def test_a_message_without_network_can_be_sent_again(
    visitors: Visitors, live: LiveRoom
) -> None:
    visitors.complaints.allow("ERR_FAILED")
    talker = await Talker.join(visitors, live.watch)
    await talker.page.route("**/messages", lambda route: route.abort())
    await talker.write("in a tunnel")
    await talker.reads("in a tunnel", "failed")
    await talker.page.unroute("**/messages")
    await talker.page.click(".message[data-state=failed] .again")
    await talker.reads("in a tunnel")


async def test_enter_sends_nothing_while_a_syllable_is_composed(
    visitors: Visitors, live: LiveRoom
) -> None:
    talker = await Talker.join(visitors, live.watch)
    cdp = await talker.page.context.new_cdp_session(talker.page)
    await talker.page.focus("[data-part=text]")
    await cdp.send(
        "Input.imeSetComposition", {"text": "한", "selectionStart": 1, "selectionEnd": 1}
    )
    await talker.page.evaluate(
        """document.querySelector('[data-part=text]').dispatchEvent(new KeyboardEvent('keydown',
            { key: 'Enter', bubbles: true, cancelable: true, isComposing: true }))"""
    )
    assert await talker.page.input_value("[data-part=text]") == "한"
    await cdp.send("Input.insertText", {"text": "한"})
    await talker.page.keyboard.press("Enter")
    await talker.reads("한")


@asynccontextmanager
async def finger(page: Page, selector: str) -> AsyncIterator[None]:
    """Touches an element with a finger."""
    place = await page.locator(selector).bounding_box()
    assert place
    point = {"x": place["x"] + 20, "y": place["y"] + place["height"] / 2}
    cdp = await page.context.new_cdp_session(page)
    await cdp.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    yield
    await cdp.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


async def double_tap(page: Page, x: int, y: int) -> None:
    """Two taps within 0.2 s of the fingers' time, however slow this machine is."""
    cdp = await page.context.new_cdp_session(page)
    begun = time.time()
    touches = [
        {"type": kind, "touchPoints": points, "timestamp": begun + after}
        for after in (0.0, 0.15)
        for kind, points in (("touchStart", [{"x": x, "y": y}]), ("touchEnd", []))
    ]
    await asyncio.gather(*(cdp.send("Input.dispatchTouchEvent", touch) for touch in touches))


async def test_hearts_by_touch_and_keyboard(visitors: Visitors, live: LiveRoom) -> None:
    """Double taps on the picture, a hold on the heart and the key send reactions that others see.
    With reduced motion, a counter shows their number.
    """
    one, two, calm = await asyncio.gather(
        Talker.join(visitors, live.watch, **PHONE),
        Talker.join(visitors, live.watch),
        Talker.join(visitors, live.watch, reduced_motion="reduce"),
    )
    assert await two.page.is_hidden("[data-part=hearts]")
    await double_tap(one.page, 120, 300)  # the first one brings the sound
    await asyncio.gather(one.sees_hearts(), two.sees_hearts())
    await until(calm.page, "document.querySelector('[data-part=heart-count]').innerText === '1'")
    assert not await one.page.evaluate("microlive.stats().muted")

    async with finger(one.page, "[data-part=heart]"):
        await one.page.wait_for_selector("[data-part=tray]:visible")
    await one.page.click("[data-emoji=fire]")
    await until(calm.page, "document.querySelector('[data-part=heart-count]').innerText === '2'")

    await two.page.keyboard.press("l")
    await until(calm.page, "document.querySelector('[data-part=heart-count]').innerText === '3'")
    await until(two.page, "document.querySelector('[data-part=hearts]').hidden", 10)


async def test_a_long_touch_opens_the_sheet_and_presses_nothing_in_it(
    visitors: Visitors, live: LiveRoom
) -> None:
    """The sheet opens under the finger; lifting the finger chooses no action."""
    talker = await Talker.join(visitors, live.watch, **PHONE)
    await talker.write("hold me")
    await talker.reads("hold me")
    async with finger(talker.page, ".message:has-text('hold me') .text"):
        await talker.page.wait_for_selector("dialog[open]")
    await talker.page.touchscreen.tap(195, 60)  # beside the sheet
    await talker.page.wait_for_selector("dialog[open]", state="detached")
    await talker.reads("hold me")


async def test_a_poll_from_question_to_result(
    visitors: Visitors, live: LiveRoom, owner: Owner
) -> None:
    one, two = await asyncio.gather(
        Talker.join(visitors, live.watch, **PHONE), Talker.join(visitors, live.watch)
    )
    poll = (await owner("POST", "/polls", {"question": "Tea?", "answers": ["Yes", "No"]}))["poll"]
    button = await one.page.wait_for_selector(".poll .answer:has-text('No')")
    assert button
    await two.page.click(".poll .answer:has-text('No')")
    await two.page.click(".poll .answer:has-text('Yes')")
    await one.page.wait_for_selector(".poll .votes:text-is('1 vote')")
    assert await button.evaluate("button => button.isConnected"), "a press would be lost"
    await two.page.wait_for_selector(".poll .answer[aria-pressed=true]:has-text('100 %')")
    await owner("DELETE", f"/polls/{poll['id']}")
    await one.page.wait_for_selector(".poll .answer.best:has-text('Yes')")


AT_THE_END = """(({ scrollHeight, scrollTop, clientHeight }) =>
    innerWidth === 844 && scrollHeight - scrollTop - clientHeight < 2)(
    document.querySelector('[data-part=log]'))"""


async def test_the_log_stays_where_the_reader_reads(
    visitors: Visitors, live: LiveRoom, owner: Owner
) -> None:
    """While the log is scrolled up, new messages move nothing; a button leads to them."""
    for n in range(20):
        await owner("POST", "/messages", {"id": f"s-{n}", "text": f"line {n}"})
    talker = await Talker.join(visitors, live.watch, **PHONE)
    await talker.reads("line 19")
    where = "document.querySelector('[data-part=log]').scrollTop"
    await talker.page.evaluate(f"{where} = 0")
    await talker.page.evaluate("new Promise(requestAnimationFrame)")  # the scroll event comes first
    await owner("POST", "/messages", {"id": "s-x", "text": "the newest"})
    await talker.page.wait_for_selector("[data-part=newest]:has-text('1 new message')")
    assert await talker.page.evaluate(where) == 0
    await talker.page.click("[data-part=newest]")
    await until(talker.page, f"{where} > 100")
    assert await talker.page.is_hidden("[data-part=newest]")
    # The phone is turned: the newest message stays in sight.
    await talker.page.set_viewport_size({"width": 844, "height": 390})
    await until(talker.page, f"{where} > 0 && ({AT_THE_END})")


async def test_the_keyboard_reaches_everything(visitors: Visitors, live: LiveRoom) -> None:
    """The sheet of a message, the statistics and the fold work without a pointer."""
    talker = await Talker.join(visitors, live.watch)
    await talker.write("mine")
    await talker.reads("mine")
    await talker.open_sheet("mine")
    await talker.page.keyboard.press("Escape")
    await talker.page.evaluate("document.activeElement.blur()")
    await talker.page.keyboard.press("s")
    await talker.page.wait_for_selector("#stats:visible")
    await talker.page.keyboard.press("h")
    await talker.page.wait_for_selector("[data-part=social]", state="hidden")
    await talker.page.keyboard.press("h")
    await talker.page.wait_for_selector("[data-part=social]:visible")
    # Letters in the field are letters.
    await talker.page.focus("[data-part=text]")
    await talker.page.keyboard.type("ccs")
    assert await talker.page.input_value("[data-part=text]") == "ccs"


async def tab_to(page: Page, selector: str, key: str = "Tab") -> None:
    """Presses Tab until an element has the focus, which must then be visible."""
    for _ in range(30):
        await page.keyboard.press(key)
        if await page.evaluate("found => document.activeElement.matches(found)", selector):
            outline = "getComputedStyle(document.activeElement).outlineStyle"
            assert await page.evaluate(outline) != "none" or selector == "[data-part=text]"
            return
    raise AssertionError(f"Tab does not reach {selector}")


async def test_a_walk_with_the_keyboard_alone(
    visitors: Visitors, live: LiveRoom, owner: Owner
) -> None:
    """A vote, an answer to a message, a heart and another reaction. The arrow keys go from message
    to message, so that Tab has one stop for the whole chat.
    """
    for n in range(2):
        await owner("POST", "/messages", {"id": f"walk-{n}", "text": f"walk {n}"})
    poll = (await owner("POST", "/polls", {"question": "Tea?", "answers": ["Yes", "No"]}))["poll"]
    talker = await Talker.join(visitors, live.watch, reduced_motion="reduce")
    page, press = talker.page, talker.page.keyboard.press
    await talker.reads("walk 1")
    await tab_to(page, ".answer")
    await press("Enter")
    await page.wait_for_selector(".poll .answer[aria-pressed=true]:has-text('Yes')")

    await tab_to(page, "[data-part=log]")
    await press("ArrowUp")
    await press("ArrowUp")
    await press("Enter")
    await page.wait_for_selector("dialog[open]:has-text('walk 0')")
    await tab_to(page, "[data-action=reply]")
    await press("Enter")
    await page.keyboard.type("by keyboard")
    await press("Enter")
    await talker.reads("by keyboard")
    assert "walk 0" in await page.inner_text(".message.mine .quote")

    count = "document.querySelector('[data-part=heart-count]').innerText"
    await tab_to(page, "[data-part=heart]")
    await press("Enter")
    await until(page, f"{count} === '1'")
    await press("Shift+F10")
    await page.wait_for_selector("[data-part=tray]:visible")
    await press("Enter")
    await until(page, f"{count} === '2'")
    await press("Escape")
    await page.wait_for_selector("[data-part=tray]", state="hidden")
    await owner("DELETE", f"/polls/{poll['id']}")


async def test_a_mouse_opens_the_sheet_of_an_own_message(
    visitors: Visitors, live: LiveRoom
) -> None:
    """With a right click, and with a long press."""
    talker = await Talker.join(visitors, live.watch)
    await talker.write("mine with a mouse")
    await talker.reads("mine with a mouse")
    text = talker.page.locator(".message .text", has_text="mine with a mouse")
    await text.click(button="right")
    await talker.page.wait_for_selector("dialog[open] [data-action=remove]")
    await talker.page.keyboard.press("Escape")
    await text.hover()
    await talker.page.mouse.down()
    await talker.page.wait_for_selector("dialog[open] [data-action=remove]")
    await talker.page.mouse.up()


async def test_a_hidden_person_is_shown_again_in_me(
    visitors: Visitors, server: LocalServer, live: LiveRoom
) -> None:
    one, two = await asyncio.gather(
        Talker.join(visitors, live.watch), Talker.join(visitors, live.watch)
    )
    await one.write("hide me")
    await two.reads("hide me")
    await two.act("hide me", "hide")
    await two.page.wait_for_selector(".text:text-is('hide me')", state="detached")
    await two.page.goto(f"{server.url}/me")
    await two.page.click("#hidden-people summary")
    await two.page.locator("#hidden-people li").get_by_role("button").click()
    await two.page.locator("#hidden-people [data-part=empty]").wait_for()
    await two.page.goto(live.watch)
    await two.reads("hide me")


@asynccontextmanager
async def room_of(host: Page, server_url: str) -> AsyncIterator[LiveRoom]:
    """A live room that belongs to the person of a page."""
    await host.evaluate("fetch('/api/me')")
    [cookie] = [
        each for each in await host.context.cookies() if PERSON_COOKIE.fullmatch(each["name"])
    ]
    headers = {"Cookie": f"{cookie.get('name')}={cookie.get('value')}", "Origin": server_url}
    async with live_room(server_url, "Mine", headers) as live:
        yield live


async def test_the_creator_moderates_on_the_message(
    visitors: Visitors, server: LocalServer
) -> None:
    """The sheet of a message offers remove, undo, mute and ban. A muted person keeps the typed
    text.
    """
    visitors.complaints.allow("403|4403")
    host = await visitors.page(server.url)
    async with room_of(host, server.url) as live:
        guest = await Talker.join(visitors, live.watch)
        await host.goto(live.watch)
        creator = Talker(host)
        await guest.write("rude")
        await creator.reads("rude")
        await creator.act("rude", "remove")
        await guest.page.wait_for_selector(".text:text-is('rude')", state="detached")
        await host.click("[data-part=undo-button]")
        await asyncio.gather(guest.reads("rude"), creator.reads("rude"))

        await creator.act("rude", "mute_minute")
        await host.wait_for_selector("[data-part=undo]:has-text('muted')")
        await guest.write("still here")
        await guest.page.wait_for_selector("[data-part=composer-note]:has-text('muted')")
        assert await guest.page.input_value("[data-part=text]") == "still here"

        await creator.act("rude", "ban_live")
        await until(guest.page, "document.querySelector('#stage').dataset.state === 'sorry'")
        await host.wait_for_selector(".text:text-is('rude')", state="detached")


async def test_an_open_sheet_gets_the_actions_of_the_creator(
    visitors: Visitors, server: LocalServer
) -> None:
    """The server's answer with the last messages says who the reader is. A message and its open
    sheet can come before that answer. The focus stays where it was.
    """
    host = await visitors.page(server.url)
    async with room_of(host, server.url) as live:
        answer = asyncio.Event()

        async def hold(route: Route) -> None:
            await answer.wait()
            await route.continue_()

        await host.route("**/messages?*", hold)
        await host.goto(live.watch)
        guest = await Talker.join(visitors, live.watch)
        await guest.write("rude")
        creator = Talker(host)
        await creator.reads("rude")
        await creator.open_sheet("rude")
        await host.focus("[data-action=report]")
        assert await host.locator("[data-action=remove]").count() == 0
        answer.set()
        await host.wait_for_selector("[data-action=remove]")
        assert await host.locator("[data-action=report]:focus").count() == 1
        await host.click("[data-action=remove]")
        await guest.page.wait_for_selector(".text:text-is('rude')", state="detached")


async def test_a_guest_sees_the_own_name_and_follows_the_creator(
    visitors: Visitors, server: LocalServer
) -> None:
    """A guest sees the name that others will see, and changes it before writing."""
    host = await visitors.page(server.url)
    async with room_of(host, server.url) as live:
        guest = await Talker.join(visitors, live.watch)
        await guest.page.focus("[data-part=text]")
        await guest.page.click("[data-part=rename]")
        await guest.page.fill("[data-part=name-input]", "민지")
        await guest.page.keyboard.press("Enter")
        await guest.page.wait_for_selector("[data-part=name-text]:has-text('민지')")
        await guest.write("hi")
        await guest.reads("hi")
        assert await guest.page.inner_text(".message.mine .name") == "민지"
        assert await guest.page.is_hidden("[data-part=name]")

        await guest.page.click("[data-part=follow]:text-is('Follow')")
        await guest.page.wait_for_selector("[data-part=follow][aria-pressed=true]")
        await guest.page.reload()
        await guest.page.wait_for_selector("[data-part=follow]:text-is('Following')")


@pytest.mark.parametrize("locale", ["en-US", "ko-KR"])
async def test_the_room_is_accessible(
    visitors: Visitors, live: LiveRoom, owner: Owner, locale: str
) -> None:
    """axe finds no serious violation, at three sizes, also with the sheet of a message."""
    await owner("POST", "/messages", {"id": f"axe-{locale}", "text": "Hello"})
    talker = await Talker.join(visitors, live.watch, locale=locale)
    await talker.reads("Hello")
    for width, height in ((390, 844), (844, 390), (1280, 800)):
        await talker.page.set_viewport_size({"width": width, "height": height})
        assert await violations(talker) == []
    await talker.open_sheet("Hello")
    assert await violations(talker) == []


async def violations(talker: Talker) -> list[str]:
    results = await Axe().run(talker.page)
    return [
        f"{found['id']}: {node['html']}"
        for found in results.response["violations"]
        if found["impact"] in ("serious", "critical")
        for node in found["nodes"]
    ]
