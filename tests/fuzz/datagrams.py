"""`scripts/fuzz --datagrams`: sends random datagrams to the UDP port of a server with a live.

They come from strangers and from the publisher's own address.
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
from scripts.loadgen.machine import resident_bytes
from scripts.loadgen.plans import PublishersPlan
from scripts.loadgen.publisher import Publisher
from scripts.loadgen.publishers import Publishers
from tests.fixtures.server import NewRoom
from tests.fixtures.viewer import Viewer
from tests.fuzz.cutting import cut
from tests.fuzz.seeds import SEEDS

RATE = 4_000
"""Datagrams a second at most. The kernel drops more than that, so they would test nothing."""
BATCH = 40
STRANGERS = 8
"""Sockets, and so source addresses, that send."""
KEPT = 256
"""Recent packets of the publisher, to be damaged or sent again."""


@dataclass(slots=True)
class Attack:
    """What was sent, and how the live reacted."""

    sent: int = 0
    epochs: set[int] = field(default_factory=set)
    frames: int = 0
    longest: float = 0.0
    """The longest gap between two frames, seconds of media time."""
    memory: list[int] = field(default_factory=list)
    """Resident memory of the server once a second, bytes."""

    @property
    def grown(self) -> int:
        """Bytes, from the median of the second fifth to that of the last.

        The first fifth fills the window.
        """
        fifth = max(1, len(self.memory) // 5)
        return _median(self.memory[-fifth:]) - _median(
            self.memory[fifth : 2 * fifth] or self.memory
        )


class _RecordedPublisher(Publisher):
    """A publisher that records its datagrams."""

    def __init__(self, *arguments: object) -> None:
        self.recorded: list[bytes] = []
        super().__init__(*arguments)  # type: ignore[arg-type]

    def _send(self, data: bytes) -> None:
        super()._send(data)
        self.recorded.append(data)
        del self.recorded[:-KEPT]


async def attack(seconds: float, seed: int) -> Attack:
    """Attacks its own server for that long.

    Raises AssertionError if the session ends or the server logs an error.
    """
    with tempfile.TemporaryDirectory() as folder:
        # The window is small, so that it is full before memory is measured.
        async with (
            LocalServer(Path(folder), "--udp-port=0", "--window-seconds=2") as server,
            aiohttp.ClientSession() as http,
        ):
            async with http.post(f"{server.url}/api/rooms", json={}) as response:
                answer = await response.json()
            room = NewRoom(answer["room"], answer["key"], answer["whip"])
            clip = encode(160, 120, 30, 300)
            publishers = Publishers(
                PublishersPlan(insecure=False, rooms=[], clip=clip.to_json(), stay=0, ramp=0)
            )
            publisher = _RecordedPublisher(
                publishers.counts, clip, room.name, room.key, room.whip, http
            )
            try:
                await publisher.connect()
                publishers._publishers.add(publisher)
                publishers._tick()
                async with Viewer(http, server.url, room.name) as viewer:
                    result = await _send_datagrams(
                        publisher, viewer, server.pid, seconds, random.Random(seed)
                    )
                    await viewer.frames(30)
                assert publisher.sending, "the creator's session ended"
            finally:
                await publishers.close()
        assert not [line for line in server.log if "ERROR" in line or "Traceback" in line], (
            server.log
        )
        return result


async def _send_datagrams(
    publisher: _RecordedPublisher, viewer: Viewer, pid: int, seconds: float, noise: random.Random
) -> Attack:
    result = Attack()
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
        source = _hostile_datagrams(seeds, publisher, noise)
        began = due = time.monotonic()
        while due - began < seconds:
            for data in (next(source) for _ in range(BATCH)):
                if data and noise.random() < 0.5:
                    publisher._transport.sendto(data)
                else:
                    strangers[result.sent % STRANGERS].send(data)
                result.sent += 1
            if len(result.memory) <= due - began:
                result.memory.append(resident_bytes(pid))
                _look(viewer, result)
            due = max(due + BATCH / RATE, time.monotonic())
            await asyncio.sleep(max(0.001, due - time.monotonic()))
    finally:
        for sock in strangers:
            sock.close()
    return result


def _hostile_datagrams(
    seeds: list[bytes], publisher: _RecordedPublisher, noise: random.Random
) -> Iterator[bytes]:
    """An endless series: random bytes, damaged messages of each protocol, and packets of the
    publisher.
    """
    while True:
        kind = noise.randrange(4)
        if kind == 0:
            yield noise.randbytes(noise.choice((0, 1, 2, 12, 13, 40, 300, 1_200, 2_049)))
            continue
        data = bytearray(
            noise.choice(publisher.recorded if kind == 1 and publisher.recorded else seeds)[:1_400]
        )
        for _ in range(noise.randrange(4)):
            data[noise.randrange(len(data))] = noise.randrange(256)
        yield bytes(
            data[: noise.randrange(1, len(data) + 1) if noise.random() < 0.3 else len(data)]
        )


def _look(viewer: Viewer, result: Attack) -> None:
    """Counts and discards the frames that the viewer received."""
    pictures = viewer.media(Track.VIDEO)
    times = [record.media_time / 1_000_000 for record in pictures]
    result.longest = max(
        [result.longest, *(after - before for before, after in zip(times, times[1:], strict=False))]
    )
    result.frames += len(pictures)
    result.epochs |= {record.epoch for record in pictures}
    viewer.records.clear()
    viewer.log.clear()
    # The next call starts with the last frame of this call.
    viewer.records += pictures[-1:]
    result.frames -= len(pictures[-1:])


def _median(values: list[int]) -> int:
    return sorted(values)[len(values) // 2]
