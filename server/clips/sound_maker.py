"""Encodes the audio of clips, and keeps encoded blocks for other clips of the same moments."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator, Sequence
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
"""Number of processes among which the audio of a clip is divided."""
LEAST = 16
"""Minimum number of blocks for each further process: about 5 s of audio."""
MAX_KEPT = 32 << 20
"""Maximum bytes of kept blocks with their packets: about 10 minutes of audio."""

OVERHEAD = 2_000
"""Memory of a block in addition to its packets and frames, bytes."""

Run = Sequence[Block]
"""Successive blocks that one encoder encodes without a restart."""


class SoundMaker:
    """Encodes blocks of audio in worker processes, which end afterwards."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._kept: OrderedDict[BlockKey, Sequence[bytes]] = OrderedDict()
        self._size = 0

    async def encode(self, blocks: Sequence[Block]) -> list[bytes]:
        """Returns the AAC frames of all blocks. Raises WorkerFailed."""
        keys = [block.key for block in blocks]
        found = {key: self._kept[key] for key in keys if key in self._kept}
        missing = [number for number, key in enumerate(keys) if key not in found]
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._encode([blocks[number] for number in part], part))
                    for part in _parts(missing)
                ]
        except ExceptionGroup as failed:
            raise WorkerFailed(str(failed.exceptions[0])) from failed
        encoded = [frames for task in tasks for frames in task.result()]
        found |= zip([keys[number] for number in missing], encoded, strict=True)
        for key in keys:
            self._keep(key, found[key])
        return [frame for key in keys for frame in found[key]]

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
            self._size += _size(key, frames)
        self._kept[key] = frames
        self._kept.move_to_end(key)
        while self._size > MAX_KEPT:
            self._size -= _size(*self._kept.popitem(last=False))


def _parts(numbers: Sequence[int]) -> list[Sequence[int]]:
    """Divides the numbers among processes."""
    count = min(PROCESSES, max(1, len(numbers) // LEAST))
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
