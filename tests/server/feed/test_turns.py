"""Turns of long work."""

import asyncio

from server.feed.turns import MOST, Turns


async def test_few_work_in_one_pass_in_the_order_of_their_requests() -> None:
    turns, passes = Turns(), 0
    worked: list[tuple[int, int]] = []

    async def work(number: int) -> None:
        await turns.take()
        worked.append((passes, number))

    tasks = [asyncio.create_task(work(number)) for number in range(3 * MOST)]
    tasks[MOST].cancel()
    while not all(task.done() for task in tasks):
        await asyncio.sleep(0)
        passes += 1
    expected = [number for number in range(3 * MOST) if number != MOST]
    assert [number for _, number in worked] == expected
    of_pass = [sum(at == one for at, _ in worked) for one in range(passes)]
    assert max(of_pass) == of_pass[0] == MOST and sum(of_pass) == len(expected)


async def test_who_left_needs_no_turn() -> None:
    turns = Turns()
    for _ in range(MOST):
        await turns.take()
    waiting = asyncio.create_task(turns.take())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait_for(turns.take(), 1)
