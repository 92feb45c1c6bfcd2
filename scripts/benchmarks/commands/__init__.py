"""The command line of `scripts/bench`, one module per command. A command reads its options, runs a
benchmark and prints a report.

These modules may import the benchmarks; the benchmarks never import these modules.
"""
