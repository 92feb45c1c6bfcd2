"""Instant replay: the window of a stream as fragmented MP4 files over HTTP.

The modules of this folder may import `relay.stream` and all lower floors (ARCHITECTURE.md).
"""
