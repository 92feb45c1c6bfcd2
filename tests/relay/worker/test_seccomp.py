"""The filter of system calls, run by an interpreter of its instructions."""

import os
from struct import iter_unpack, pack, unpack_from

import pytest

from relay.worker.seccomp import ALLOW, ARCHITECTURES, DENY, KILL, program

READ, MMAP, MPROTECT, OPENAT, SOCKET, CLONE, EXECVE = 0, 9, 10, 257, 41, 56, 59
X32 = 0x4000_0000


def verdict(code: bytes, number: int, third: int = 0, architecture: str = "x86_64") -> int:
    """The filter's verdict on a system call with this third argument."""
    data = pack("<IIQ6Q", number, ARCHITECTURES[architecture], 0, 0, 0, third, 0, 0, 0)
    instructions = list(iter_unpack("<HBBI", code))
    at = loaded = 0
    while True:
        kind, if_true, if_false, operand = instructions[at]
        at += 1
        match kind:
            case 0x20:
                (loaded,) = unpack_from("<I", data, operand)
            case 0x15:
                at += if_true if loaded == operand else if_false
            case 0x45:
                at += if_true if loaded & operand else if_false
            case 0x06:
                return int(operand)
            case _:
                raise AssertionError(f"instruction {kind:#x}")


def test_calls_on_x86_64() -> None:
    code = program("x86_64")
    assert verdict(code, READ) == ALLOW
    for number in (OPENAT, SOCKET, CLONE, EXECVE, READ | X32, 10_000):
        assert verdict(code, number) == DENY, number


@pytest.mark.parametrize("number", [MMAP, MPROTECT])
def test_no_memory_becomes_executable(number: int) -> None:
    code = program("x86_64")
    assert [verdict(code, number, protection) for protection in (0, 1, 3, 4, 5, 7)] == [
        *[ALLOW] * 3,
        *[DENY] * 3,
    ]


def test_another_architecture_is_killed() -> None:
    """Its numbers mean other calls: 32-bit programs may run on a 64-bit kernel."""
    assert verdict(program("x86_64"), READ, architecture="aarch64") == KILL
    assert verdict(program("aarch64"), 63, architecture="aarch64") == ALLOW
    assert verdict(program("aarch64"), 56, architecture="aarch64") == DENY


def test_an_unknown_architecture_has_no_filter() -> None:
    assert program("riscv64") == b"" and program(os.uname().machine)
