"""Fuzzes every parser that reads from the network: ours, and those of libraries that we call.

`scripts/fuzz` runs it for any length of time.
"""
