"""A command that is sent again is executed once."""

import asyncio

import pytest

from server.cluster.answers import MAX_SIZE, Answers


async def test_a_command_is_executed_once() -> None:
    answers, executed, released = Answers(), list[int](), asyncio.Event()

    async def execute() -> bytes:
        executed.append(1)
        await released.wait()
        return b"done"

    asked = [asyncio.ensure_future(answers.once("a", execute)) for _ in range(3)]
    await asyncio.sleep(0)
    released.set()
    assert await asyncio.gather(*asked) == [b"done"] * 3
    assert await answers.once("a", execute) == b"done"
    assert executed == [1]
    assert await answers.once("b", execute) == b"done"
    assert executed == [1, 1]


async def test_long_answers_and_errors_are_not_kept() -> None:
    answers, executed = Answers(), list[int]()

    async def execute() -> bytes:
        executed.append(1)
        if len(executed) == 1:
            raise ValueError
        return b"x" * (MAX_SIZE + 1)

    with pytest.raises(ValueError):
        await answers.once("a", execute)
    for _ in range(2):
        await answers.once("a", execute)
    assert len(executed) == 3
