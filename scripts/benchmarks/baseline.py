"""Measures the minimum CPU time that the server's work needs, with three bare loops.

The first loop, a C program, replaces the fan-out. The second loop receives and decrypts SRTP
packets, in place of the ingest. The third loop encrypts and sends SRTP packets, as the server does
for WebRTC viewers.
"""

import asyncio
import os
import shutil
import socket
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pylibsrtp

SOURCE = Path(__file__).with_name("fanout.c")
SPARE_SECONDS = 30.0
KEY = bytes(range(30))


class NoCompiler(Exception):
    """The C loop cannot be compiled."""


@dataclass(frozen=True, slots=True)
class Loop:
    """The CPU use and the delays of the C loop."""

    cpu: float
    """Number of cores used by the C loop."""
    refused: int
    p50: float
    """Median delay from a frame's due time until it was written to a socket, ms."""
    p99: float


def compile_loop(folder: Path) -> Path:
    """Compiles the C loop into `folder` and returns the path of the program. Raises NoCompiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise NoCompiler(
            "the baseline is a C program and needs a compiler; on Debian: sudo "
            "apt-get install gcc libc6-dev"
        )
    program = folder / "fanout"
    done = subprocess.run([compiler, "-O2", "-o", program, SOURCE], capture_output=True, text=True)
    if done.returncode:
        raise NoCompiler(f"the baseline does not compile: {done.stderr.strip()[:400]}")
    return program


async def run_loop(
    program: Path, connections: int, seconds: float, size: int, rate: float, cores: tuple[int, int]
) -> Loop:
    """Runs the C loop, which writes `size` bytes to every connection `rate` times a second. The
    loop runs on the first core of `cores`. The process that reads from the connections runs on the
    second core.
    """
    words = [str(program), *map(str, (connections, seconds, size, rate, *cores))]
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    try:
        out, _ = await asyncio.wait_for(process.communicate(), seconds + SPARE_SECONDS)
    except BaseException:
        if process.returncode is None:
            process.kill()
            await process.wait()
        raise
    spent, passed, refused, p50, p99 = out.split()
    return Loop(float(spent) / float(passed), int(refused), float(p50), float(p99))


def unprotect_seconds(sizes: list[int], core: int) -> float:
    """Receives and decrypts one SRTP packet of each payload size in `sizes`, on the core `core`.
    Returns the CPU seconds that `recvfrom` and `unprotect` used for all these packets.
    """
    policy = {"key": KEY, "srtp_profile": pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80}
    sender = pylibsrtp.Session(
        pylibsrtp.Policy(ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND, **policy)
    )
    receiver = pylibsrtp.Session(
        pylibsrtp.Policy(ssrc_type=pylibsrtp.Policy.SSRC_ANY_INBOUND, **policy)
    )
    packets = [sender.protect(_packet(number, size)) for number, size in enumerate(sizes)]
    ours, theirs = socket.socket(type=socket.SOCK_DGRAM), socket.socket(type=socket.SOCK_DGRAM)
    spent = 0.0

    def receive() -> None:
        nonlocal spent
        os.sched_setaffinity(0, {core})
        # Send in batches that fit into a socket's buffer, so that sending is not measured.
        for start in range(0, len(packets), 64):
            chunk = packets[start : start + 64]
            for packet in chunk:
                theirs.sendto(packet, ours.getsockname())
            began = time.thread_time()
            for _ in chunk:
                receiver.unprotect(ours.recvfrom(2_048)[0])
            spent += time.thread_time() - began

    with ours, theirs:
        ours.bind(("127.0.0.1", 0))
        ours.settimeout(5)
        thread = threading.Thread(target=receive)
        thread.start()
        thread.join()
    return spent


def protect_seconds(count: int, size: int, core: int) -> float:
    """Encrypts and sends `count` SRTP packets with `size` bytes of payload each, on the core
    `core`. Returns the CPU seconds that `protect` and `sendto` used for all these packets.

    Uses AES-256 GCM, the profile that two peers with libsrtp negotiate by default. With hardware
    support, this profile also needs the least CPU time.
    """
    policy = pylibsrtp.Policy(
        key=bytes(range(44)),
        ssrc_type=pylibsrtp.Policy.SSRC_ANY_OUTBOUND,
        srtp_profile=pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
    )
    session = pylibsrtp.Session(policy)
    packets = [_packet(number, size) for number in range(count)]
    spent = 0.0

    def send() -> None:
        nonlocal spent
        os.sched_setaffinity(0, {core})
        began = time.thread_time()
        for packet in packets:
            ours.sendto(session.protect(packet), address)
        spent = time.thread_time() - began

    with (
        socket.socket(type=socket.SOCK_DGRAM) as ours,
        socket.socket(type=socket.SOCK_DGRAM) as theirs,
    ):
        theirs.bind(("127.0.0.1", 0))
        address = theirs.getsockname()
        thread = threading.Thread(target=send)
        thread.start()
        thread.join()
    return spent


def _packet(number: int, size: int) -> bytes:
    return (
        bytes((0x80, 96))
        + (number & 0xFFFF).to_bytes(2, "big")
        + number.to_bytes(4, "big")
        + (7).to_bytes(4, "big")
        + os.urandom(size)
    )
