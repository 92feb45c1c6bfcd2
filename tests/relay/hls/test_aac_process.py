"""The audio of one rendition in a process of its own."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from relay.hls import aac_process as module
from relay.hls.aac_messages import MAX_PACKETS
from relay.hls.aac_process import AacProcess
from relay.media.aac import AacTimeline, OpusPacket
from relay.worker.workers import WorkerFailed, Workers
from tests.fixtures.deadline import eventually
from tests.fixtures.media import sound_sample
from tests.fixtures.workers import running_workers


@pytest_asyncio.fixture
async def workers() -> AsyncIterator[Workers]:
    async with running_workers() as workers:
        yield workers


def packets(count: int) -> list[OpusPacket]:
    return list(AacTimeline().packets(sound_sample(n * 960) for n in range(count)))


async def test_any_number_of_packets(workers: Workers) -> None:
    """Each packet has its answer. One process serves all requests until it is closed."""
    process = AacProcess(workers)
    assert await process.encode([]) == [] and process.pid is None, "no audio needs no process"
    pids: set[int | None] = set()
    for count in (1, MAX_PACKETS, 3 * MAX_PACKETS + 7):
        encoded = await process.encode(packets(count))
        assert len(encoded) == count and all(len(frames) <= 2 for frames in encoded)
        pids.add(process.pid)
    (pid,) = pids
    await process.close()
    await process.close()
    assert not os.path.exists(f"/proc/{pid}") and not workers.failures


async def test_a_process_that_dies_is_replaced(workers: Workers) -> None:
    """The caller learns that the frames are lost. Another rendition notices nothing."""
    process, other = AacProcess(workers), AacProcess(workers)
    await process.encode(packets(5))
    await other.encode(packets(5))
    first, second = process.pid, other.pid
    assert first
    os.kill(first, signal.SIGKILL)
    with pytest.raises(WorkerFailed):
        await process.encode(packets(5))
    assert len(await process.encode(packets(5))) == len(await other.encode(packets(5))) == 5
    assert process.pid != first and other.pid == second
    await eventually(lambda: workers.failures["audio"] == 1)
    await process.close()
    await other.close()


async def test_a_process_that_hangs_is_replaced(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = AacProcess(workers)
    await process.encode(packets(5))
    first = process.pid
    assert first
    os.kill(first, signal.SIGSTOP)
    monkeypatch.setattr(module, "TIMEOUT", 0.05)
    with pytest.raises(WorkerFailed):
        await process.encode(packets(5))
    monkeypatch.undo()
    assert len(await process.encode(packets(5))) == 5
    await eventually(lambda: not os.path.exists(f"/proc/{first}"))
    await process.close()


async def test_the_answers_to_a_cancelled_request_are_dropped(workers: Workers) -> None:
    """The next request gets its own answers, not those to the request before it."""
    process = AacProcess(workers)
    await process.encode(packets(5))
    first = process.pid
    assert first
    os.kill(first, signal.SIGSTOP)  # the answers come after the request was cancelled
    cancelled = asyncio.create_task(process.encode(packets(7)))
    await asyncio.sleep(0)
    cancelled.cancel()
    await asyncio.wait([cancelled])
    os.kill(first, signal.SIGCONT)
    assert len(await process.encode(packets(3))) == 3
    assert process.pid != first and not workers.failures
    await process.close()


async def test_a_process_that_answers_too_much_is_replaced(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = AacProcess(workers)
    await process.encode(packets(5))
    monkeypatch.setattr(module, "max_answer", lambda _: 1)
    with pytest.raises(WorkerFailed, match="the answer has"):
        await process.encode(packets(20))
    await eventually(lambda: workers.failures["audio"] == 1)
    await process.close()
