"""Splits one byte string into several, since a fuzzer generates only one."""

from collections.abc import Iterable, Iterator

from tests.fuzz import steps


def cut(data: bytes) -> Iterator[bytes]:
    """The parts that `join` joined. Each part is a step and follows its length in two bytes.
    Accepts any bytes.
    """
    at = 0
    while at + 2 <= len(data) and steps.take():
        size = int.from_bytes(data[at : at + 2], "big")
        yield data[at + 2 : at + 2 + size]
        at += 2 + size


def join(parts: Iterable[bytes]) -> bytes:
    return b"".join(len(part).to_bytes(2, "big") + part for part in parts)
