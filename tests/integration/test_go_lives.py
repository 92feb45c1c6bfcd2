"""Publishers that come and go leave no port, task, thread, descriptor or process."""

import asyncio
import os
import threading
from collections import Counter
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

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
"""Go-lives before counting, so that most of what is made once exists."""
WAYS = 3
"""Ways to leave."""
SLACK = TIMES // WAYS // 2
"""How many more may be held after all go-lives. Some things start late, such as the fork server and
the threads of pools. A leak in one of the ways leaves twice as many.
"""


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
                before = Held.now()
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
            await ways_to_go[0 if number in (WARM - 1, WARM + TIMES - 1) else number % WAYS](
                publisher
            )
        await _alone(server)
        try:
            await eventually(lambda: not Held.now().grown(before), 30)
        except TimeoutError:
            raise AssertionError(Held.now().grown(before)) from None
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


@dataclass(frozen=True, slots=True)
class Held:
    """What this process holds. The names of each kind, with how often each occurs."""

    tasks: Counter[str]
    threads: Counter[str]
    descriptors: Counter[str]
    children: Counter[str]

    @classmethod
    def now(cls) -> Self:
        me = Path("/proc/self")
        threads = {str(thread.native_id): thread.name for thread in threading.enumerate()}
        children = (me / f"task/{os.getpid()}/children").read_text().split()
        return cls(
            Counter(_name(task) for task in asyncio.all_tasks()),
            Counter(threads.get(number, "native") for number in os.listdir(me / "task")),
            Counter(_target(me / "fd" / number) for number in os.listdir(me / "fd")),
            Counter(_command(Path("/proc", number)) for number in children),
        )

    def grown(self, before: Self) -> dict[str, str]:
        """The kinds of which there are over SLACK more than before, with what was added."""
        grown = {}
        for kind in fields(self):
            now, then = getattr(self, kind.name), getattr(before, kind.name)
            if now.total() > then.total() + SLACK:
                grown[kind.name] = f"{then.total()} -> {now.total()}: {now - then}"
        return grown


def _name(task: asyncio.Task[object]) -> str:
    return getattr(task.get_coro(), "__qualname__", task.get_name())


def _target(descriptor: Path) -> str:
    """A file, or the kind of another descriptor."""
    try:
        return os.readlink(descriptor).partition(":")[0]
    except OSError:  # closed meanwhile, as the descriptor of the listing itself is
        return "closed"


def _command(process: Path) -> str:
    try:
        return (process / "comm").read_text().strip()
    except OSError:
        return "ended"
