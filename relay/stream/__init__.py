"""A published stream: tracks, the window of recent samples, the live edge, the bit rate, readers
and demands.

This package does not know viewers. May import `relay.media` and the vocabulary of `relay`.
"""
