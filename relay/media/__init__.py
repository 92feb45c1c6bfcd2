"""The bytes of codecs and containers: H.264, Opus, AAC and ISO BMFF boxes. Pure: functions take
bytes and return values.

May import the vocabulary of `relay` only.
"""
