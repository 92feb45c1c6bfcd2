"""Charges an account for the time that a coroutine uses on the event loop."""

import asyncio
from collections.abc import Coroutine, Generator
from contextvars import ContextVar
from time import perf_counter_ns
from typing import Any, Generic, TypeVar

from relay.meter import Account

PAUSE = 0.1
"""Interval at which the code checks whether a slowed account may continue, seconds."""

Result = TypeVar("Result")

current_account: ContextVar[Account | None] = ContextVar("current_account", default=None)
"""The account of the current task. A new task inherits the account of the task that started it. But
the time of the new task is charged only if the new task itself awaits a Timed object.
"""


class Timed(Generic[Result]):
    """An awaitable that runs `work` in the awaiting task, and charges `account` for the time of
    each step. A step lasts until `work` waits for something. If `delayed` is true, a step does not
    start while the account is slowed.
    """

    def __init__(
        self, work: Coroutine[Any, Any, Result], account: Account, *, delayed: bool = False
    ) -> None:
        self._work = work
        self._account = account
        self._delayed = delayed

    def __await__(self) -> Generator[Any, Any, Result]:
        work, account, delayed = self._work, self._account, self._delayed
        current_account.set(account)
        error: BaseException | None = None
        while True:
            if delayed and account.slowed and error is None:
                account.shed += 1
                try:
                    while account.slowed:
                        yield from asyncio.sleep(PAUSE).__await__()
                except BaseException as raised:  # cancelled: `work` must end, too
                    error = raised
            started = perf_counter_ns()
            try:
                waits_for = work.send(None) if error is None else work.throw(error)
            except StopIteration as stop:
                result: Result = stop.value
                return result
            finally:
                account.spent_ns += perf_counter_ns() - started
                if account.spent_ns > account.limit_ns:
                    account.overrun()
            error = None
            try:
                yield waits_for
            except BaseException as raised:  # pass a cancellation to `work`, which handles it
                error = raised
