"""Playing over WebRTC: a real creator, and aiortc as a viewer that decodes picture and sound."""

import asyncio

import numpy as np

from tests.fixtures.player import WhepPlayer
from tests.fixtures.publisher import BRIGHT, DARK
from tests.integration.conftest import Live


def whep_of(live: Live) -> str:
    return f"{live.server.url}/whep/{live.room.name}"


async def test_a_viewer_sees_and_hears_the_creator(live: Live) -> None:
    """Picture and sound decode, with the flash and the tone of each second; it counts as a viewer while it is there, and DELETE ends it."""
    async with WhepPlayer(live.server.http, whep_of(live)) as player:
        await player.frames(75, 120)
        light = [frame.to_ndarray()[: frame.height].mean() for frame in player.pictures]
        assert min(light) < DARK + 20 and max(light) > BRIGHT - 20
        loud = [np.abs(frame.to_ndarray()).max() for frame in player.sounds]
        assert min(loud) < 500 and max(loud) > 5_000
        assert live.server.stream(live.room).viewers == 2
        assert await player.delete() == 200
        assert live.server.stream(live.room).viewers == 1
        assert await player.delete() == 404
    assert live.server.udp.peers.keys() == {live.server.session(live.room).rtc.ufrag}


async def test_a_viewer_joins_at_the_cached_keyframe(live: Live) -> None:
    """Pictures since the last IDR come at once and in order, without a request for a keyframe and without one for a packet again."""
    await live.viewer.frames(30)
    async with WhepPlayer(live.server.http, whep_of(live)) as player, WhepPlayer(live.server.http, whep_of(live)) as second:
        await asyncio.gather(player.frames(30), second.frames(30))
        times = [frame.pts or 0 for frame in player.pictures]
        assert all(before < after for before, after in zip(times, times[1:], strict=False))
        counters = [session.counters for session in live.server.whep.sessions]
        assert [(each.nacks, each.plis, each.dropped) for each in counters] == [(0, 0, 0)] * 2
