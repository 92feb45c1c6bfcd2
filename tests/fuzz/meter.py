"""A process that measures inputs without the fuzzer's instrumentation, which multiplies times.

Reads JSON lines: `ticket`, `target`, `data` (hexadecimal), `steps` (maximum number) and `prefixes`,
whether to try prefixes of the data as well. Answers each with a JSON line: the ticket and the
fields of a Cost. An exception of the target is a problem.
`python -m tests.fuzz.meter MODULE TARGET FILE` measures one file.
"""

import gc
import importlib
import json
import logging
import os
import subprocess
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Self

from tests.fuzz import clock, steps
from tests.fuzz.cost import Cost, Target, measure, run

ROOT = Path(__file__).parents[2]
MOST_STEPS = 1 << 17
"""Maximum number of steps of a known input."""
PREFIXES = 40


class Meter:
    """The process, inside `with`. `module` has the targets: a dictionary TARGETS."""

    def __init__(self, module: str) -> None:
        pipe = subprocess.PIPE
        command = [sys.executable, "-m", "tests.fuzz.meter", module]
        self._asked = 0
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.__exit__(None, None, None)

    def kill(self) -> None:
        """Ends the process, also while it measures."""
        self._process.kill()
        self._process.wait()

    def measure(
        self, target: str, data: bytes, *, most: int = MOST_STEPS, prefixes: bool = False
    ) -> Cost:
        """Measures an input that may take `most` steps."""
        assert self._process.stdin and self._process.stdout
        self._asked += 1
        ticket = f"{os.getpid()}-{self._asked}"
        request = {
            "ticket": ticket,
            "target": target,
            "data": data.hex(),
            "steps": most,
            "prefixes": prefixes,
        }
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        # A process that was killed while it waited leaves its answer to the next one.
        for line in self._process.stdout:
            answer = json.loads(line)
            if answer.pop("ticket") == ticket:
                return Cost(**answer)
        raise EOFError(f"the meter ended during {target}")


def judge(target: Target, data: bytes, prefixes: bool) -> Cost:
    """Measures an input. Only runs its prefixes."""
    try:
        if prefixes:
            for length in range(0, len(data), max(1, len(data) // PREFIXES)):
                run(target, data[:length])
        return measure(target, data)
    except Exception:
        return Cost(0.0, 0, traceback.format_exc())


def load(module: str) -> dict[str, Callable[[bytes], None]]:
    """Returns the targets of a module, which must not be imported yet."""
    clock.install()
    logging.disable()
    steps.most = MOST_STEPS
    targets: dict[str, Callable[[bytes], None]] = importlib.import_module(module).TARGETS
    gc.collect()
    gc.freeze()  # otherwise a collection of what the modules made counts against an input
    return targets


def main() -> None:
    targets = load(sys.argv[1])
    if len(sys.argv) > 2:
        cost = judge(targets[sys.argv[2]], Path(sys.argv[3]).read_bytes(), prefixes=False)
        print(f"{cost.seconds * 1e3:.2f} ms, {cost.octets / 1e6:.2f} MB; {cost.problem or 'clean'}")
        sys.exit(bool(cost.problem))
    for line in sys.stdin:
        request = json.loads(line)
        data = bytes.fromhex(request["data"])
        steps.most = request["steps"]
        cost = judge(targets[request["target"]], data, request["prefixes"])
        print(json.dumps({"ticket": request["ticket"], **asdict(cost)}), flush=True)


if __name__ == "__main__":
    main()
