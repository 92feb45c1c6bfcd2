"""Measures the memory of the processes that decode creators' media. This memory also counts toward
the budget.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from server.memory.machine import PAGE

READ_EVERY = 1.0
"""Minimum seconds between two reads of the memory of the processes."""
MAX_PROCESSES = 1_000
"""Maximum number of processes whose memory is read."""


@dataclass(frozen=True, slots=True)
class Resident:
    """Resident memory of a process, bytes."""

    all: int = 0
    anonymous: int = 0
    """Resident memory without the pages of files, such as libraries. All processes share these
    pages.
    """


class WorkerMemory:
    """Measures the fork server and its workers."""

    def __init__(
        self,
        processes: Callable[[], Iterable[int]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`processes` returns the ids of the fork server and its workers. The fork server is first.
        The processes may have ended.
        """
        self._processes = processes
        self._clock = clock
        self._read_at = float("-inf")
        self._found = 0

    def measure(self) -> int:
        """Returns the resident memory of all processes, bytes, as read within the last second.

        The workers share the anonymous memory with which they were forked. This memory is counted
        only once.
        """
        now = self._clock()
        if now - self._read_at >= READ_EVERY:
            self._read_at = now
            self._found = _total(islice(self._processes(), MAX_PROCESSES))
        return self._found


def _total(processes: Iterable[int]) -> int:
    fork_server, *workers = [resident_of(process) for process in processes] or [Resident()]
    own = (max(0, worker.anonymous - fork_server.anonymous) for worker in workers)
    return fork_server.all + sum(own)


def resident_of(process: int) -> Resident:
    """Returns the memory of a process; zeros if the process has ended."""
    try:
        with open(f"/proc/{process}/statm", "rb", buffering=0) as file:
            _, resident, shared, *_ = map(int, file.read().split())
    except (OSError, ValueError):
        return Resident()
    return Resident(resident * PAGE, (resident - shared) * PAGE)
