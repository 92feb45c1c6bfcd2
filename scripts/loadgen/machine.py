"""Measures this machine from /proc: stolen CPU time, the CPU and memory of the server's process,
and the limit of open files.
"""

import os
import platform
import re
import resource
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from scripts.loadgen.errors import BadInput

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
SPARE_DESCRIPTORS = 128


class StealMeter:
    """Measures steal: the share of all CPU time that the hypervisor gave to other machines."""

    def __init__(self) -> None:
        self._before = _cpu_times()

    def take(self) -> float:
        """Returns the share of stolen CPU time since the last call, from 0 to 1."""
        now = _cpu_times()
        spent = [after - before for after, before in zip(now, self._before, strict=True)]
        self._before = now
        # The fields are user (including guest), nice, system, idle, iowait, irq, softirq and steal.
        return spent[7] / max(1, sum(spent[:8]))


def _cpu_times() -> list[int]:
    with open("/proc/stat", encoding="ascii") as file:
        return [int(field) for field in file.readline().split()[1:9]]


class ProcessMeter:
    """Measures the CPU and memory use of one process."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._cpu = self._spent() or 0.0
        self._at = time.monotonic()

    def take(self) -> tuple[float, int] | None:
        """Returns the mean number of cores used since the last call, and the resident memory in
        bytes. Returns None once the process has ended.
        """
        spent, now = self._spent(), time.monotonic()
        if spent is None:
            return None
        cores = (spent - self._cpu) / max(0.001, now - self._at)
        self._cpu, self._at = spent, now
        try:
            return cores, resident_bytes(self.pid)
        except OSError:
            return None

    def open_files_allowed(self) -> int | None:
        try:
            found = re.search(
                r"^Max open files\s+(\d+)",
                Path(f"/proc/{self.pid}/limits").read_text(),
                re.MULTILINE,
            )
        except OSError:
            return None
        return int(found[1]) if found else None

    def _spent(self) -> float | None:
        try:
            return cpu_seconds(self.pid)
        except OSError:
            return None


def cpu_seconds(pid: int, *, ended_children: bool = False) -> float:
    """Returns the CPU time that a process has used. Raises OSError once the process has ended.
    `ended_children`: whether to add the CPU time of child processes that have ended.
    """
    # After the process name, the file has 11 other fields, then utime, stime, cutime and cstime
    # (proc(5)).
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11 : 15 if ended_children else 13])) / TICKS


def running_seconds(pid: int) -> float:
    """Returns the CPU time of the threads that a process has now, as exactly as the kernel counts
    it. Raises OSError once the process has ended.
    """
    spent = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # the thread has ended
            spent += int((thread / "schedstat").read_text().split()[0])
    return spent / 1e9


def resident_bytes(pid: int) -> int:
    """Returns the resident memory of a process. Raises OSError once the process has ended."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE


def listening_pid(port: int) -> int | None:
    """Returns the id of the process that listens on a TCP port. Returns None if the process is
    unknown, for example because it belongs to another user.
    """
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    for pid in (int(name) for name in os.listdir("/proc") if name.isdecimal()):
        try:
            if any(
                os.readlink(f"/proc/{pid}/fd/{number}") in inodes
                for number in os.listdir(f"/proc/{pid}/fd")
            ):
                return pid
        except OSError:
            continue
    return None


def require_descriptors(connections: int) -> None:
    """Sets the soft limit of open files to the hard limit. Raises BadInput if the hard limit is too
    low for `connections` connections.
    """
    needed = connections + SPARE_DESCRIPTORS
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and needed > hard:
        raise BadInput(
            f"a process with {connections} connections needs {needed} open files and this shell "
            f"allows {hard}: raise the limit with "
            f"`sudo prlimit --pid $$ --nofile={needed}:{needed}`, or use more --workers"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@dataclass(frozen=True, slots=True)
class Machine:
    """A description of the machine that ran the test."""

    cpu: str
    cores: int
    memory: int
    """Total memory, bytes."""
    system: str
    python: str


def this_machine() -> Machine:
    cpu = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
            break
    return Machine(
        cpu,
        len(os.sched_getaffinity(0)),
        os.sysconf("SC_PHYS_PAGES") * PAGE,
        f"{platform.system()} {platform.release().split('-')[0]}",
        platform.python_version(),
    )
