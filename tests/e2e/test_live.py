"""A publisher goes live, viewers watch, and stay through every change of the publisher's page."""

import asyncio

import pytest

from scripts.benchmarks.chromium import until
from scripts.benchmarks.local_server import LocalServer
from tests.e2e.pages import Studio, Visitors


async def test_title_viewers_and_link_are_shown(visitors: Visitors, server: LocalServer) -> None:
    studio = await visitors.studio(server.url)
    watch = await studio.go_live("Sunrise over the roofs")
    rooms = [await visitors.room(watch) for _ in range(2)]
    for room in rooms:
        assert "Sunrise over the roofs" in await room.page.title()
    await asyncio.gather(*(room.plays(1) for room in rooms))
    await until(studio.page, "document.querySelector('#viewers').textContent === '2'")
    for room in rooms:
        await until(room.page, "document.querySelector('#viewers').textContent === '2'")
    grid = await visitors.page(f"{server.url}/explore")
    await until(grid, f"document.querySelector('a[href*=\"{watch.rpartition('/')[2]}\"]')")
    await until(studio.page, "document.querySelector('#timer').textContent !== '0:00'")


async def test_viewers_go_on_when_the_creator_reloads(studio: Studio, visitors: Visitors) -> None:
    room = await visitors.room(studio.watch)
    await room.pictured()
    await room.unmute()
    await room.plays(1)
    before = await room.seen()
    await room.page.evaluate("window.sameDocument = true")
    await studio.page.reload()
    await studio.is_live()
    assert await studio.page.get_attribute("#share-link", "href") == studio.watch
    await room.plays(3)
    # Both sessions share one clock, which includes the absence.
    after = await room.shows(lambda seen: seen["time"] > before["time"] + 3)
    assert after["frames"] > before["frames"] and after["heard"] > before["heard"]
    assert await room.page.evaluate("window.sameDocument")
    assert (await room.stats())["state"] == "live"


async def test_the_end(studio: Studio, visitors: Visitors) -> None:
    room = await visitors.room(studio.watch)
    await room.plays(1)
    await studio.page.evaluate(
        """async (path) => {
            await fetch(path, { method: 'PUT', body: JSON.stringify({ keep: 'no' }),
                headers: { 'Content-Type': 'application/json' } });
        }""",
        f"/api/rooms/{studio.watch.rpartition('/')[2]}/replay",
    )
    await studio.end()
    await room.state("ended", within=3)
    assert await room.page.is_visible("#card-ended")
    late = await visitors.context()
    page = await late.new_page()
    visitors.complaints.allow("410")
    answer = await page.goto(studio.watch)
    assert answer is not None and answer.status == 410
    assert await page.inner_text("main .over") == "This live is over"


async def test_a_creator_without_a_word_is_away_and_comes_back(
    studio: Studio, visitors: Visitors
) -> None:
    room = await visitors.room(studio.watch)
    await room.plays(1)
    # As when a phone's battery dies: the server gets no message.
    await studio.page.evaluate("connections.made.at(-1).close()")
    await studio.page.goto("about:blank")
    await room.state("away", within=8)
    assert await room.page.is_visible("#card-away")
    await studio.page.go_back()
    await studio.is_live()
    await room.state("live")
    assert not await room.page.is_visible("#card-away")
    await room.plays(2)


@pytest.mark.parametrize("player", ["webcodecs", "mse"])
async def test_a_viewer_watches_with_sound(on_air: Studio, visitors: Visitors, player: str) -> None:
    room = await visitors.room(f"{on_air.watch}?player={player}")
    await room.pictured()
    assert (await room.seen())["muted"], "a page that is just opened may not make noise"
    await room.unmute()
    before = await room.seen()
    await room.plays(5)
    after = await room.shows(lambda seen: seen["time"] >= before["time"] + 5)
    assert not after["muted"]
    assert after["heard"] > before["heard"]
    stats = await room.stats()
    assert stats["player"] == player and stats["state"] == "live" and stats["pace"] == "full"
    assert 0 < stats["behindLens"] < 2_000


async def test_a_picture_comes_with_the_page(on_air: Studio, visitors: Visitors) -> None:
    """The picture needs no file besides the page, and is fitted as in a player.

    The player's frame replaces it.
    """
    visitors.complaints.allow("ERR_FAILED")
    room = await visitors.room(on_air.watch)
    await room.pictured()
    await until(room.page, "document.querySelector('#still').hidden")
    page = await (await visitors.context()).new_page()
    await page.route("**/bundles/*.js", lambda route: route.abort())
    await page.goto(on_air.watch)
    await until(page, "!document.querySelector('#still').hidden")
    shown = await page.evaluate(
        """() => {
            const still = document.querySelector('#still');
            const { data } = still.getContext('2d').getImageData(0, 0, still.width, still.height);
            const box = still.getBoundingClientRect();
            return {
                width: still.width,
                colours: new Set(data).size,
                box: box.width,
                fit: document.querySelector('#stage').dataset.fit,
            };
        }"""
    )
    assert shown["width"] == (await room.stats())["width"]
    assert shown["colours"] > 10 and shown["box"] == 480
    assert shown["fit"] == await room.page.evaluate("document.querySelector('#stage').dataset.fit")


async def test_transport_wide_feedback_is_agreed_on(on_air: Studio) -> None:
    """The answer has it for video and audio. `scripts/bench uplink` shows that the browser follows
    it.
    """
    sdp = "connections.made.at(-1).remoteDescription.sdp"
    assert await on_air.page.evaluate(f"{sdp}.match(/^a=rtcp-fb:\\d+ transport-cc/gm).length") == 2
    assert (
        await on_air.page.evaluate(f"{sdp}.match(/^a=extmap:\\d+ .*transport-wide-cc/gm).length")
        == 2
    )
