"""Splits one byte string into several, since a fuzzer generates only one."""

from collections.abc import Iterable, Iterator

MAX_PARTS = 64


def cut(data: bytes) -> Iterator[bytes]:
    """The parts that `join` joined, at most 64.

    Each part follows its length in two bytes. Accepts any bytes.
    """
    at = 0
    for _ in range(MAX_PARTS):
        if at + 2 > len(data):
            return
        size = int.from_bytes(data[at : at + 2], "big")
        yield data[at + 2 : at + 2 + size]
        at += 2 + size


def join(parts: Iterable[bytes]) -> bytes:
    return b"".join(len(part).to_bytes(2, "big") + part for part in parts)
