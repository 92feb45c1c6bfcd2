"""A timeout that waits until the sockets are read."""

import asyncio

import pytest

from relay.pause import PauseRule
from relay.rtc.deadline import deadline


async def test_what_takes_too_long_is_ended() -> None:
    with pytest.raises(TimeoutError):
        async with deadline(0.0, PauseRule(lambda: False)):
            await asyncio.Event().wait()


async def test_after_a_pause_the_sockets_are_read_first() -> None:
    asked: list[bool] = []

    def unread() -> bool:
        asked.append(True)
        return len(asked) < 3

    with pytest.raises(TimeoutError):
        async with deadline(0.0, PauseRule(unread)):
            await asyncio.Event().wait()
    assert len(asked) == 3


@pytest.mark.parametrize("error", [None, ValueError("own")])
async def test_what_ends_in_time_is_left_alone(error: Exception | None) -> None:
    """The exception of the context passes. The timer does not ask the pause rule."""
    asked: list[bool] = []

    def unread() -> bool:
        asked.append(True)
        return False

    caught: list[Exception] = []
    try:
        async with deadline(0.0, PauseRule(unread)):
            if error:
                raise error
    except ValueError as raised:
        caught.append(raised)
    for _ in range(3):
        await asyncio.sleep(0)
    assert caught == ([error] if error else []) and not asked


async def test_a_cancelled_context_is_no_timeout() -> None:
    async def wait() -> None:
        async with deadline(60.0, PauseRule(lambda: False)):
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
