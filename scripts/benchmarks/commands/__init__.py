"""The command line of `scripts/bench`, one module per command. May import the benchmarks; they do
not import it.
"""
