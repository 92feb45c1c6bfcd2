"""A publisher whose browser has no H.264: Debian's Firefox, which sends VP8."""

import asyncio
from pathlib import Path

import pytest

from scripts.benchmarks.local_server import LocalServer
from server.host.addresses import local_addresses
from tests.e2e.firefox import firefox
from tests.e2e.pages import Visitors

WITHIN = 45.0
"""Seconds for a step: two browsers and two software encoders share this machine."""


@pytest.mark.timeout(150)
async def test_firefox_goes_live_and_chromium_watches(visitors: Visitors, tmp_path: Path) -> None:
    """From the studio page to the room page: video and audio."""
    # Firefox does no WebRTC over loopback. Traffic to the machine's own address stays on the
    # machine.
    addresses = [one.text for one in local_addresses() if ":" not in one.text]
    assert addresses, "Firefox does no WebRTC over loopback: it needs another IPv4 address"
    data, profile = tmp_path / "data", tmp_path / "profile"
    profile.mkdir()
    async with (
        LocalServer(data, f"--udp-hosts={addresses[0]}") as server,
        firefox(profile) as studio,
    ):
        await studio.goto(f"{server.url}/live")
        await studio.until("document.body.dataset.screen === 'ready'", WITHIN)
        codecs = await studio.evaluate(
            "RTCRtpSender.getCapabilities('video').codecs.map(({ mimeType }) => mimeType)"
        )
        assert "video/VP8" in codecs and "video/H264" not in codecs
        await studio.evaluate("document.querySelector('#go-live').click()")
        await studio.until(
            "document.body.dataset.screen === 'live' && document.body.dataset.link === 'live'",
            WITHIN,
        )
        room = await visitors.room(
            await studio.evaluate("document.querySelector('#share-link').href")
        )
        await room.pictured(WITHIN)
        await room.unmute()
        await room.plays(5, WITHIN)
        before = await room.seen()
        assert before["width"] > 0 and before["height"] > 0
        await asyncio.gather(
            room.plays(1), room.shows(lambda seen: seen["heard"] > before["heard"])
        )
        await studio.evaluate("document.querySelector('#end-confirm').click()")
        await studio.until("document.body.dataset.screen === 'over'")
        await room.state("ended")
        assert server.errors == []
