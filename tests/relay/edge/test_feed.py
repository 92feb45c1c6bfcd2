"""The header, the order and the parts of feed messages."""

import pytest

from relay.edge.feed import (
    EVENTS,
    HEADER_SIZE,
    KEY,
    MESSAGE_MAX,
    MORE,
    REST,
    VIDEO,
    Header,
    Kind,
    Order,
    Parts,
    Place,
    pack,
    read_header,
    split,
)
from relay.errors import MessageError

VERSION_1 = bytes.fromhex("01 0b 02 03 00000123 00000007 0000018f00000001") + b"payload"
"""A message of version 1 as it is on the wire. Do not change it."""
HEADER = Header(KEY | VIDEO | EVENTS, Kind.MEDIA, 3, 0x123, 7, 0x18F00000001)


def header(sequence: int, flags: int = 0, epoch: int = 1) -> Header:
    return Header(flags, Kind.MEDIA, 0, 0, epoch, sequence)


def test_version_1() -> None:
    assert read_header(VERSION_1) == HEADER
    assert pack(HEADER, b"pay", b"load") == VERSION_1


@pytest.mark.parametrize(
    "data",
    [
        *(VERSION_1[:size] for size in range(HEADER_SIZE)),
        b"\x02" + VERSION_1[1:],
        VERSION_1[:2] + b"\x00" + VERSION_1[3:],
        VERSION_1[:2] + b"\x0a" + VERSION_1[3:],
    ],
)
def test_malformed_headers(data: bytes) -> None:
    """A header that is cut short, another version, unknown kinds."""
    with pytest.raises(MessageError):
        read_header(data)


def test_order() -> None:
    order = Order(1, 10)
    places = [(11, Place.NEXT), (11, Place.OLD), (3, Place.OLD), (13, Place.GAP), (12, Place.OLD)]
    assert [(number, order.place(header(number))) for number, _ in places] == places
    assert order.place(header(14, epoch=2)) is Place.OLD
    assert order.place(header(14)) is Place.NEXT


def test_parts() -> None:
    """A large message travels in parts, which the edge puts together."""
    payload = bytes(range(256)) * 4
    messages = list(split(header(5, KEY), payload, 300))
    heads = [read_header(message) for message in messages]
    assert [head.sequence for head in heads] == [5, 6, 7, 8]
    assert [head.flags & (MORE | REST) for head in heads] == [MORE, MORE | REST, MORE | REST, REST]
    assert all(len(message) <= 300 for message in messages)
    parts = Parts()
    *earlier, whole = (parts.add(head, data) for head, data in zip(heads, messages, strict=True))
    assert earlier == [None] * 3
    assert whole is not None
    assert whole[HEADER_SIZE:] == payload
    assert read_header(whole).flags & KEY


def test_a_small_message_is_not_split() -> None:
    assert list(split(HEADER, b"payload", len(VERSION_1))) == [VERSION_1]


def test_a_message_without_its_first_part_is_dropped() -> None:
    parts = Parts()
    messages = list(split(header(1), bytes(500), 300))
    assert parts.add(read_header(messages[1]), messages[1]) is None
    parts.add(read_header(messages[0]), messages[0])
    parts.clear()
    assert parts.add(read_header(messages[1]), messages[1]) is None
    assert parts.add(HEADER, VERSION_1) == VERSION_1


def test_parts_are_bounded() -> None:
    parts = Parts()
    part = pack(header(1, MORE), bytes(1 << 20))
    with pytest.raises(MessageError, match="bytes"):
        for _ in range(MESSAGE_MAX // len(part) + 2):
            parts.add(read_header(part), part)
    assert parts.add(HEADER, VERSION_1) == VERSION_1
