"""The time of a coroutine's steps is charged, and its waiting is not."""

import asyncio
from time import perf_counter_ns

import pytest

from relay.meter import Account, Kind, Meter
from relay.stopwatch import Timed

BUSY_NS = 3_000_000


def make_account() -> Account:
    return Meter().open(Kind.CLIENT, 0.0, lambda _: None)


def work() -> None:
    until = perf_counter_ns() + BUSY_NS
    while perf_counter_ns() < until:
        pass


async def test_steps_are_charged_and_waiting_is_not() -> None:
    account, resume = make_account(), asyncio.Event()

    async def steps() -> str:
        work()
        await resume.wait()
        work()
        return "done"

    timed = asyncio.ensure_future(_await(Timed(steps(), account)))
    await asyncio.sleep(0)
    assert account.spent_ns >= BUSY_NS
    first = account.spent_ns
    work()  # not a step of the coroutine
    assert account.spent_ns == first
    resume.set()
    assert await timed == "done"
    assert account.spent_ns - first >= BUSY_NS


async def _await(timed: Timed[str]) -> str:
    return await timed


async def test_exceptions_pass_in_both_directions() -> None:
    account, caught = make_account(), []

    async def fails() -> str:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await Timed(fails(), account)

    async def waits() -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as error:
            caught.append(error)
            raise
        return ""

    task = asyncio.ensure_future(_await(Timed(waits(), account)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(caught) == 1


async def test_a_slowed_account_waits_before_its_next_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("relay.stopwatch.PAUSE", 0)
    account, done = make_account(), []

    async def steps() -> str:
        done.append(True)
        return "done"

    account.slowed = True
    timed = asyncio.ensure_future(_await(Timed(steps(), account, delayed=True)))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not done and account.shed == 1
    account.slowed = False
    assert await timed == "done"


async def test_a_cancelled_wait_ends_the_coroutine(monkeypatch: pytest.MonkeyPatch) -> None:
    account, ended = make_account(), []

    async def steps() -> str:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)
        return ""

    timed = asyncio.ensure_future(_await(Timed(steps(), account, delayed=True)))
    await asyncio.sleep(0)
    account.slowed = True
    timed.cancel()
    with pytest.raises(asyncio.CancelledError):
        await timed
    assert ended
