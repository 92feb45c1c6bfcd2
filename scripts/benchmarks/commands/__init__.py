"""The command line of `scripts/bench`, one module per command: options in, a printed report out.
May import the benchmarks; they do not import it.
"""
