"""The machine on which the server runs: addresses, TCP ports, descriptors, load, ICE servers, the
self-check and the synthetic publisher.

This package may import `relay` and the vocabulary of the server (ARCHITECTURE.md).
"""
