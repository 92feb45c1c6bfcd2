"""Removes all rights that a process does not need to decode media. This module works only on Linux.
A layer is omitted if the kernel or the container does not support the layer.

| layer | condition | what a process loses |
|---|---|---|
| NO_NEW_PRIVILEGES | none | privileges from set-uid programs |
| UNPRIVILEGED | none | capabilities; a root process becomes user 65534 |
| LIMITS | none | memory above a limit, new files, descriptors, processes and core dumps |
| LANDLOCK | Linux 5.13 | files; TCP from Linux 6.7 on |
| SECCOMP | x86_64, aarch64 | all but about thirty system calls (seccomp.py) |
| NAMESPACE | no seccomp | networks: the process gets an empty network namespace |
"""

import ctypes
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import IntFlag
from struct import pack

from relay.worker.seccomp import program

UNPRIVILEGED_ID = 65_534
MAX_DESCRIPTORS = 64
"""Maximum number of file descriptors of the fork server, which uses about ten."""

_PR_SET_PDEATHSIG = 1
_PR_GET_SECCOMP, _PR_SET_SECCOMP = 21, 22
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2
_LANDLOCK_CREATE_RULESET, _LANDLOCK_RESTRICT_SELF = 444, 446  # the same on all architectures
_LANDLOCK_VERSION = 1
_CAPABILITY_VERSION = 0x2008_0522
_CLONE_NEWUSER, _CLONE_NEWNET = 0x1000_0000, 0x4000_0000

# File access rights that Landlock can deny, by Landlock version.
_FILE_ACCESS = {1: 0x1FFF, 2: 0x3FFF, 3: 0x7FFF, 4: 0x7FFF, 5: 0xFFFF}
_NETWORK_ACCESS, _NETWORK_VERSION = 0x3, 4
_SCOPES, _SCOPES_VERSION = 0x3, 6

_libc = ctypes.CDLL(None, use_errno=True)


class Layer(IntFlag):
    NO_NEW_PRIVILEGES = 1
    UNPRIVILEGED = 2
    LIMITS = 4
    LANDLOCK = 8
    SECCOMP = 16
    NAMESPACE = 32


def confine_fork_server() -> Layer:
    """Applies those layers under which this process can still fork workers. The workers inherit the
    layers. This process cannot open files after this call. Returns the applied layers.
    """
    layers = Layer.LIMITS
    for limit, most in (
        (resource.RLIMIT_NOFILE, MAX_DESCRIPTORS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        _lower(limit, most)
    if _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0:
        layers |= Layer.NO_NEW_PRIVILEGES
    if not _has_seccomp() and _leave_networks():
        layers |= Layer.NAMESPACE
    if _drop_privileges():
        layers |= Layer.UNPRIVILEGED
    if _restrict_files():
        layers |= Layer.LANDLOCK
    return layers


def confine_worker(memory: int) -> Layer:
    """Applies the remaining layers to a forked worker. Returns these layers. `memory`: maximum
    address space of the worker, bytes, including memory that is already mapped.
    """
    _lower(resource.RLIMIT_AS, memory)
    _lower(resource.RLIMIT_NPROC, 0)
    _lower(resource.RLIMIT_NOFILE, 3)
    return Layer.SECCOMP if _filter_system_calls() else Layer(0)


def end_with_parent(parent: int) -> None:
    """Makes the kernel kill this process when its parent, the process `parent`, ends."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Makes the kernel kill this process if the process uses more than `seconds` of CPU time inside
    the context.
    """
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def address_space() -> int:
    """Returns the bytes of address space that this process uses."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def _lower(limit: int, most: int) -> None:
    _, hard = resource.getrlimit(limit)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(limit, (most, most))


def _drop_privileges() -> bool:
    if os.geteuid() == 0:
        with suppress(OSError):  # a user namespace may have only one user
            os.setgroups([])
            os.setresgid(UNPRIVILEGED_ID, UNPRIVILEGED_ID, UNPRIVILEGED_ID)
            os.setresuid(UNPRIVILEGED_ID, UNPRIVILEGED_ID, UNPRIVILEGED_ID)
    header, none = pack("=Ii", _CAPABILITY_VERSION, 0), bytes(24)
    return bool(_libc.capset(header, none) == 0)


def _leave_networks() -> bool:
    # An unprivileged process can create a network namespace only together with a user namespace.
    return any(
        _libc.unshare(flags) == 0 for flags in (_CLONE_NEWNET, _CLONE_NEWUSER | _CLONE_NEWNET)
    )


def _restrict_files() -> bool:
    """Applies a Landlock ruleset that allows nothing."""
    version = _libc.syscall(_LANDLOCK_CREATE_RULESET, None, 0, _LANDLOCK_VERSION)
    if version < 1:
        return False
    fields = [_FILE_ACCESS[min(version, max(_FILE_ACCESS))]]
    if version >= _NETWORK_VERSION:
        fields.append(_NETWORK_ACCESS)
    if version >= _SCOPES_VERSION:
        fields.append(_SCOPES)
    attributes = pack(f"={len(fields)}Q", *fields)
    ruleset = _libc.syscall(_LANDLOCK_CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset < 0:
        return False
    restricted: int = _libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0)
    with suppress(OSError):
        os.close(ruleset)
    return restricted == 0


def _has_seccomp() -> bool:
    return bool(program(os.uname().machine)) and _libc.prctl(_PR_GET_SECCOMP, 0, 0, 0, 0) >= 0


class _Filter(ctypes.Structure):
    """The C structure sock_fprog, which holds a seccomp filter."""

    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_char_p)]


def _filter_system_calls() -> bool:
    code = program(os.uname().machine)
    if not code:
        return False
    filter_ = _Filter(len(code) // 8, code)
    return bool(
        _libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(filter_), 0, 0) == 0
    )
