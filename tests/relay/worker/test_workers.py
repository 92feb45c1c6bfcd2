"""Limits of a confined worker. No worker disturbs another one, and none is left."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from relay.worker import workers as module
from relay.worker.fork_server import GROUP_NICE
from relay.worker.workers import START, Worker, WorkerFailed, Workers
from tests.fixtures.deadline import eventually
from tests.fixtures.workers import NICE, has_unprivileged_user, running_workers


@pytest_asyncio.fixture
async def workers() -> AsyncIterator[Workers]:
    async with running_workers() as workers:
        yield workers


async def ask(worker: Worker, attempt: str) -> object:
    """Returns the worker's answer. Raises IncompleteReadError if it ended."""
    worker.writer.write(attempt.encode() + b"\n")
    return json.loads(await worker.reader.readuntil())


def alive(pid: int) -> bool:
    """Whether there is such a process, a zombie included."""
    return os.path.exists(f"/proc/{pid}")


def status(pid: int) -> dict[str, str]:
    with open(f"/proc/{pid}/status") as file:
        return {key: value.strip() for key, _, value in (line.partition(":") for line in file)}


async def test_a_confined_worker_computes_and_nothing_else(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file, network, process, signal or executable memory, and none of the server's secrets."""
    monkeypatch.setenv("MICROLIVE_TURN_SECRET", "secret")
    worker = await workers.start("test", "one", "two")
    assert await ask(worker, "compute") == 499_500
    assert await ask(worker, "arguments") == ["one", "two"]
    environment = await ask(worker, "environment")
    assert isinstance(environment, dict)
    assert set(environment) <= {"PYTHONPATH", "LD_LIBRARY_PATH", "LC_CTYPE"}
    for attempt in (
        *("open", "list", "socket", "unix socket", "fork", "execute", "signal", "trace"),
        "executable memory",
    ):
        assert await ask(worker, attempt) == "EPERM", attempt
    assert await ask(worker, "memory") == "MemoryError"
    assert await ask(worker, "compute") == 499_500, "it continues after each attempt"
    await worker.close()


async def test_the_kernel_confines_it(workers: Workers) -> None:
    """/proc shows more than the worker's own system calls can."""
    worker = await workers.start("test")
    found = status(worker.pid)
    assert (found["NoNewPrivs"], found["Seccomp"]) == ("1", "2")
    assert int(found["CapPrm"], 16) == int(found["CapEff"], 16) == 0
    if os.geteuid() == 0 and has_unprivileged_user():
        assert found["Uid"].split() == ["65534"] * 4
        assert sorted(os.listdir(f"/proc/{worker.pid}/fd")) == ["0", "1", "2"]
        assert os.readlink(f"/proc/{worker.pid}/cwd") == "/"
    limits = Path(f"/proc/{worker.pid}/limits").read_text()
    for name in ("Max core file size", "Max processes", "Max file size"):
        (line,) = [line for line in limits.splitlines() if line.startswith(name)]
        assert line.removeprefix(name).split()[:2] == ["0", "0"], name
    assert os.getpriority(os.PRIO_PROCESS, worker.pid) == min(19, os.nice(0) + NICE)
    group = Path(f"/proc/{worker.pid}/autogroup")
    assert not group.exists() or group.read_text().endswith(f" nice {GROUP_NICE}\n")
    await worker.close()


async def test_too_much_cpu_time_ends_it(workers: Workers) -> None:
    worker, other = await workers.start("test"), await workers.start("test")
    with pytest.raises(asyncio.IncompleteReadError):
        await ask(worker, "loop")
    await eventually(lambda: workers.failures["test"])
    assert await ask(other, "compute") == 499_500
    assert not alive(worker.pid)
    await worker.close()


@pytest.mark.parametrize("how", ["crash", "SIGKILL"])
async def test_a_worker_that_dies_costs_no_other(
    workers: Workers, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is counted and logged with its signal; another one starts in time."""
    worker, other = await workers.start("test"), await workers.start("test")
    if how == "crash":
        with pytest.raises(asyncio.IncompleteReadError):
            await ask(worker, "crash")
    else:
        os.kill(worker.pid, signal.SIGKILL)
    await eventually(lambda: workers.failures["test"] == 1)
    assert ("SIGSEGV" if how == "crash" else how) in caplog.text
    async with asyncio.timeout(START / 2):
        third = await workers.start("test")
    assert await ask(other, "compute") == await ask(third, "compute") == 499_500
    await worker.close()


async def test_a_closed_worker_is_gone_and_no_failure(workers: Workers) -> None:
    worker = await workers.start("test")
    worker.writer.write(b"sleep\n")
    await worker.close()
    assert not alive(worker.pid) and not workers.failures


async def test_all_workers_end_with_their_owner() -> None:
    async with running_workers() as workers:
        started = [await workers.start("test") for _ in range(3)]
    await eventually(lambda: not any(alive(worker.pid) for worker in started))
    with pytest.raises(WorkerFailed):
        await workers.start("test")


async def test_the_fork_server_is_replaced(workers: Workers) -> None:
    """Its workers end with it."""
    worker = await workers.start("test")
    assert workers._link
    os.kill(workers._link.result()._process.pid, signal.SIGKILL)
    assert await worker.reader.read() == b""
    await eventually(lambda: workers._link and workers._link.result().lost)
    await worker.close()
    assert await ask(await workers.start("test"), "compute") == 499_500


async def test_a_start_that_is_cancelled_leaves_no_worker(workers: Workers) -> None:
    """The start is cancelled at each of its moments."""
    await (await workers.start("test")).close()
    assert workers._link
    link = workers._link.result()
    for turns in range(8):
        task = asyncio.create_task(workers.start("test"))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            await task.result().close()
        await (await workers.start("test")).close()
        await eventually(lambda: not (link._workers or link._early or link._discarded))
    assert not workers.failures


async def test_a_fork_server_that_does_not_answer(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The start fails in time. If the fork server answers later, the late worker ends."""
    await (await workers.start("test")).close()
    assert workers._link
    link = workers._link.result()
    os.kill(link._process.pid, signal.SIGSTOP)
    with monkeypatch.context() as patched:
        patched.setattr(module, "START", 0.05)
        with pytest.raises(WorkerFailed, match="does not answer"):
            await workers.start("test")
    os.kill(link._process.pid, signal.SIGCONT)
    worker = await workers.start("test")
    assert await ask(worker, "compute") == 499_500
    await worker.close()
    await eventually(lambda: not (link._workers or link._early or link._discarded))
    assert not workers.failures


async def test_a_hung_fork_server_is_replaced(
    workers: Workers, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """After some unanswered starts. It ends with its workers."""
    worker = await workers.start("test")
    assert workers._link
    hung = workers._link.result()
    os.kill(hung._process.pid, signal.SIGSTOP)
    with monkeypatch.context() as patched:
        patched.setattr(module, "START", 0.05)
        patched.setattr(module, "HUNG", 0.15)
        async with asyncio.timeout(10):
            while not hung.lost:
                with pytest.raises(WorkerFailed, match="does not answer"):
                    await workers.start("test")
    assert "has not answered" in caplog.text
    assert await ask(await workers.start("test"), "compute") == 499_500
    assert await worker.reader.read() == b""
    await eventually(lambda: not alive(hung._process.pid) and not alive(worker.pid))


async def test_the_replacements_of_fork_servers_are_bounded(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = []
    for _ in range(module.MAX_FORK_SERVERS):
        workers.prepare()
        assert workers._link
        lost.append(await workers._link)
        lost[-1]._lose()
    with pytest.raises(WorkerFailed, match="too often"):
        await workers.start("test")
    monkeypatch.setattr(module, "FORK_SERVERS_WITHIN", 0.0)
    assert await ask(await workers.start("test"), "compute") == 499_500
    await workers.close()
    assert all(link.ended for link in lost)


async def test_a_worker_that_cannot_be_started() -> None:
    workers = Workers(test="no.such.module")
    with pytest.raises(WorkerFailed):
        await workers.start("test")
    workers._command[0] = "/nowhere/python"
    await eventually(lambda: workers._link and workers._link.result().lost)
    with pytest.raises(WorkerFailed, match="nowhere"):
        await workers.start("test")
    await workers.close()
