"""The tasks of clips, which go on if the client leaves."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from relay.errors import Refusal, RefusalCode
from server.errors import Unavailable
from server.objects.errors import ObjectsError
from server.storage.errors import StorageError

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Tasks:
    """Owns tasks. `close()` ends the tasks."""

    def __init__(self) -> None:
        self.closed = False
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Runs work in a task."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def complete(self, work: Coroutine[Any, Any, T]) -> T:
        """Returns the result of work that goes on if the caller is cancelled. Raises Unavailable
        after `close()`.
        """
        if self.closed:
            work.close()
            raise Unavailable(
                RefusalCode.SERVER_CLOSING, "the server is shutting down: try again in a moment"
            )
        return await asyncio.shield(self.start(work))

    async def close(self) -> None:
        self.closed = True
        for task in self._tasks:
            task.cancel()
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if not isinstance(error, Refusal | StorageError | ObjectsError):
            logger.error("a clip failed", exc_info=error)
