"""Makes pictures in a confined process."""

import asyncio
from collections.abc import Sequence

from relay.errors import BitstreamError
from relay.worker.workers import Worker, WorkerFailed, Workers
from server.clips.picture_messages import ANSWER, MAX_KEYFRAMES, Pictures, request, sizes

KIND = "pictures"
"""Name of this kind of worker."""
TIMEOUT = 15.0
"""Maximum time until the process answers, seconds. The time is longer than the CPU time that the
process may use.
"""


async def draw_pictures(
    workers: Workers,
    config: bytes,
    keyframes: Sequence[bytes],
    *,
    poster: int = 0,
    filmstrip: bool = True,
) -> Pictures:
    """Returns the pictures of at most MAX_KEYFRAMES keyframes of one video, made in a process of
    their own. Arguments: see `picture_messages.request`. Raises WorkerFailed.
    """
    worker = await workers.start(KIND)
    try:
        async with asyncio.timeout(TIMEOUT):
            pictures = await _ask(
                worker, request(config, keyframes[:MAX_KEYFRAMES], poster, filmstrip)
            )
    except (TimeoutError, OSError, asyncio.IncompleteReadError, BitstreamError) as error:
        await worker.fail()
        raise WorkerFailed(f"the picture process failed: {str(error) or 'no answer'}") from error
    finally:
        await worker.close()
    if not pictures.poster_jpeg:
        raise WorkerFailed("no keyframe can be decoded")
    return pictures


async def _ask(worker: Worker, question: bytes) -> Pictures:
    worker.writer.write(question)
    head = await worker.reader.readexactly(ANSWER.size)
    jpeg, webp, preview, strip = [await worker.reader.readexactly(size) for size in sizes(head)]
    *_, width, height = ANSWER.unpack(head)
    return Pictures(jpeg, webp, preview, strip, width, height)
