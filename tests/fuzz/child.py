"""Runs parsers under atheris, each in a fork of this process.

Reads `TARGET LOG OPTION…` lines, with libFuzzer's options, and answers each with the exit status of
the fork; 0 means no defect. Importing the instrumented parsers takes seconds, so all forks share
it. Each parser needs a process, since libFuzzer ends the process it runs in.
"""

import logging
import os
import shlex
import sys

import atheris

with atheris.instrument_imports(
    include=["relay", "server", "aioice.stun", "aiortc.rtp", "aiortc.sdp"]
):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    logging.disable()
    for line in sys.stdin:
        target, log, *options = shlex.split(line)
        if not (child := os.fork()):
            _fuzz(target, log, options)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _fuzz(target: str, log: str, options: list[str]) -> None:
    """Does not return."""
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for descriptor in (1, 2):
        os.dup2(output, descriptor)
    atheris.Setup([sys.argv[0], *options], TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
