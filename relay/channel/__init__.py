"""Sends media and events to viewers. This folder contains the batching, the fan-out, and the rules
that choose the bytes for a slow viewer.

The modules of this folder may import `relay.stream` and all lower floors (ARCHITECTURE.md).
"""
