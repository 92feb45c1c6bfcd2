"""Encodes the audio of clips, and keeps encoded blocks for other clips of the same moments."""

import asyncio
import os
import sys
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice

from relay.hls.aac_process import AacProcess
from relay.media.aac import OpusPacket
from relay.worker.workers import WorkerFailed, Workers
from server.clips.sound import Block, BlockKey

KIND = "clips"
"""Name of this kind of worker."""
CODER = "fast"
"""The coder of the AAC encoder. A person waits for a clip, and the default coder takes twice as
long.
"""
PROCESSES = 2
"""Maximum number of processes among which the audio of a clip is divided."""
LEAST = 16
"""Minimum number of blocks for each further process: about 5 s of audio."""
SHARE_WITHIN = 2.0
"""Maximum seconds for which a clip waits for blocks that another clip is encoding. Encoding these
blocks twice would take longer.
"""
MAX_KEPT = 32 << 20
"""Maximum bytes of kept blocks with their packets: about 10 minutes of audio."""
OVERHEAD = 2_000
"""Memory of a block in addition to its packets and frames, bytes."""

Run = Sequence[Block]
"""Successive blocks that one encoder encodes without a restart."""


class SoundMaker:
    """Encodes blocks of audio in worker processes, which end afterwards."""

    def __init__(self, workers: Workers, processes: int | None = None) -> None:
        """`processes`: number of processes among which long audio is divided; by default, at most
        one for each core.
        """
        self._workers = workers
        self._processes = processes or min(PROCESSES, _cores())
        self._kept: OrderedDict[BlockKey, Sequence[bytes]] = OrderedDict()
        self.size = 0
        """Memory of the audio that is kept for other clips, bytes."""
        self._running: dict[BlockKey, asyncio.Future[None]] = {}
        """The blocks that are being encoded. A future is done when its encoding has ended."""

    async def encode(self, blocks: Sequence[Block]) -> list[bytes]:
        """Returns the AAC frames of all blocks. Raises WorkerFailed."""
        keys = [block.key for block in blocks]
        if others := {self._running[key] for key in keys if key in self._running}:
            await asyncio.wait(others, timeout=SHARE_WITHIN)
        found = {key: self._kept[key] for key in keys if key in self._kept}
        missing = [number for number, key in enumerate(keys) if key not in found]
        with self._encoding(keys[number] for number in missing):
            encoded = await self._encode_all(blocks, missing)
        found |= zip([keys[number] for number in missing], encoded, strict=True)
        for key in keys:
            self._keep(key, found[key])
        return [frame for key in keys for frame in found[key]]

    @contextmanager
    def _encoding(self, keys: Iterable[BlockKey]) -> Iterator[None]:
        """Makes other clips wait for these blocks until the context ends."""
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        own = dict.fromkeys(keys, ended)
        self._running |= own
        try:
            yield
        finally:
            ended.set_result(None)
            for key in own:
                if self._running.get(key) is ended:
                    del self._running[key]

    async def _encode_all(
        self, blocks: Sequence[Block], missing: Sequence[int]
    ) -> list[Sequence[bytes]]:
        """Returns the AAC frames of the blocks with these numbers."""
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._encode([blocks[number] for number in part], part))
                    for part in _parts(missing, self._processes)
                ]
        except ExceptionGroup as failed:
            raise WorkerFailed(str(failed.exceptions[0])) from failed
        return [frames for task in tasks for frames in task.result()]

    async def _encode(
        self, blocks: Sequence[Block], numbers: Sequence[int]
    ) -> list[Sequence[bytes]]:
        """Returns the AAC frames of each block. `numbers`: the places of the blocks in the clip."""
        runs = list(_runs(blocks, numbers))
        packets = [packet for run in runs for packet in _packets(run)]
        process = AacProcess(self._workers, CODER, kind=KIND)
        try:
            encoded = iter(await process.encode(packets))
        finally:
            await process.close()
        frames: list[Sequence[bytes]] = []
        for run in runs:
            own = [frame for part in islice(encoded, len(_packets(run))) for frame in part]
            at = run[0].skip
            for block in run:
                frames.append(own[at : at + block.count])
                at += block.count
            if at > len(own):
                raise WorkerFailed("the AAC encoder returned too few frames")
        return frames

    def _keep(self, key: BlockKey, frames: Sequence[bytes]) -> None:
        """Keeps a block as the newest one. Forgets the oldest blocks beyond the limit."""
        if key not in self._kept:
            self.size += _size(key, frames)
        self._kept[key] = frames
        self._kept.move_to_end(key)
        while self.size > MAX_KEPT:
            self.size -= _size(*self._kept.popitem(last=False))


def _cores() -> int:
    """Returns the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _parts(numbers: Sequence[int], processes: int) -> list[Sequence[int]]:
    """Divides the numbers among processes."""
    count = min(processes, max(1, len(numbers) // LEAST))
    size = -(-len(numbers) // count)
    return [numbers[at : at + size] for at in range(0, len(numbers), size)] if numbers else []


def _runs(blocks: Sequence[Block], numbers: Sequence[int]) -> Iterator[Run]:
    """Yields the blocks whose numbers follow each other."""
    first = 0
    for index in range(1, len(blocks) + 1):
        if index == len(blocks) or numbers[index] != numbers[index - 1] + 1:
            yield blocks[first:index]
            first = index


def _packets(run: Run) -> list[OpusPacket]:
    """Returns the packets of a run. The encoder restarts at the first packet."""
    packets = [*run[0].before, *(p for block in run for p in block.packets), *run[-1].after]
    return [replace(packets[0], restart=0), *packets[1:]]


def _size(key: BlockKey, frames: Sequence[bytes]) -> int:
    return sum(map(len, key)) + sum(map(len, frames)) + OVERHEAD
