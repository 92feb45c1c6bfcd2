"""Instant replay: a viewer jumps back, pauses, and returns to the live."""

import asyncio
import time

import pytest

from scripts.benchmarks import timecode
from scripts.benchmarks.chromium import script, until
from scripts.benchmarks.local_server import LocalServer
from tests.e2e.pages import EYES, Room, Visitors

BACK = 15
AT_ONCE = 8
"""Maximum seconds of a return on a busy machine. A replay that plays on stays further behind."""
LENGTH = "-Number(document.querySelector('[data-part=rewind-slider]').min)"
REPLAYED = """
Object.assign(window, { sampler: timecode.watch(
    () => document.querySelector('.rewound:not([hidden])') ?? document.querySelector('.screen'))
})
"""


async def age(room: Room, least: float = 0) -> float:
    """Waits for a readable frame that was captured at least `least` seconds ago. Returns the
    seconds from the capture of the frame to its time on the screen.
    """
    await room.page.evaluate("void sampler.take()")
    async with asyncio.timeout(20):
        while True:
            for now, word in await room.page.evaluate("sampler.take()"):
                found = timecode.age(word, now)
                if found is not None and found / 1000 >= least:
                    return found / 1000
            await asyncio.sleep(0.05)


async def jumps_back_and_returns(visitors: Visitors, watch: str, player: str) -> None:
    """A viewer whose live has another player jumps back and returns."""
    page = await visitors.page(f"{watch}?player={player}", EYES, script("timecode"))
    room = Room(page)
    await room.pictured()
    await room.unmute()
    await page.evaluate(REPLAYED)
    live = await age(room)
    await page.click("#rewind")
    await page.wait_for_selector(".rewound:not([hidden])")
    assert await age(room, 8) < 10 + live + 4
    await page.click("[data-part=rewind-live]")
    async with asyncio.timeout(AT_ONCE):
        while await age(room) > live + 1:
            pass
    stats = await room.stats()
    assert (stats["player"], stats["muted"], stats["rebuilds"]) == (player, False, 0)
    await page.context.close()


@pytest.mark.timeout(120)
async def test_a_viewer_jumps_back_and_returns(server: LocalServer, visitors: Visitors) -> None:
    studio = await visitors.studio(server.url, script("timecode"), script("camera"))
    watch = await studio.go_live("A goal")
    began = time.monotonic()
    await asyncio.sleep(5)  # The viewer will jump to a moment before its arrival.
    room = await visitors.room(watch, script("timecode"))
    page = room.page
    await room.pictured()
    await room.unmute()
    await page.evaluate(REPLAYED)
    live = await age(room)
    assert live < 3
    await asyncio.sleep(max(0, BACK + 2 - (time.monotonic() - began)))

    # 10 s by the button, and 5 s by the key
    await page.click("#rewind")
    await page.wait_for_selector(".rewound:not([hidden])")
    await page.focus("body")
    await page.keyboard.press("ArrowLeft")
    back = await age(room, BACK - 1)
    assert BACK - 0.5 <= back - live <= BACK + 4
    await asyncio.sleep(1)
    assert abs(await age(room, BACK - 1) - back) < 0.5, "the replay plays in real time"
    assert await page.evaluate(
        "document.querySelector('.rewound').webkitAudioDecodedByteCount > 0 && "
        "!document.querySelector('.rewound').muted"
    )
    slider = page.locator("[data-part=rewind-slider]")
    assert "behind the live" in (await slider.get_attribute("aria-valuetext") or "")
    assert (await page.evaluate(LENGTH)) >= BACK

    # The replay is paused while the live goes on.
    await page.click("[data-part=rewind-pause]")
    await until(page, "document.querySelector('.rewound').paused")
    at = await page.evaluate("document.querySelector('.rewound').currentTime")
    await asyncio.sleep(1)
    assert await page.evaluate("document.querySelector('.rewound').currentTime") == at
    assert await age(room, BACK) > back + 0.8

    await page.keyboard.press("l")
    assert await page.locator(".rewound").count() == 0
    async with asyncio.timeout(AT_ONCE):
        while await age(room) > live + 1:
            pass
    await room.plays(1)
    assert not (await room.stats())["muted"]
    assert (await room.stats())["stalls"] == 0
    await page.context.close()
    for player in ("mse", "whep", "hls"):
        await jumps_back_and_returns(visitors, watch, player)
