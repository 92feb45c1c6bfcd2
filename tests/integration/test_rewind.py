"""Instant replay of a real live: a turned camera and an interruption in the window."""

import asyncio
from typing import Any

from relay.sample import Track
from tests.fixtures.media import decode_pictures, decode_times
from tests.fixtures.publisher import Publisher
from tests.integration.conftest import Live


async def window(live: Live) -> Any:
    url = f"{live.server.url}/api/rooms/{live.room.name}/window"
    async with live.server.http.get(url) as response:
        return await response.json() if response.status == 200 else None


async def windows(live: Live, condition: Any) -> Any:
    """Waits until the window meets a condition, while the live goes on."""
    async with asyncio.timeout(20):
        while not ((seen := await window(live)) and condition(seen)):
            await live.viewer.frames(5, 20)
        return seen


async def load(live: Live, moment: int) -> tuple[int, bytes]:
    url = f"{live.server.url}/api/rooms/{live.room.name}/window/{moment}"
    async with live.server.http.get(url) as response:
        return response.status, await response.read()


async def test_a_turned_camera_and_an_interruption(live: Live) -> None:
    """Each segment shows one picture size of one session. The segments contain all media that
    viewers saw live.
    """
    await windows(live, lambda seen: seen["segments"])
    live.publisher.camera.size = (120, 160)
    await windows(live, lambda seen: len(seen["pieces"]) == 2)
    assert await live.publisher.delete() == 200
    async with Publisher(live.server.http, live.room.whip, live.room.key):
        seen = await windows(live, lambda seen: seen["segments"][-1]["piece"] == 0)
    sizes = []
    for segment in seen["segments"]:
        status, data = await load(live, segment["start"])
        assert status == 200
        pictures = decode_pictures(data)
        (size,) = {(frame.width, frame.height) for frame in pictures}
        piece = seen["pieces"][segment["piece"]]
        assert size == (piece["width"], piece["height"])
        sizes.append(size)
        times = decode_times(data)["video"]
        assert segment["start"] == times[0] * 100 // 9
        assert times[-1] * 100 // 9 < segment["end"]
    assert [size for n, size in enumerate(sizes) if not n or sizes[n - 1] != size] == [
        (160, 120),
        (120, 160),
        (160, 120),
    ]
    gaps = [
        (one["end"], two["start"])
        for one, two in zip(seen["segments"], seen["segments"][1:], strict=False)
        if two["start"] > one["end"]
    ]
    assert gaps, "the creator was away"
    start, end = gaps[-1]
    assert (await load(live, (start + end) // 2))[0] == 404
    watched = {record.media_time for record in live.viewer.media(Track.VIDEO)}
    assert {segment["start"] for segment in seen["segments"][1:]} <= watched
