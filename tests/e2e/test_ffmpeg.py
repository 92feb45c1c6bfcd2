"""FFmpeg's WHIP muxer publishes with a certificate on P-256, and Chromium watches."""

import asyncio
import sys

from aiohttp import ClientSession

from scripts.benchmarks.checkout import ROOT
from scripts.benchmarks.local_server import LocalServer
from tests.e2e.pages import Visitors

SECONDS = 6.0


async def test_ffmpeg_publishes(visitors: Visitors, server: LocalServer) -> None:
    async with ClientSession() as session:
        created = await (await session.post(f"{server.url}/api/rooms", json={})).json()
    creator = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "server.host.synthetic",
        created["whip"],
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
    )
    assert creator.stdin
    creator.stdin.write(f"{created['key']}\n".encode())
    try:
        room = await visitors.room(created["watch"])
        await room.pictured()
        await room.plays(SECONDS)
        seen = await room.seen()
        assert (seen["width"], seen["height"]) == (540, 960)
        assert creator.returncode is None
    finally:
        creator.stdin.close()
        await creator.wait()
