"""A viewer's device and network: hidden pages, lost networks, a server that restarts."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from scripts.benchmarks.chromium import until
from scripts.benchmarks.local_server import LocalServer
from tests.e2e.pages import Room, Studio, Visitors
from tests.e2e.proxy import TcpProxy

NETWORK = r"ERR_(CONNECTION|INTERNET|SOCKET|EMPTY)|WebSocket connection to|fetching the script"
"""Chromium's console messages without a network."""


@pytest_asyncio.fixture(loop_scope="session")
async def proxy(server: LocalServer) -> AsyncIterator[TcpProxy]:
    async with TcpProxy(server.url) as made:
        yield made


def by(proxy: TcpProxy, watch: str) -> str:
    return f"{proxy.url}/r/{watch.rpartition('/')[2]}"


@pytest.mark.timeout(120)
async def test_a_restart_of_the_server_brings_everybody_back(
    visitors: Visitors, tmp_path: Path
) -> None:
    visitors.complaints.allow(NETWORK)
    async with LocalServer(tmp_path) as server:
        studio = await visitors.studio(server.url)
        room = await visitors.room(await studio.go_live("Still here"))
        await room.pictured()
        await room.unmute()
        await room.plays(1)
        before = await room.seen()
        assert await server.stop() == 0
        assert await _picture(room) > 0, "the last picture is gone"
        await until(room.page, "document.querySelector('#stage').classList.contains('lost')", 10)
        await server.start()
        await studio.is_live(30)
        await room.shows(lambda seen: seen["frames"] > before["frames"], within=30)
        await room.plays(3)
        await room.state("live")
        assert (await room.seen())["heard"] > 0
        assert not (await room.seen())["muted"]
        assert "Still here" in await room.page.title()
        await studio.end()
        await room.state("ended")
        assert await server.stop() == 0
        assert not [line for line in server.log if "ERROR" in line or "Traceback" in line], (
            server.log
        )


async def test_a_hidden_page_stops_the_feed_and_returns_at_the_live_edge(
    on_air: Studio, visitors: Visitors
) -> None:
    room = await visitors.room(on_air.watch)
    await room.pictured()
    await room.unmute()
    await room.plays(1)
    await room.hide(True)
    await until(on_air.page, "document.querySelector('#viewers').textContent === '0'", 10)
    hidden = await room.seen()
    await (await visitors.room(on_air.watch)).plays(3)
    await room.hide(False)
    back = await room.shows(lambda seen: seen["frames"] > hidden["frames"] + 5, within=5)
    await room.plays(2)
    # A player that continued where it stopped would be three seconds behind.
    assert back["time"] > hidden["time"] + 2
    assert (await room.stats())["lag"] < 1_000


@pytest.mark.parametrize("how", ["silent", "refused"])
async def test_a_lost_network_keeps_the_last_picture_and_is_live_a_second_after_its_return(
    on_air: Studio, visitors: Visitors, proxy: TcpProxy, how: str
) -> None:
    visitors.complaints.allow(NETWORK)
    room = await visitors.room(by(proxy, on_air.watch))
    await room.pictured()
    await room.unmute()
    await room.plays(1)
    await room.page.context.set_offline(True)
    await proxy.cut("silent" if how == "silent" else "refused")
    await until(room.page, "document.querySelector('#stage').classList.contains('lost')", 10)
    lost = await room.seen()
    assert lost["width"] > 0 and await _picture(room) > 0, "the last picture is gone"
    await proxy.restore()
    await room.page.context.set_offline(False)
    returned = await room.page.evaluate("performance.now()")
    seen = await room.shows(lambda seen: seen["frames"] > lost["frames"], within=5)
    assert seen["at"] - returned < 1_000
    await room.plays(2)
    stats = await room.stats()
    assert stats["lag"] < 1_000 and stats["reconnects"] >= 1


async def _picture(room: Room) -> float:
    """Brightness of the video or of the still that replaces it: 0 is black."""
    brightness: float = await room.page.evaluate(
        """() => {
            const still = document.querySelector('#still');
            const size = { width: 32, height: 32 };
            const canvas = Object.assign(document.createElement('canvas'), size);
            const context = canvas.getContext('2d');
            const shown = still.hidden ? document.querySelector('.screen') : still;
            context.drawImage(shown, 0, 0, 32, 32);
            const { data } = context.getImageData(0, 0, 32, 32);
            const colours = data.filter((_, n) => n % 4 < 3);
            return colours.reduce((sum, value) => sum + value, 0) / colours.length;
        }"""
    )
    return brightness
