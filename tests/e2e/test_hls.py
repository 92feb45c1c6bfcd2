"""LL-HLS in a real Chromium with hls.js, also behind a proxy with HTTP/2."""

import re
from pathlib import Path

from scripts.benchmarks.chromium import until
from scripts.benchmarks.local_server import LocalServer
from tests.e2e.pages import EYES, Room, Studio, Visitors
from tests.fixtures.caddy import caddy

PROTOCOLS = (
    "performance.getEntriesByType('resource').filter(({ name }) => "
    "name.includes('/hls/')).map(({ nextHopProtocol }) => nextHopProtocol)"
)


async def test_hls_plays_at_low_latency_with_sound(studio: Studio, visitors: Visitors) -> None:
    room = await visitors.room(studio.watch + "?player=hls")
    await room.pictured()
    await room.unmute()
    await room.plays(8)
    assert (await room.seen())["heard"] > 0
    stats = await room.stats()
    assert stats["player"] == "hls" and stats["lag"] < 2_000, stats
    loaded = await room.page.evaluate(
        "performance.getEntriesByType('resource').map(({ name }) => name)"
    )
    assert any(re.search(r"_HLS_msn=\d+&_HLS_part=\d+", name) for name in loaded), (
        "no blocking reload"
    )
    assert any(re.search(r"/\d+\.\d+\.m4s", name) for name in loaded), "no parts were loaded"
    await until(studio.page, "document.querySelector('#viewers').textContent === '1'", 10)
    await room.hide(True)
    await until(studio.page, "document.querySelector('#viewers').textContent === '0'", 15)
    stalls = (await room.stats())["stalls"]
    await room.hide(False)
    await room.plays(2)
    await until(room.page, "microlive.stats().lag < 2000")
    stats = await room.stats()
    assert (stats["player"], stats["rebuilds"], stats["stalls"]) == ("hls", 0, stalls), stats
    await studio.end()
    await room.state("ended")


async def test_behind_caddy_it_comes_by_http_2(
    studio: Studio, server: LocalServer, visitors: Visitors, tmp_path: Path
) -> None:
    async with caddy(server.url, tmp_path) as proxy:
        page = await visitors.page(
            f"{proxy.url}/r/{studio.watch.rpartition('/')[2]}?player=hls",
            EYES,
            ignore_https_errors=True,
        )
        room = Room(page)
        await room.pictured()
        await room.plays(3)
        protocols = await page.evaluate(PROTOCOLS)
        await page.close()  # before its server goes
        assert len(protocols) > 5 and set(protocols) == {"h2"}
