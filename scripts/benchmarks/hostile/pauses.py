"""Stops the server's process for a moment, and counts the audio packets that viewers miss.

The creator numbers its audio packets. During a pause, the buffer of the server's socket keeps the
packets. So each packet must reach the viewer, and the server must not insert packets of its own.
"""

import asyncio
import os
import re
import signal
import struct
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aiohttp

from relay.message import Kind, unpack_records
from relay.sample import Track
from scripts.benchmarks.figures import Bar
from scripts.benchmarks.hostile.arena import TICK, Arena
from scripts.benchmarks.hostile.raw_creator import RawCreator
from scripts.benchmarks.local_server import LocalServer, ServerFailed, pinned_server
from scripts.loadgen.clip import Clip
from scripts.loadgen.publisher import SOUND_SECONDS

PAUSES_MS = (50, 100, 400, 1_500)
HEARS_WITHIN = 10.0
"""Seconds within which the viewer must get the first audio packet."""
REST = 1.0
"""Seconds between the end of a pause and the next pause."""
MARK = b"microlive-hostile"
NUMBERED = re.compile(re.escape(MARK) + b"(....)", re.DOTALL)
OPUS_20_MS = b"\xf8"
"""First byte of an Opus packet of 20 ms (RFC 6716 §3.1)."""


@dataclass(frozen=True, slots=True)
class Paused:
    """The result of all pauses of one duration."""

    pause: float
    """Duration of each pause, ms."""
    sent: int
    """Number of audio packets that the creator sent."""
    dropped: int
    """Number of datagrams that the kernel dropped, because the socket's buffer was full."""
    missing: int
    """Number of audio packets that the viewer did not get. Excludes packets that the kernel
    dropped.
    """
    generated: int
    """Number of audio packets that the server generated to replace missing packets."""


@dataclass(frozen=True, slots=True)
class Report:
    pauses: tuple[Paused, ...]

    @property
    def bars(self) -> list[Bar]:
        return [
            bar
            for each in self.pauses
            for bar in (
                Bar(f"audio packets missing, pauses of {each.pause:.0f} ms", each.missing, 0, ""),
                Bar(f"silence put in, pauses of {each.pause:.0f} ms", each.generated, 0, ""),
            )
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "pauses": [asdict(each) for each in self.pauses],
            "bars": [bar.as_json() for bar in self.bars],
        }


def numbered_sound(number: int) -> bytes:
    """Returns an audio packet that contains its number."""
    return OPUS_20_MS + MARK + struct.pack(">I", number)


class Ear:
    """Records the numbers of the creator's audio packets, and counts generated packets."""

    def __init__(self) -> None:
        self.heard: set[int] = set()
        self.hears = asyncio.Event()
        """Event that is set as soon as an audio packet of the creator arrives."""
        self.generated = 0

    def receive(self, message: bytes) -> None:
        for record in unpack_records(message):
            if record.kind is Kind.MEDIA and record.track == Track.AUDIO:
                numbers = NUMBERED.findall(record.body)
                self.heard.update(int.from_bytes(number, "big") for number in numbers)
                if self.heard:
                    self.hears.set()
                self.generated += packet_count(record.body) - len(numbers)


def packet_count(fragment: bytes) -> int:
    """Returns the number of samples in a fragment, from its `trun` box (ISO/IEC 14496-12
    §8.8.8).
    """
    at = fragment.index(b"trun") + 8
    return int.from_bytes(fragment[at : at + 4], "big")


async def measure(
    folder: Path,
    clip: Clip,
    times: int,
    cores: tuple[int, int],
    *,
    progress: Callable[[str], None],
) -> Report:
    """Pauses the server `times` times for each duration."""
    os.sched_setaffinity(0, {cores[1]})
    found = []
    for milliseconds in PAUSES_MS:
        progress(f"{times} pauses of {milliseconds} ms")
        async with pinned_server(folder / str(milliseconds), cores[0]) as server:
            found.append(await _measure(server, clip, milliseconds / 1_000, times))
    return Report(tuple(found))


async def _measure(server: LocalServer, clip: Clip, pause: float, times: int) -> Paused:
    arena, ear = Arena(server.url, "", clip), Ear()
    creator = RawCreator(arena, "127.0.0.1")
    async with AsyncExitStack() as stack:
        stack.push_async_callback(arena.close)
        made = await arena.create_room("127.0.0.1")
        if made is None or not await creator.connect(made):
            raise ServerFailed("the server refused the creator")
        stack.push_async_callback(creator.leave)
        http = await stack.enter_async_context(aiohttp.ClientSession())
        listen = _listen(http, f"{server.url}/ws/{made.room}", ear)
        for work in (_send(creator, clip), listen):
            stack.push_async_callback(_end, asyncio.create_task(work))
        return await _pause(server.pid, creator, ear, pause, times)


async def _pause(pid: int, creator: RawCreator, ear: Ear, pause: float, times: int) -> Paused:
    """Pauses the process `times` times, for `pause` seconds each time. Counts the audio packets."""
    try:
        async with asyncio.timeout(HEARS_WITHIN):
            await ear.hears.wait()
    except TimeoutError as error:
        raise ServerFailed("the viewer got no audio") from error
    await asyncio.sleep(REST)
    first, before, generated = creator.sounds_sent, kernel_drops(pid), ear.generated
    for _ in range(times):
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(pause)
        finally:
            os.kill(pid, signal.SIGCONT)
        await asyncio.sleep(REST)
    last = creator.sounds_sent
    if last == first:
        raise ServerFailed("the creator sent no audio during the pauses")
    await asyncio.sleep(REST)  # the last packets arrive within this time
    dropped = kernel_drops(pid) - before
    missing = len(set(range(first, last)) - ear.heard)
    return Paused(
        pause * 1_000,
        last - first,
        dropped,
        max(0, missing - dropped),
        ear.generated - generated,
    )


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


async def _send(creator: RawCreator, clip: Clip) -> None:
    """Sends video and numbered audio at the right times."""
    began, frames = time.monotonic(), 0
    while True:
        passed = time.monotonic() - began
        while frames < passed * clip.fps:
            creator.send_frame(clip.frames[frames % len(clip.frames)])
            frames += 1
        while creator.sounds_sent * SOUND_SECONDS < passed:
            creator.audio(numbered_sound(creator.sounds_sent))
        creator.keep()
        await asyncio.sleep(TICK)


async def _listen(http: aiohttp.ClientSession, url: str, ear: Ear) -> None:
    with suppress(aiohttp.ClientError, OSError):
        async with http.ws_connect(f"{url}?player=load", compress=0, max_msg_size=0) as socket:
            async for message in socket:
                if message.type is aiohttp.WSMsgType.BINARY:
                    ear.receive(message.data)


def kernel_drops(pid: int) -> int:
    """Returns the number of datagrams that the kernel dropped for the UDP sockets of a process."""
    inodes = set()
    for number in os.listdir(f"/proc/{pid}/fd"):
        with suppress(OSError):
            inodes.add(os.readlink(f"/proc/{pid}/fd/{number}"))
    lines = Path("/proc/net/udp").read_text().splitlines()[1:]
    return sum(
        int(fields[-1]) for fields in map(str.split, lines) if f"socket:[{fields[9]}]" in inodes
    )
