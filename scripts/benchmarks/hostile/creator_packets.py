"""Attacks by a creator that sends handcrafted RTP packets. In each attack, the creator first goes
live in a separate room.
"""

import asyncio
import os
import random
import time
from abc import ABC, abstractmethod

from scripts.benchmarks.hostile.arena import TICK, Arena, NotPrepared
from scripts.benchmarks.hostile.raw_creator import RawCreator
from scripts.loadgen.clip import fragments

SLICE = b"\x41\x9a" + bytes(range(24))
"""Payload of a short P slice (H.264)."""
IDR = b"\x65\x88" + bytes(range(24))
FU_A = 0x7C
LARGE = 1_150
"""Size of a large RTP payload, bytes."""
SCALING_CODES = 12 * 40
"""Number of Exp-Golomb codes in the scaling lists of the long SPS."""


class PacketAttack(ABC):
    """A creator that calls `send` `per_second` times a second. Subclasses override `send`."""

    per_second = 1_000.0

    async def prepare(self, arena: Arena) -> None:
        self.creator = RawCreator(arena)
        if not await self.creator.go_live():
            raise NotPrepared("the server refused the creator")

    async def run(self, arena: Arena, seconds: float) -> None:
        """Calls `send` until the server ends the session. After that, tries once a second to open a
        new session. If a new session is accepted, continues in this session.
        """
        began = time.monotonic()
        until, again, made = began + seconds, 0.0, 0.0
        self.creator.restart_consent()
        while (now := time.monotonic()) < until:
            due = (now - began) * self.per_second
            while made < due:
                made += 1
                if self.creator.connected:
                    self.send(self.creator)
            if self.creator.connected:
                self.creator.keep()
            elif now >= again:
                again = now + 1.0
                self.creator = RawCreator(arena)
                await self.creator.go_live()
                made = (time.monotonic() - began) * self.per_second
            await asyncio.sleep(TICK)

    @abstractmethod
    def send(self, creator: RawCreator) -> None:
        """Sends the next packets of the attack."""


class TransportJumps(PacketAttack):
    """Packets whose transport-wide sequence numbers jump by up to 2,000."""

    def send(self, creator: RawCreator) -> None:
        creator.timestamp += 90
        creator.video(SLICE, marker=True, jump=random.randrange(2_000))


class EndlessUnit(PacketAttack):
    """One access unit that never ends. No packet has a marker, and all packets have the same
    timestamp.
    """

    per_second = 2_000.0

    def send(self, creator: RawCreator) -> None:
        creator.video(bytes((FU_A, 1)) + bytes(LARGE), marker=False)


class HeavyCreator(PacketAttack):
    """A creator who sends valid access units at a high bitrate, although the server asked for
    2.5 Mbps.
    """

    per_second = 30.0

    def __init__(self, bits_per_second: int = 50_000_000) -> None:
        self.bits_per_second = bits_per_second

    def send(self, creator: RawCreator) -> None:
        packets = self.bits_per_second // 30 // 8 // LARGE
        noise = os.urandom(LARGE)
        unit = [bytes((FU_A, 0x81)) + noise]
        unit += [bytes((FU_A, 1)) + noise] * (packets - 2)
        unit.append(bytes((FU_A, 0x41)) + noise)
        creator.send_frame(unit)


class TinySounds(PacketAttack):
    """4,000 audio packets a second, each of 5 bytes. A packet uses far more memory than 5 bytes."""

    per_second = 4_000.0

    def send(self, creator: RawCreator) -> None:
        creator.audio(b"\xf8\xff\xfe\0\0")


class TinyUnits(PacketAttack):
    """3,000 access units a second, each of one byte."""

    per_second = 3_000.0

    def send(self, creator: RawCreator) -> None:
        creator.timestamp += 30
        creator.video(b"\x41", marker=True)


class KeyframesBehindHole(PacketAttack):
    """A creator that leaves out one packet and then sends 250 packets that each start a keyframe.
    This happens four times a second.
    """

    per_second = 4.0

    def send(self, creator: RawCreator) -> None:
        creator.timestamp += 90_000 // 4
        creator.video(IDR, marker=False, skip=1)
        for _ in range(249):
            creator.video(IDR, marker=False)


class SequenceJumps(PacketAttack):
    """Packets whose sequence numbers jump by 2,999."""

    per_second = 363.0

    def send(self, creator: RawCreator) -> None:
        creator.timestamp += 250
        creator.video(SLICE, marker=True, skip=2_998)


class LongParameterSets(PacketAttack):
    """21 parameter sets a second, each of 4.9 KB and with Exp-Golomb codes of 65 bits."""

    per_second = 21.0

    async def prepare(self, arena: Arena) -> None:
        self._unit = [*fragments(long_sps()), b"\x68\xce\x3c\x80", IDR]
        await super().prepare(arena)

    def send(self, creator: RawCreator) -> None:
        creator.send_frame(self._unit)


def long_sps() -> bytes:
    """Returns an SPS with 12 scaling lists of 40 Exp-Golomb codes. Each code has 65 bits (ITU-T
    H.264 §7.3.2.1.1, §9.1).
    """
    # The fields after the profile (High 4:4:4) and the level (3.1): seq_parameter_set_id 0,
    # chroma_format_idc 3, no separate planes, 8 bits, no bypass, scaling matrix present.
    bits = "1" + "00100" + "0" + "1" + "1" + "0" + "1"
    code = "0" * 32 + "1" + format(2, "032b")
    bits += ("1" + code * (SCALING_CODES // 12)) * 12 + "1" * 40
    bits += "0" * (-len(bits) % 8)
    body = int(bits, 2).to_bytes(len(bits) // 8, "big")
    return bytes((0x67, 244, 0, 31)) + _escaped(body)


def _escaped(body: bytes) -> bytes:
    """Inserts emulation prevention bytes (ITU-T H.264 §7.4.1)."""
    out, zeros = bytearray(), 0
    for byte in body:
        if zeros >= 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = 0 if byte else zeros + 1
    return bytes(out)
