"""LL-HLS as people watch it: hls.js in a real Chromium, and behind a proxy that speaks HTTP/2."""

import asyncio
import os
import re
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from scripts.benchmarks.chromium import until
from scripts.benchmarks.local_server import LocalServer
from tests.e2e.pages import EYES, Room, Studio, Visitors

PROTOCOLS = "performance.getEntriesByType('resource').filter(({ name }) => name.includes('/hls/')).map(({ nextHopProtocol }) => nextHopProtocol)"


async def test_hls_plays_at_low_latency_with_sound(studio: Studio, visitors: Visitors) -> None:
    room = await visitors.room(studio.watch + "?player=hls")
    await room.pictured()
    await room.unmute()
    await room.plays(8)
    assert (await room.seen())["heard"] > 0
    stats = await room.stats()
    assert stats["player"] == "hls" and stats["lag"] < 4_000, stats
    loaded = await room.page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    assert any(re.search(r"_HLS_msn=\d+&_HLS_part=\d+", name) for name in loaded), "no blocking reload"
    assert any(re.search(r"/\d+\.\d+\.m4s", name) for name in loaded), "no parts were loaded"
    await until(studio.page, "document.querySelector('#viewers').textContent === '1'", 10)
    await studio.end()
    await room.state("ended")


@pytest.mark.skipif(not shutil.which("caddy"), reason="needs Caddy; on Debian: apt-get install caddy")
async def test_behind_caddy_it_comes_by_http_2(studio: Studio, server: LocalServer, visitors: Visitors, tmp_path: Path) -> None:
    async with caddy(server.url, tmp_path) as url:
        page = await visitors.page(f"{url}/r/{studio.watch.rpartition('/')[2]}?player=hls", EYES, ignore_https_errors=True)
        room = Room(page)
        await room.pictured()
        await room.plays(3)
        protocols = await page.evaluate(PROTOCOLS)
        await page.close()  # before its server goes
        assert len(protocols) > 5 and set(protocols) == {"h2"}


@asynccontextmanager
async def caddy(upstream: str, folder: Path) -> AsyncIterator[str]:
    """Caddy as the README has it in front of `upstream`, but with a certificate of its own. Yields its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "Caddyfile").write_text(
        "{\n admin off\n skip_install_trust\n auto_https disable_redirects\n}\n"
        f"https://127.0.0.1:{port} {{\n tls internal\n bind 127.0.0.1\n reverse_proxy {upstream.removeprefix('http://')}\n}}\n"
    )
    environment = {**os.environ, "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    command = ("caddy", "run", "--config", "Caddyfile", "--adapter", "caddyfile")
    process = await asyncio.create_subprocess_exec(*command, cwd=folder, env=environment, stderr=asyncio.subprocess.DEVNULL)
    try:
        async with asyncio.timeout(20):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    break
                except OSError:
                    await asyncio.sleep(0.05)
        yield f"https://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()
