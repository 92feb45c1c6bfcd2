"""A creator who sends more than the maximum bitrate, beside a live that must not notice."""

import asyncio
import re
from contextlib import suppress
from typing import Any

import pytest_asyncio
from aiortc.rtp import RtpPacket

from tests.fixtures.deadline import eventually
from tests.fixtures.metrics import scrape
from tests.fixtures.offers import offer
from tests.fixtures.publisher import Publisher
from tests.fixtures.server import SDP
from tests.integration.conftest import Live


@pytest_asyncio.fixture
async def settings() -> dict[str, Any]:
    return {"max_bitrate": 1_000_000}


async def flood(publisher: Publisher) -> None:
    """Sends 1.8 Mbit/s of retransmissions until the server ends the session."""
    found = re.search(r"a=rtpmap:(\d+) rtx", publisher.answer)
    assert found
    loop = asyncio.get_running_loop()
    began, number = loop.time(), 0
    with suppress(ConnectionError):
        while True:
            while number < (loop.time() - began) * 200:
                packet = RtpPacket(
                    payload_type=int(found[1]), sequence_number=number & 0xFFFF, ssrc=9
                )
                await publisher.transport._send_rtp(packet.serialize() + bytes(1_100))
                number += 1
            await asyncio.sleep(0.005)


async def test_the_session_ends_and_the_next_one_is_refused_with_the_reason(live: Live) -> None:
    server = live.server
    room = await server.create()
    async with Publisher(server.http, room.whip, room.key) as publisher:
        await eventually(lambda: publisher.transport.state == "connected")
        task = asyncio.create_task(flood(publisher))
        await eventually(lambda: not server.room(room).sessions)
        task.cancel()
        await asyncio.wait([task])
    headers = {"Content-Type": SDP, **room.bearer}
    async with server.http.post(room.whip, data=offer("chromium"), headers=headers) as response:
        answer = await response.json()
        assert (response.status, answer["code"]) == (429, "bitrate_too_high")
        assert 0 < int(response.headers["Retry-After"]) <= 10
    async with server.http.get(f"{server.url}/metrics") as response:
        told = scrape(await response.text())
    assert told["microlive_excessive_publishers_total"] == 1
    assert server.session(live.room).rtc.connected
    await live.viewer.frames(10)
    live.viewer.assert_unbroken(longest=10.0)
