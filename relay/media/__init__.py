"""Bytes of codecs and containers: H.264, Opus, AAC and ISO BMFF boxes. Pure: bytes in, values out.

May import the vocabulary of `relay` only.
"""
