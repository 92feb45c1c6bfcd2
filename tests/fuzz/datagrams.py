"""`scripts/fuzz --datagrams`: random datagrams at the UDP port of a server that carries a live,
from strangers and from the creator's own address.
"""

import asyncio
import random
import socket
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from relay.sample import Track
from scripts.benchmarks.local_server import LocalServer
from scripts.loadgen.clip import encode
from scripts.loadgen.plans import StagePlan
from scripts.loadgen.publisher import Publisher
from scripts.loadgen.stage import Stage
from tests.fixtures.server import NewRoom
from tests.fixtures.viewer import Viewer
from tests.fuzz.cutting import cut
from tests.fuzz.seeds import SEEDS

RATE = 4_000
"""Datagrams a second at most; more is a flood, which the kernel drops, not a test of what reads
them.
"""
BATCH = 40
STRANGERS = 8
"""Sockets, and so source addresses, that they come from."""
KEPT = 256
"""Packets of the creator that are remembered, to be damaged and sent again."""


@dataclass(slots=True)
class Siege:
    """What was sent, and what became of the live."""

    sent: int = 0
    epochs: set[int] = field(default_factory=set)
    frames: int = 0
    longest: float = 0.0
    """Seconds of media time between two pictures, the longest."""
    memory: list[int] = field(default_factory=list)
    """Bytes of resident memory of the server, once a second."""

    @property
    def grown(self) -> int:
        """Bytes, from the median of the second fifth to that of the last: the first fifth fills the
        window.
        """
        fifth = max(1, len(self.memory) // 5)
        return _median(self.memory[-fifth:]) - _median(
            self.memory[fifth : 2 * fifth] or self.memory
        )


class _Overheard(Publisher):
    """A creator whose datagrams are kept as they leave."""

    def __init__(self, *arguments: object) -> None:
        self.heard: list[bytes] = []
        super().__init__(*arguments)  # type: ignore[arg-type]

    def _send(self, data: bytes) -> None:
        super()._send(data)
        self.heard.append(data)
        del self.heard[:-KEPT]


async def besiege(seconds: float, seed: int) -> Siege:
    """Bombards a server of its own for so long. Raises AssertionError where the session ended or
    the server complained.
    """
    with tempfile.TemporaryDirectory() as folder:
        # The window is small, so that it is full when memory begins to be measured.
        async with (
            LocalServer(Path(folder), "--udp-port=0", "--window-seconds=2") as server,
            aiohttp.ClientSession() as http,
        ):
            async with http.post(f"{server.url}/api/rooms", json={}) as response:
                answer = await response.json()
            room = NewRoom(answer["room"], answer["key"], answer["whip"])
            clip = encode(160, 120, 30, 300)
            stage = Stage(StagePlan(insecure=False, rooms=[], clip=clip.to_json(), stay=0, ramp=0))
            publisher = _Overheard(stage, clip, room.name, room.key, room.whip, http)
            try:
                await publisher.connect()
                stage._publishers.add(publisher)
                stage._tick()
                async with Viewer(http, server.url, room.name) as viewer:
                    siege = await _bombard(
                        publisher, viewer, server.pid, seconds, random.Random(seed)
                    )
                    await viewer.frames(30)
                assert publisher.sending, "the creator's session ended"
            finally:
                await stage.close()
        assert not [line for line in server.log if "ERROR" in line or "Traceback" in line], (
            server.log
        )
        return siege


async def _bombard(
    publisher: _Overheard, viewer: Viewer, pid: int, seconds: float, noise: random.Random
) -> Siege:
    siege = Siege()
    await viewer.frames(5)
    assert publisher._accepted and publisher._transport
    strangers = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(STRANGERS)]
    try:
        for sock in strangers:
            sock.connect(publisher._accepted.address)
        seeds = [
            part
            for name in ("udp", "rtp", "rtcp", "stun-foreign", "dtls")
            for seed in SEEDS[name]()
            for part in (seed, *cut(seed))
            if part
        ]
        source = _garbage(seeds, publisher, noise)
        began = due = time.monotonic()
        while due - began < seconds:
            for data in (next(source) for _ in range(BATCH)):
                if data and noise.random() < 0.5:
                    publisher._transport.sendto(data)
                else:
                    strangers[siege.sent % STRANGERS].send(data)
                siege.sent += 1
            if len(siege.memory) <= due - began:
                siege.memory.append(_resident(pid))
                _look(viewer, siege)
            due = max(due + BATCH / RATE, time.monotonic())
            await asyncio.sleep(max(0.001, due - time.monotonic()))
    finally:
        for sock in strangers:
            sock.close()
    return siege


def _garbage(seeds: list[bytes], publisher: _Overheard, noise: random.Random) -> Iterator[bytes]:
    """Bytes of any first byte, damaged messages of every protocol, the creator's own packets
    damaged or again, and nothing at all.
    """
    while True:
        kind = noise.randrange(4)
        if kind == 0:
            yield noise.randbytes(noise.choice((0, 1, 2, 12, 13, 40, 300, 1_200, 2_049)))
            continue
        data = bytearray(
            noise.choice(publisher.heard if kind == 1 and publisher.heard else seeds)[:1_400]
        )
        for _ in range(noise.randrange(4)):
            data[noise.randrange(len(data))] = noise.randrange(256)
        yield bytes(
            data[: noise.randrange(1, len(data) + 1) if noise.random() < 0.3 else len(data)]
        )


def _look(viewer: Viewer, siege: Siege) -> None:
    """Takes account of what the viewer got, and lets go of it."""
    pictures = viewer.media(Track.VIDEO)
    times = [record.media_time / 1_000_000 for record in pictures]
    siege.longest = max(
        [siege.longest, *(after - before for before, after in zip(times, times[1:], strict=False))]
    )
    siege.frames += len(pictures)
    siege.epochs |= {record.epoch for record in pictures}
    viewer.records.clear()
    viewer.log.clear()
    # The next look begins with the last picture of this one.
    viewer.records += pictures[-1:]
    siege.frames -= len(pictures[-1:])


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4_096


def _median(values: list[int]) -> int:
    return sorted(values)[len(values) // 2]
