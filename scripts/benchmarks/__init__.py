"""The benchmarks of `scripts/bench`, one per file, and their commands in `commands/`. Everything
runs on this machine, with traffic on loopback only. May import `scripts.loadgen`, `server` and
`relay`; nothing imports it except its commands and the tests.
"""
