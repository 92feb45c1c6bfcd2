"""CPU time and memory of a process and its children."""

import os
import re
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
_PSS = re.compile(r"^Pss: +(\d+) kB$", re.MULTILINE)


def tree(pid: int) -> list[int]:
    """Returns the ids of a process and of its children and grandchildren. A process that has ended
    is left out.
    """
    found = [pid]
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            children = Path(f"/proc/{pid}/task/{thread}/children").read_text().split()
            found += [other for child in children for other in tree(int(child))]
    except OSError:
        pass
    return found


def cpu_seconds(pid: int) -> float:
    """Returns the CPU time that the processes of the tree have used, including ended children."""
    total = 0
    for each in tree(pid):
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(fields[index]) for index in (11, 12))
    return total / TICKS


def resident_mb(pid: int) -> float:
    """Returns the resident memory of a process, and the proportional memory of its children (Pss,
    proc(5)), MB. Forked children share most pages with each other, so the sum of their resident
    memory would be too large.
    """
    total = 0.0
    for each in tree(pid):
        try:
            if each == pid:
                total += int(Path(f"/proc/{each}/statm").read_text().split()[1]) * PAGE
            elif found := _PSS.search(Path(f"/proc/{each}/smaps_rollup").read_text()):
                total += int(found[1]) * 1_024
        except OSError:
            continue
    return total / 1e6
