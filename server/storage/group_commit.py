"""Group commit: many writes share one transaction, so that the duration of a commit does not limit
the number of writes.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.errors import StorageUnavailable
from server.storage.row import Row

logger = logging.getLogger(__name__)

T = TypeVar("T")

Work = Callable[[AsyncConnection], Awaitable[T]]

MAX_WAITING = 2_000
"""Maximum number of writes that wait for a transaction."""
MAX_BATCH = 200
"""Maximum number of writes in one transaction."""
SHARED_EVERY = 0.04
"""Minimum time between two transactions that only insert rows, seconds. While many people write,
their messages share transactions, because a transaction costs more than a message.
"""


@dataclass(slots=True, eq=False)
class _Write:
    work: Work[Any]
    result: asyncio.Future[Any]
    expired: bool = False
    """Whether the write was refused because it had no result in time."""


@dataclass(slots=True)
class CommitCounters:
    writes: int = 0
    """Number of writes that were committed."""
    commits: int = 0
    """Number of transactions that were committed."""
    refused: int = 0
    """Number of writes that were refused, because too many writes waited or because there was no
    result in time.
    """


@dataclass(eq=False)
class GroupCommit:
    """A queue of writes. All writes that wait when a transaction begins share that transaction, in
    the order of their arrival. One transaction runs at a time. If only inserts of rows wait, the
    transaction begins at the earliest SHARED_EVERY seconds after the beginning of the last
    transaction. Any other kind of write begins a transaction as soon as no transaction runs.
    """

    begin: Callable[[], AbstractAsyncContextManager[AsyncConnection]]
    """A function that opens a transaction. The transaction commits when the context ends without an
    error.
    """
    insert: Callable[[Sequence[Row]], Awaitable[Sequence[bool]]] | None = None
    """A function that stores a batch of rows in one transaction, at a lower cost than a transaction
    of `begin`. If the function raises an error, no row is stored.
    """
    answer_within: float = 2.0
    """Maximum seconds from a write to its result."""
    counters: CommitCounters = field(default_factory=CommitCounters)
    _waiting: deque[_Write] = field(default_factory=deque)
    _running: asyncio.Task[None] | None = None
    _timer: asyncio.TimerHandle | None = None
    """Timer that begins the transaction of the waiting rows."""
    _begun_at: float = -1.0
    """Time at which the last transaction began."""
    _closed: bool = False

    @property
    def waiting(self) -> int:
        """The number of writes that wait for a transaction."""
        return len(self._waiting)

    async def write(self, work: Work[T]) -> T:
        """Runs `work` in a transaction. Returns the result of `work` after the commit. If `work`
        raises an error, undoes only the changes of `work`, and raises the error.

        If the caller is cancelled, the write still continues. Raises StorageUnavailable if too many
        writes wait, or if there is no result in time; in the second case the write may have been
        committed.
        """
        if self._closed or len(self._waiting) >= MAX_WAITING:
            self.counters.refused += 1
            raise StorageUnavailable("too many writes wait for the database")
        loop = asyncio.get_running_loop()
        write = _Write(work, loop.create_future())
        self._waiting.append(write)
        begin_at = self._begun_at + SHARED_EVERY
        if not isinstance(work, Row) or loop.time() >= begin_at:
            self._start()
        elif self._timer is None:
            self._timer = loop.call_at(begin_at, self._start)
        expiry = loop.call_later(self.answer_within, self._expire, write)
        try:
            return cast(T, await write.result)
        finally:
            expiry.cancel()

    def _start(self) -> None:
        """Begins a transaction, unless one is running."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._running is None:
            self._running = asyncio.get_running_loop().create_task(self._run())

    def _expire(self, write: _Write) -> None:
        """Refuses a write. The write is left out if its transaction has not begun."""
        if write.result.done():
            return
        write.expired = True
        self.counters.refused += 1
        _resolve(write, _Failure(StorageUnavailable("the database does not answer")))

    async def close(self) -> None:
        """Refuses new writes. Returns when all waiting writes have their result."""
        self._closed = True
        self._start()
        if self._running is not None:
            await asyncio.wait([self._running])

    async def _run(self) -> None:
        try:
            while self._waiting:
                self._begun_at = asyncio.get_running_loop().time()
                count = min(len(self._waiting), MAX_BATCH)
                batch = [self._waiting.popleft() for _ in range(count)]
                await self._commit([write for write in batch if not write.expired])
        finally:
            self._running = None

    async def _commit(self, batch: list[_Write]) -> None:
        if not batch or await self._insert(batch):
            return
        outcomes: list[tuple[_Write, Any]] = []
        try:
            async with self.begin() as connection:
                for write in batch:
                    if not write.expired:
                        outcome = await _attempt(connection, write.work, alone=len(batch) == 1)
                        outcomes.append((write, outcome))
        except Exception as error:
            for write in batch:
                _resolve(write, _Failure(error))
            return
        self._settle(outcomes)

    async def _insert(self, batch: list[_Write]) -> bool:
        """Commits a batch of rows. Returns False, and commits nothing, if there are other writes in
        the batch or a row fails. The caller then runs the writes in another transaction, which
        shows the write that fails and the reason.
        """
        rows = [write.work for write in batch if isinstance(write.work, Row)]
        if self.insert is None or len(rows) < len(batch):
            return False
        try:
            added = await self.insert(rows)
        except Exception as error:
            logger.debug("%d rows were not stored together: %s", len(rows), error)
            return False
        self._settle(list(zip(batch, added, strict=True)))
        return True

    def _settle(self, outcomes: list[tuple[_Write, Any]]) -> None:
        self.counters.commits += 1
        self.counters.writes += len(outcomes)
        for write, outcome in outcomes:
            _resolve(write, outcome)


@dataclass(frozen=True, slots=True)
class _Failure:
    error: Exception


async def _attempt(connection: AsyncConnection, work: Work[Any], *, alone: bool) -> Any:
    """Returns the result of `work`, or the error of `work` as a _Failure. A failure undoes only the
    changes of `work`. Raises the error if it ends the whole transaction.
    """
    if alone:
        return await work(connection)
    savepoint = await connection.begin_nested()
    try:
        result = await work(connection)
        await savepoint.commit()
    except Exception as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        # Raises if the database has ended the whole transaction, as SQLite does on a full disk.
        await savepoint.rollback()
        return _Failure(error)
    return result


def _resolve(write: _Write, outcome: Any) -> None:
    if write.result.done():  # its caller has stopped waiting
        return
    if isinstance(outcome, _Failure):
        write.result.set_exception(outcome.error)
        write.result.exception()  # marks the error as read, since the caller may be gone
    else:
        write.result.set_result(outcome)
