"""Sends media and events to viewers: batching, fan-out, and the rules that choose the bytes for a
slow viewer.

May import `relay.stream` and all folders below it.
"""
