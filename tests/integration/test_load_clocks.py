"""Load tests find out the clock of a server on another machine, and its publishing times."""

import time

from scripts.loadgen.clocks import Clocks
from tests.fixtures.deadline import eventually
from tests.integration.conftest import Live


async def test_a_rooms_clock_tells_of_publishing_and_of_the_servers_time(live: Live) -> None:
    clocks = Clocks(same_clock=False)
    room = live.room.name
    url = f"{live.server.url}/ws/{room}?media=0"
    try:
        clocks.keep(room, live.server.http, url)
        clocks.keep(room, live.server.http, url)  # once is enough
        media = clocks.of_room(room)
        await eventually(lambda: not clocks.unknown and media.published_at_rtp(0) is not None)
        assert abs(clocks.now() - time.time_ns() // 1_000) < 1_000_000
        assert abs(clocks.at(0)) < 1_000_000
        newest = live.server.stream(live.room).edge
        published = media.published_at_rtp(round(newest * 9 / 100) & 0xFFFFFFFF)
        assert published is not None and abs(published - time.time_ns() // 1_000) < 2_000_000
        assert live.server.channel(live.room).viewers == 1
    finally:
        await clocks.close()
