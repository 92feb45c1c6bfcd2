"""Ranges of files, as RFC 9110 §14 defines them."""

import pytest

from server.http.byte_range import BadRange, read_range


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (None, None),
        ("bytes=0-1", (0, 2)),
        ("bytes=0-", (0, 100)),
        ("bytes=99-", (99, 100)),
        ("bytes=10-19", (10, 20)),
        ("bytes=90-1000", (90, 100)),
        ("bytes=-10", (90, 100)),
        ("bytes=-1000", (0, 100)),
        ("seconds=0-1", None),
        ("bytes=0-1,5-6", None),
    ],
)
def test_a_range(header: str | None, found: tuple[int, int] | None) -> None:
    assert read_range(header, 100) == found


@pytest.mark.parametrize(
    "header",
    [
        *("bytes=", "bytes=-", "bytes=100-", "bytes=5-4", "bytes=-0", "bytes=a-b", "bytes=1"),
        *("bytes=0x1-2", "bytes=--1", "bytes=1-2-3", f"bytes={'9' * 19}-", "bytes=١-٢"),
    ],
)
def test_a_range_that_makes_no_sense(header: str) -> None:
    with pytest.raises(BadRange):
        read_range(header, 100)


def test_a_file_without_bytes_has_no_range() -> None:
    with pytest.raises(BadRange):
        read_range("bytes=0-", 0)
    with pytest.raises(BadRange):
        read_range("bytes=-5", 0)
