"""The memory of real workers."""

import json

import pytest

from server.memory.worker_memory import READ_EVERY, Resident, WorkerMemory, resident_of
from tests.fixtures.social import Clock
from tests.fixtures.workers import running_workers


async def test_workers_are_measured_once_a_second() -> None:
    """The fork server whole; a worker with what it has in addition to the fork server."""
    clock = Clock(0.0)
    async with running_workers() as workers:
        memory = WorkerMemory(workers.processes, lambda: clock.now)
        assert memory.measure() == 0
        first, second = await workers.start("test"), await workers.start("test")
        assert memory.measure() == 0
        clock.now += READ_EVERY
        before = memory.measure()
        (fork_server, *_) = workers.processes()
        whole = resident_of(fork_server).all
        assert whole <= before < whole + (8 << 20)
        first.writer.write(b"hold\n")
        assert json.loads(await first.reader.readuntil()) is None
        assert memory.measure() == before
        clock.now += READ_EVERY
        assert before + (15 << 20) < memory.measure() < before + (24 << 20)
        await first.close()
        clock.now += READ_EVERY
        assert memory.measure() < before + (1 << 20)
        await second.close()
    assert workers.processes() == []


@pytest.mark.parametrize("process", [0, 1 << 30])
def test_a_process_that_has_ended(process: int) -> None:
    assert resident_of(process) == Resident()
