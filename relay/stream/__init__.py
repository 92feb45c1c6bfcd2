"""A published stream: tracks, the window of recent samples, the live edge, the bit rate, readers
and demands.

This package does not know viewers. The modules of this folder may import `relay.media` and the
vocabulary of the relay (ARCHITECTURE.md).
"""
