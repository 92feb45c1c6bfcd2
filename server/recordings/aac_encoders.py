"""The AAC encoders of replays: a few confined processes, which segments use in turn."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from relay.hls.aac_process import AacProcess
from relay.media.aac import OpusPacket
from relay.worker.workers import Workers

PROCESSES = 2
"""Maximum number of encoders. Encoding the audio of a segment takes about a tenth of a second."""
IDLE = 60.0
"""Seconds after which an unused encoder ends."""


class AacEncoders:
    """Encodes audio in at most PROCESSES processes. `close()` ends the processes."""

    def __init__(self, workers: Workers) -> None:
        self._free = [AacProcess(workers) for _ in range(PROCESSES)]
        """The encoders that nothing uses. The last encoder was used most recently."""
        self._turns = asyncio.Semaphore(PROCESSES)
        self._idle: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None
        self._closed = False

    async def encode(self, packets: Sequence[OpusPacket]) -> list[list[bytes]]:
        """Returns the AAC frames that each packet completes. The first packet restarts the encoder.
        Raises WorkerFailed.
        """
        async with self._turns, self._borrowed() as encoder:
            return await encoder.encode(packets)

    async def close(self) -> None:
        """Ends the processes. No encoder may be in use."""
        self._closed = True
        if self._idle:
            self._idle.cancel()
        if self._ending:
            await asyncio.wait([self._ending])
        await self._end_all()

    @asynccontextmanager
    async def _borrowed(self) -> AsyncIterator[AacProcess]:
        encoder = self._free.pop()
        try:
            yield encoder
        finally:
            self._free.append(encoder)
            self._expect_idle()

    def _expect_idle(self) -> None:
        """Ends all free encoders in IDLE seconds, unless an encoder is used before."""
        if self._idle:
            self._idle.cancel()
        if not self._closed:
            self._idle = asyncio.get_running_loop().call_later(IDLE, self._end_idle)

    def _end_idle(self) -> None:
        self._ending = asyncio.get_running_loop().create_task(self._end_all())

    async def _end_all(self) -> None:
        for _ in range(PROCESSES):
            async with self._turns:  # nothing uses an encoder while it ends
                encoder = self._free.pop(0)
                try:
                    await encoder.close()
                finally:
                    self._free.append(encoder)
