"""Attacks by viewers whose feedback costs the server more than the feedback of a browser."""

import asyncio
import struct
from abc import ABC, abstractmethod
from collections.abc import Sequence

from scripts.benchmarks.hostile.arena import Arena, NotPrepared, paced
from scripts.benchmarks.hostile.connections import Connections
from scripts.benchmarks.hostile.raw_viewer import RawViewer
from scripts.loadgen.websocket_viewer import masked_frame
from scripts.loadgen.websocket_viewer import request as handshake

NUMBERS_EACH = 17
"""Number of sequence numbers that one entry of a NACK can hold (RFC 4585 §6.2.1)."""
ENTRIES = 270
MEDIA_WITHIN = 5.0


class FeedbackAttack(ABC):
    """One WHEP viewer that calls `send` `per_second` times a second. Subclasses override `send`."""

    per_second = 100.0

    async def prepare(self, arena: Arena) -> None:
        self.viewer = RawViewer(arena)
        await self.viewer.require_connected()
        await _media(self.viewer)

    async def run(self, arena: Arena, seconds: float) -> None:
        def send() -> None:
            if self.viewer.connected:
                self.viewer.keep()
                self.send(self.viewer)

        self.viewer.restart_consent()
        await paced(self.per_second, seconds, send)

    @abstractmethod
    def send(self, viewer: RawViewer) -> None:
        """Sends the next feedback of the attack."""


class LongNacks(FeedbackAttack):
    """NACKs of 4,590 sequence numbers each, 2.4 Mbit/s."""

    per_second = 275.0

    def send(self, viewer: RawViewer) -> None:
        first = viewer.newest - NUMBERS_EACH * ENTRIES
        starts = [first + NUMBERS_EACH * number for number in range(ENTRIES)]
        viewer.send_rtcp(nack(viewer.ssrc, starts))


class NackEverything(FeedbackAttack):
    """A viewer that requests each packet of the last second again, ten times a second."""

    per_second = 10.0

    def send(self, viewer: RawViewer) -> None:
        starts = [viewer.newest - NUMBERS_EACH * number for number in range(1, 9)]
        viewer.send_rtcp(nack(viewer.ssrc, starts))


class ValidChecks(FeedbackAttack):
    """Valid connectivity checks, 8,000 a second."""

    per_second = 8_000.0

    async def prepare(self, arena: Arena) -> None:
        await super().prepare(arena)
        self._check = self.viewer.check(self.viewer.accepted, nominate=True)

    def send(self, viewer: RawViewer) -> None:
        viewer.send(self._check)


class Reports:
    """1,000 WebSockets of one address, each with 20 reports a second."""

    sockets, per_second = 1_000, 20
    sources: Sequence[str] = ("127.0.0.6",)

    async def prepare(self, arena: Arena) -> None:
        self._sockets = Connections(arena)
        path = f"/ws/{arena.room}?media=0&player=load"
        await self._sockets.open(self.sources, self.sockets, handshake(arena.host, path))
        await self._sockets.hold(1.0)
        if len(self._sockets) < self.sockets:
            raise NotPrepared(f"the server accepted {len(self._sockets)} WebSockets")

    async def run(self, arena: Arena, seconds: float) -> None:
        report = masked_frame(0x81, b'{"type":"report","media_time":1000000}')
        await self._sockets.repeat(seconds, report, self.per_second)


class NoFeedback:
    """WHEP viewers that read nothing, and send nothing after the handshake."""

    viewers = 30

    async def prepare(self, arena: Arena) -> None:
        self._viewers = [RawViewer(arena) for _ in range(self.viewers)]
        await asyncio.gather(*(viewer.require_connected() for viewer in self._viewers))

    async def run(self, arena: Arena, seconds: float) -> None:
        for viewer in self._viewers:
            viewer.muted = True
        await asyncio.sleep(seconds)


def nack(ssrc: int, starts: list[int]) -> bytes:
    """Returns a generic NACK (RFC 4585 §6.2.1). For each sequence number in `starts`, the NACK
    requests NUMBERS_EACH packets from this number on.
    """
    entries = b"".join(struct.pack(">HH", start & 0xFFFF, 0xFFFF) for start in starts)
    return struct.pack(">BBHII", 0x81, 205, 2 + len(starts), 1, ssrc) + entries


async def _media(viewer: RawViewer) -> None:
    """Waits until the viewer has received a video packet. Raises TimeoutError."""
    async with asyncio.timeout(MEDIA_WITHIN):
        await viewer.media.wait()
