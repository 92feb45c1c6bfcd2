"""The command line of `scripts/bench`, one module per command: options in, a printed report out.
These modules may import the benchmarks, which never import them.
"""
