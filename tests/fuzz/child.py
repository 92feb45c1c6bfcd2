"""Runs targets under atheris, each in a fork of this process: python -m tests.fuzz.child MODULE

Reads `TARGET LOG OPTION…` lines, with libFuzzer's options, and answers each with the exit status of
the fork; 0 means no defect. Importing the instrumented parsers takes seconds, so all forks share
it. Each target needs a process, since libFuzzer ends the process it runs in.
"""

import importlib
import logging
import os
import resource
import shlex
import sys

import atheris

from tests.fuzz import clock, cost, steps
from tests.fuzz.cost import Target
from tests.fuzz.meter import Meter

INSTRUMENTED = ["relay", "server", "aioice.stun", "aiortc.rtp", "aiortc.sdp"]
SLOWER = 1.2
"""An input goes to the meter if its share of the allowed time exceeds all earlier shares by this
factor.
"""
LARGER = 4_096
"""An input goes to the meter if the process needs this much more memory than before, KB."""


class TooCostly(Exception):
    """The meter has found an input that exceeds a limit."""


class Metered:
    """A target that passes its most costly inputs to the meter. Instrumented runs only rank the
    inputs, because their times say little.
    """

    def __init__(self, name: str, target: Target, meter: Meter) -> None:
        self._name = name
        self._target = target
        self._meter = meter
        self._share = 0.0
        self._memory = _memory()

    def __call__(self, data: bytes) -> None:
        share = cost.run(self._target, data) / cost.allowed()
        memory = _memory()
        if share > SLOWER * self._share or memory > self._memory + LARGER:
            self._share, self._memory = max(share, self._share), memory
            measured = self._meter.measure(self._name, data, most=2 * steps.most)
            text = f"meter: {measured.seconds * 1e3:.2f} ms, {measured.octets / 1e6:.2f} MB"
            print(text, flush=True)
            if measured.problem:
                raise TooCostly(measured.problem)


def main() -> None:
    module = sys.argv[1]
    logging.disable()
    meter = Meter(module)
    clock.install()
    with atheris.instrument_imports(include=[*INSTRUMENTED, module]):
        targets: dict[str, Target] = importlib.import_module(module).TARGETS
    for line in sys.stdin:
        name, log, *options = shlex.split(line)
        if not (child := os.fork()):
            _fuzz(Metered(name, targets[name], meter), log, options)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
        if status:  # the meter may still measure what ended the target
            meter.kill()
            meter = Meter(module)
    meter.kill()


def _memory() -> int:
    """Returns the highest resident memory of this process so far, KB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _fuzz(target: Metered, log: str, options: list[str]) -> None:
    """Runs a target under atheris. Does not return."""
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for descriptor in (1, 2):
        os.dup2(output, descriptor)
    atheris.Setup([sys.argv[0], *options], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
