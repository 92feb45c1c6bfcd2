"""Runs a program that ends when its parent ends: `python ends_with_parent.py PID PROGRAM …`, where
PID is the id of the parent. For programs that do not watch their parent themselves.

This file is run as a script. It imports nothing of microlive.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""<linux/prctl.h>. The program that replaces this one keeps the setting."""


def run(parent: int, *command: str) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() == parent:  # otherwise the parent has ended already
        os.execv(command[0], command)


if __name__ == "__main__":
    run(int(sys.argv[1]), *sys.argv[2:])
