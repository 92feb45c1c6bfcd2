"""Encodes the audio of one rendition in a confined process."""

import asyncio
from collections.abc import Sequence

from relay.errors import BitstreamError
from relay.hls.aac_messages import COUNT, MAX_PACKETS, max_answer, read_answer, request
from relay.media.aac import OpusPacket
from relay.worker.workers import Worker, WorkerFailed, Workers

KIND = "audio"
"""Name of the kind of worker that encodes renditions."""
TIMEOUT = 5.0
"""Maximum time until the process answers a request, seconds. A process on a busy machine still
answers within this time.
"""


class AacProcess:
    """An AAC encoder in a process of its own. The process is started when it is first needed, and
    restarted after a failure. `close()` ends the process.
    """

    def __init__(self, workers: Workers, *arguments: str, kind: str = KIND) -> None:
        """`arguments`: the arguments of `aac_worker.main`. `kind`: the kind of worker."""
        self._workers = workers
        self._kind = kind
        self._arguments = arguments
        self._worker: Worker | None = None
        self._asked = False
        """Whether the process has requests whose answers were not read."""

    @property
    def pid(self) -> int | None:
        """Process id; None while there is no process."""
        return self._worker.pid if self._worker else None

    async def encode(self, packets: Sequence[OpusPacket]) -> list[list[bytes]]:
        """Returns the AAC frames that each packet completes. Raises WorkerFailed; the frames of all
        packets are then lost, and the next call starts a new encoder.
        """
        if not packets:
            return []
        if self._asked:  # the last request was cancelled: its answers would come first
            await self.close()
        if self._worker is None:
            self._worker = await self._workers.start(self._kind, *self._arguments)
        worker = self._worker
        requests = [packets[at : at + MAX_PACKETS] for at in range(0, len(packets), MAX_PACKETS)]
        encoded: list[list[bytes]] = []
        self._asked = True
        try:
            # Send all requests at once, so that the process never waits for the server.
            for part in requests:
                worker.writer.write(request(part))
            for part in requests:
                encoded += await _answer(worker, part)
        except (TimeoutError, OSError, asyncio.IncompleteReadError, BitstreamError) as error:
            self._worker = None
            await worker.fail()
            raise WorkerFailed(f"the AAC encoder failed: {str(error) or 'no answer'}") from error
        self._asked = False
        return encoded

    async def close(self) -> None:
        worker, self._worker, self._asked = self._worker, None, False
        if worker:
            await worker.close()


async def _answer(worker: Worker, packets: Sequence[OpusPacket]) -> list[list[bytes]]:
    """Reads the answer to a request."""
    async with asyncio.timeout(TIMEOUT):
        (size,) = COUNT.unpack(await worker.reader.readexactly(COUNT.size))
        if size > max_answer(packets):
            raise BitstreamError(f"the answer has too many bytes: {size}")
        return read_answer(await worker.reader.readexactly(size), len(packets))
