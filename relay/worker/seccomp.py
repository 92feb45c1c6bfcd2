"""The system calls that a confined worker may use, as a seccomp filter (Linux, seccomp(2)). Pure.

A worker reads and writes its socket and manages its own memory. All other system calls fail with
EPERM: a worker opens no file or socket, and starts, signals or traces no process.
"""

from struct import pack

EPERM = 1
PROT_EXEC = 4

ALLOW = 0x7FFF_0000
DENY = 0x0005_0000 | EPERM
KILL = 0x8000_0000

_LOAD = 0x20
_JUMP_EQUAL = 0x15
_JUMP_BITS = 0x45
_RETURN = 0x06

# Offsets in struct seccomp_data. Both architectures are little-endian: the lower half of an
# argument is first.
_NUMBER, _ARCHITECTURE, _THIRD_ARGUMENT = 0, 4, 32

ARCHITECTURES = {"x86_64": 0xC000_003E, "aarch64": 0xC000_00B7}
"""The AUDIT_ARCH value for each supported value of `os.uname().machine`."""

# The allowed system calls. Each call has two numbers: one on x86_64, one on aarch64.
_CALLS = {
    "read": (0, 63),
    "write": (1, 64),
    "futex": (202, 98),
    "brk": (12, 214),
    "munmap": (11, 215),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "setitimer": (38, 103),
    "rt_sigreturn": (15, 139),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    "close": (3, 57),
    "fstat": (5, 80),
    "lseek": (8, 62),
    "clock_gettime": (228, 113),
    "gettimeofday": (96, 169),
    "getpid": (39, 172),
    "gettid": (186, 178),
    "getrandom": (318, 278),
    "sched_getaffinity": (204, 123),
    "sched_yield": (24, 124),
    "sysinfo": (99, 179),
    "exit": (60, 93),
    "exit_group": (231, 94),
}
# These system calls are allowed unless they make memory executable.
_MAPPING_CALLS = {"mmap": (9, 222), "mprotect": (10, 226)}


def program(machine: str) -> bytes:
    """Returns the filter as an array of struct sock_filter. The result is empty if the architecture
    is unknown. `machine`: `os.uname().machine`.
    """
    if machine not in ARCHITECTURES:
        return b""
    column = list(ARCHITECTURES).index(machine)
    allowed = [numbers[column] for numbers in _CALLS.values()]
    mapping = [numbers[column] for numbers in _MAPPING_CALLS.values()]
    # The filter ends with five instructions: two that check a mapping call, then one each that
    # denies the call, allows the call, and kills the process.
    check = 3 + len(allowed) + len(mapping)
    deny, allow, kill = check + 2, check + 3, check + 4
    code = [
        _instruction(_LOAD, _ARCHITECTURE),
        _instruction(_JUMP_EQUAL, ARCHITECTURES[machine], 0, kill - 2),
        _instruction(_LOAD, _NUMBER),
    ]
    for target, numbers in ((allow, allowed), (check, mapping)):
        for number in numbers:
            code.append(_instruction(_JUMP_EQUAL, number, target - len(code) - 1, 0))
    # The last comparison jumps to `deny` if the call is neither in `allowed` nor in `mapping`.
    code[-1] = _instruction(_JUMP_EQUAL, mapping[-1], 0, deny - len(code))
    return b"".join(
        [
            *code,
            _instruction(_LOAD, _THIRD_ARGUMENT),
            _instruction(_JUMP_BITS, PROT_EXEC, 0, 1),
            _instruction(_RETURN, DENY),
            _instruction(_RETURN, ALLOW),
            _instruction(_RETURN, KILL),
        ]
    )


def _instruction(code: int, operand: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return pack("<HBBI", code, if_true, if_false, operand)
