"""The benchmarks of `scripts/bench`, one per file, and their commands in `commands/`.

Everything runs on this machine, with traffic on loopback only. The modules of this folder may
import `scripts.loadgen`, `server` and `relay`. Only the commands and the tests import this package.
"""
