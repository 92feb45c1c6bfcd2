"""Publishers that come and go leave no port, task, thread, descriptor or process."""

import asyncio
import os
from pathlib import Path

import pytest

from scripts.loadgen.clip import encode
from scripts.loadgen.plans import PublishersPlan
from scripts.loadgen.publisher import Publisher
from scripts.loadgen.publishers import Publishers
from server.ingest.session import State
from tests.fixtures.deadline import eventually
from tests.fixtures.server import Server

TIMES = 100
WARM = 5
"""Go-lives before counting, so that everything made once exists."""


@pytest.mark.timeout(150)
async def test_a_hundred_go_lives_leave_nothing(server: Server) -> None:
    """They follow each other in one room, and end by DELETE, by hanging up, or by a takeover.

    Each shows a frame.
    """
    room = await server.create()
    clip = encode(160, 120, 30, 200)
    publishers = Publishers(
        PublishersPlan(insecure=False, rooms=[], clip=clip.to_json(), stay=0, ramp=0)
    )
    publishers._tick()
    ways_to_go = (Publisher.close, _hang_up, _vanish)
    try:
        for number in range(WARM + TIMES):
            if number == WARM:
                await _alone(server)
                # The object store starts its threads with the first segments.
                await eventually(lambda: server.recordings.counters.segments >= 2)
                before = _held()
            publisher = Publisher(
                publishers.counts, clip, room.name, room.key, room.whip, server.http
            )
            await publisher.connect()
            publishers._publishers.add(publisher)
            await eventually(
                lambda epoch=number + 1: (  # type: ignore[misc]
                    server.room(room)._epoch == epoch
                    and server.session(room).state is State.FLOWING
                )
            )
            publishers._publishers.discard(publisher)
            # Nothing takes over from the last one, so it must say goodbye.
            await ways_to_go[0 if number in (WARM - 1, WARM + TIMES - 1) else number % 3](publisher)
        await _alone(server)
        await eventually(
            lambda: all(now <= then for now, then in zip(_held(), before, strict=True))
        )
    finally:
        await publishers.close()
    assert await server.state(room) == "away"


async def _hang_up(publisher: Publisher) -> None:
    """Leaves without a DELETE."""
    await publisher._dtls.close()
    assert publisher._transport
    publisher._transport.close()


async def _vanish(publisher: Publisher) -> None:
    """Leaves without telling the server."""
    assert publisher._transport
    publisher._transport.abort()
    publisher._transport = None
    await publisher._dtls.close()


async def _alone(server: Server) -> None:
    await eventually(
        lambda: not server.udp.peers and not any(bound.routes for bound in server.udp._sockets)
    )


def _held() -> tuple[int, int, int, int]:
    """Tasks, threads, descriptors and child processes of this process."""
    me = Path("/proc/self")
    children = (me / f"task/{os.getpid()}/children").read_text().split()
    return (
        len(asyncio.all_tasks()),
        len(os.listdir(me / "task")),
        len(os.listdir(me / "fd")),
        len(children),
    )
