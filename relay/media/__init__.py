"""Reads and writes codec and container formats: H.264, Opus, AAC and ISO BMFF boxes. Pure:
functions take bytes and return values.

The modules of this folder may import only the vocabulary of the relay (ARCHITECTURE.md).
"""
