"""Reads the memory of this machine and of this process, and the memory limits of the process's
control groups (Linux).
"""

import ctypes
import ctypes.util
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

SHARE = 0.6
"""Default budget, as a share of the memory of the machine or of the control group."""
UNKNOWN = 1 << 30
"""Memory that is assumed on systems without /proc, bytes."""
ARENAS = 2
"""Maximum number of heaps of the C library. By default, each thread gets its own heap, and cannot
use the free memory in the heaps of other threads.
"""

PAGE = os.sysconf("SC_PAGE_SIZE")

_M_ARENA_MAX = -8  # <malloc.h>


def default_budget() -> int:
    """Returns the default memory budget: 60 % of the memory that this process can have, bytes."""
    return round(SHARE * available())


def available(root: Path = Path("/")) -> int:
    """Returns the memory that this process can have, bytes: the memory of the machine, or a lower
    limit of the process's control groups. `root`: directory that contains `proc` and `sys`.
    """
    return min([*_machine(root), *_control_groups(root)], default=UNKNOWN)


def resident() -> int:
    """Returns the resident memory of this process, bytes; 0 if the system does not report it."""
    try:
        with open("/proc/self/statm", "rb", buffering=0) as file:
            return int(file.read().split()[1]) * PAGE
    except (OSError, IndexError, ValueError):
        return 0


class Allocator:
    """The memory allocator of the C library. The methods do nothing if the library is not glibc."""

    def __init__(self) -> None:
        library = ctypes.CDLL(None)
        self._trim = getattr(library, "malloc_trim", None)
        self._option = getattr(library, "mallopt", None)

    def limit_arenas(self) -> None:
        """Limits the number of heaps. Call this method before the first thread starts."""
        if self._option and "MALLOC_ARENA_MAX" not in os.environ:
            self._option(_M_ARENA_MAX, ARENAS)

    def trim(self) -> None:
        """Returns free memory to the system."""
        if self._trim:
            self._trim(ctypes.c_size_t(0))


def _machine(root: Path) -> Iterator[int]:
    with suppress(OSError, ValueError, IndexError):
        for line in (root / "proc/meminfo").read_text().splitlines():
            if line.startswith("MemTotal:"):
                yield int(line.split()[1]) * 1_024


def _control_groups(root: Path) -> Iterator[int]:
    """Yields the memory limits of this process's control group and of its parent groups, for
    versions 1 and 2 of control groups.
    """
    with suppress(OSError, ValueError):
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            number, controllers, path = line.split(":", 2)
            if number == "0" and not controllers:
                yield from _limits(root / "sys/fs/cgroup", path, "memory.max")
            elif "memory" in controllers.split(","):
                yield from _limits(root / "sys/fs/cgroup/memory", path, "memory.limit_in_bytes")


def _limits(top: Path, path: str, name: str) -> Iterator[int]:
    # In a container, the path may name a directory that is not visible here. The limit of the
    # container is then in the topmost directory.
    group = Path(path.lstrip("/"))
    for folder in (group, *group.parents):
        with suppress(OSError, ValueError):  # the topmost group has no limit; "max" is no number
            yield int((top / folder / name).read_text())
