"""CPU time and memory of a process and its children."""

import os
import re
from contextlib import suppress
from pathlib import Path

from scripts.loadgen import machine

_PSS = re.compile(r"^Pss: +(\d+) kB$", re.MULTILINE)


def tree(pid: int) -> list[int]:
    """Returns the id of a process, then the ids of its descendants: its children, their children,
    and so on. If a process has ended, only its own id is known.
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
    """Returns the CPU time that a process and its children have used, including ended children,
    seconds.
    """
    total = 0.0
    for each in tree(pid):
        with suppress(OSError):
            total += machine.cpu_seconds(each, ended_children=True)
    return total


def resident_mb(pid: int) -> float:
    """Returns the resident memory of a process plus the proportional memory (Pss, proc(5)) of its
    children, MB. Forked children share most pages with each other, so the sum of their resident
    memory would be too large.
    """
    total = 0.0
    for each in tree(pid):
        with suppress(OSError):
            if each == pid:
                total += machine.resident_bytes(each)
            elif found := _PSS.search(Path(f"/proc/{each}/smaps_rollup").read_text()):
                total += int(found[1]) * 1_024
    return total / 1e6
