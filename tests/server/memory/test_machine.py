"""The limits of the machine and of control groups, and this process's own memory."""

import subprocess
import sys
from pathlib import Path

import pytest

from server.memory.machine import UNKNOWN, available

GB = 1 << 30


def root(folder: Path, groups: str, **files: str) -> Path:
    """A root directory with 8 GB of memory and these control groups. `files`: content of each file
    by its path, with `__` for `/` and `_dot_` for `.`.
    """
    texts = {
        "proc/meminfo": "MemTotal:        8388608 kB\nMemFree:  1 kB\n",
        "proc/self/cgroup": groups,
        **{
            "sys/fs/cgroup/" + name.replace("__", "/").replace("_dot_", "."): text
            for name, text in files.items()
        },
    }
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        ("", {}, 8 * GB),
        ("0::/a/b\n", {"a__b__memory_dot_max": "max\n"}, 8 * GB),
        ("0::/a/b\n", {"a__b__memory_dot_max": f"{2 * GB}\n"}, 2 * GB),
        ("0::/a/b\n", {"a__b__memory_dot_max": "max", "a__memory_dot_max": str(GB)}, GB),
        ("0::/\n", {"memory_dot_max": str(3 * GB)}, 3 * GB),
        ("3:cpu:/x\n4:memory:/x\n", {"memory__x__memory_dot_limit_in_bytes": str(GB)}, GB),
        ("4:memory:/hidden\n", {"memory__memory_dot_limit_in_bytes": str(2 * GB)}, 2 * GB),
        ("4:memory:/x\n", {"memory__x__memory_dot_limit_in_bytes": str(1 << 62)}, 8 * GB),
        ("nonsense", {}, 8 * GB),
    ],
)
def test_the_least_limit_counts(
    tmp_path: Path, groups: str, files: dict[str, str], expected: int
) -> None:
    assert available(root(tmp_path, groups, **files)) == expected


def test_a_system_without_proc(tmp_path: Path) -> None:
    assert available(tmp_path) == UNKNOWN


# A new process, since an old process has free memory that an allocation would use first.
ALLOCATE = """
from server.memory.machine import Allocator, resident

allocator = Allocator()
before = resident()
held = [bytes(10_000) for _ in range(5_000)]
grown = resident()
del held
allocator.trim()
print(before, grown, resident())
"""


def test_the_memory_of_this_process() -> None:
    """A large allocation is visible, and is returned."""
    done = subprocess.run(
        [sys.executable, "-c", ALLOCATE], capture_output=True, text=True, check=True, timeout=30
    )
    before, grown, after = map(int, done.stdout.split())
    assert 5_000_000 < before < 100 * GB
    assert grown - before > 30_000_000
    assert grown - after > 30_000_000
