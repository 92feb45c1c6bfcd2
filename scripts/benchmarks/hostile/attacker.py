"""The attacker's process: `python -m scripts.benchmarks.hostile.attacker`.

The process reads its plan (one line of JSON) from standard input and prepares the attack. Then it
writes `ready`, or the reason why the server refused the preparation. A second line on standard
input contains the duration in seconds and starts the attack. After the attack, the process writes
its summary, and keeps its connections open until standard input ends.
"""

import asyncio
import json
import os
import resource
import sys

import uvloop

from scripts.benchmarks.hostile.arena import Arena, NotPrepared
from scripts.benchmarks.hostile.rows import ROWS
from scripts.loadgen.clip import Clip

PLAN_MAX = 64 * 1024 * 1024
NICENESS = 10
"""Niceness of the attacker. The attacker and the honest viewers share one core. The niceness keeps
the attacker from slowing the viewers, so that only the server limits the result.
"""


async def run() -> None:
    reader = asyncio.StreamReader(limit=PLAN_MAX)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    plan = json.loads(await reader.readline())
    row = next(row for row in ROWS if row.name == plan["row"])
    arena = Arena(plan["url"], plan["room"], Clip.from_json(plan["clip"]), plan["token"])
    attack = row.attack()
    try:
        await attack.prepare(arena)
        _write(b"ready\n")
    except NotPrepared as error:
        _write(f"{error}\n".encode())
    if begin := await reader.readline():
        arena.begin()
        await attack.run(arena, float(begin))
        _write(arena.summary())
        await reader.read(1)
    transport.close()
    os._exit(0)  # an attacker does not close its sessions


def _write(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


def main() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


if __name__ == "__main__":
    main()
