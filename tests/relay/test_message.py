"""Records: the bytes that PROTOCOL.md promises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.errors import MessageError
from relay.message import (
    HEADER_SIZE,
    Flag,
    Kind,
    Record,
    init_body,
    pack_record,
    read_init_body,
    unpack_records,
)

times = st.integers(-(2**63), 2**63 - 1)
records = st.builds(
    Record,
    kind=st.sampled_from(Kind),
    body=st.binary(max_size=60),
    track=st.integers(0, 255),
    flags=st.integers(0, 15).map(Flag),
    slot=st.integers(0, 255),
    epoch=st.integers(0, 2**32 - 1),
    sequence=st.integers(0, 2**32 - 1),
    media_time=times,
    capture=times,
    publish=times,
)

EXAMPLE = Record(
    Kind.MEDIA,
    b"moof",
    0,
    Flag.KEY | Flag.DISCONTINUITY,
    1,
    2,
    259,
    1_500_000,
    1_790_000_000_000_000,
    1_790_000_000_050_000,
)
EXAMPLE_BYTES = bytes.fromhex(
    "01 02 01 00 05 000000"  # version, kind, slot, track, flags, zeros
    "00000002 00000103"  # epoch, sequence
    "000000000016e360"  # media time
    "00065bfeda25e000"  # capture time
    "00065bfeda26a350"  # publish time
    "00000004 6d6f6f66"  # length, body
)


def test_the_bytes_of_one_record() -> None:
    """A record is packed and unpacked with the fields in the order that PROTOCOL.md lists."""
    assert HEADER_SIZE == 44
    assert pack_record(EXAMPLE) == EXAMPLE_BYTES
    assert list(unpack_records(EXAMPLE_BYTES)) == [EXAMPLE]


@given(st.lists(records, max_size=5))
def test_what_is_packed_is_unpacked(sent: list[Record]) -> None:
    """Any number of records in a row are unpacked as they were."""
    assert list(unpack_records(b"".join(map(pack_record, sent)))) == sent


@given(epoch=st.integers(0, 2**40), sequence=st.integers(0, 2**40))
def test_counters_wrap(epoch: int, sequence: int) -> None:
    """Epoch and sequence are sent modulo 2³²."""
    (read,) = unpack_records(pack_record(Record(Kind.MEDIA, b"", epoch=epoch, sequence=sequence)))
    assert (read.epoch, read.sequence) == (epoch % 2**32, sequence % 2**32)


@given(st.binary(max_size=200))
def test_garbage_raises_message_error_only(data: bytes) -> None:
    """Random bytes give records or a MessageError."""
    try:
        list(unpack_records(data))
    except MessageError:
        pass


@given(st.data())
def test_damaged_records_raise_message_error_only(data: st.DataObject) -> None:
    """Two records, truncated and with one byte changed, give records or a MessageError."""
    packed = bytearray(EXAMPLE_BYTES * 2)
    packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    try:
        list(unpack_records(bytes(packed[: data.draw(st.integers(0, len(packed)))])))
    except MessageError:
        pass


@pytest.mark.parametrize("cut", [1, HEADER_SIZE - 1, HEADER_SIZE, len(EXAMPLE_BYTES) - 1])
def test_a_record_cut_short_is_refused(cut: int) -> None:
    """Half a header or half a body is no record."""
    with pytest.raises(MessageError, match="cut short"):
        list(unpack_records(EXAMPLE_BYTES[:cut]))


@pytest.mark.parametrize(
    ("at", "value"), [(0, 2), (1, 0), (1, 4)], ids=["version 2", "kind 0", "kind 4"]
)
def test_another_version_or_kind_is_refused(at: int, value: int) -> None:
    """A reader of version 1 refuses all other versions."""
    changed = bytearray(EXAMPLE_BYTES)
    changed[at] = value
    with pytest.raises(MessageError):
        list(unpack_records(bytes(changed)))


@given(
    codec=st.text(st.characters(max_codepoint=127), max_size=255), segment=st.binary(max_size=50)
)
def test_init_bodies_come_back(codec: str, segment: bytes) -> None:
    """The codec string and the segment of an init record are unpacked as they were."""
    assert read_init_body(init_body(codec, segment)) == (codec, segment)


@given(st.binary(max_size=40))
def test_garbage_init_bodies_raise_message_error_only(body: bytes) -> None:
    """Random bytes give a codec string and a segment, or raise MessageError."""
    try:
        codec, segment = read_init_body(body)
    except MessageError:
        return
    assert 1 + len(codec) + len(segment) == len(body)
