"""Notices that are read without a task."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from relay.channel.notice import MAX_BYTES
from relay.meter import Meter
from tests.fixtures.wire import MASK, Wire, frame


@pytest.mark.parametrize("text", ["", "x", "{}", "é" * 60, "x" * 125, "x" * 126, "x" * MAX_BYTES])
def test_whole_texts_are_handled_at_once(text: str) -> None:
    wire = Wire()
    wire.receive(frame(text.encode()), frame(text.encode()))
    if text in ("", "x"):  # no notice; aiohttp reads it
        assert wire.inner.data == 2 * frame(text.encode())
    else:
        assert wire.listener.texts == [text, text] and not wire.inner.data


def test_several_frames_in_one_read() -> None:
    """Texts are handled, the others are passed on in their order."""
    wire = Wire()
    ping, close = frame(b"abc", 0x89), frame(b"\x03\xe8", 0x88)
    wire.receive(frame(b"one") + ping + frame(b"two") + close)
    assert wire.listener.texts == ["one", "two"] and wire.inner.data == ping + close
    wire.receive(frame(b"three"))
    assert wire.listener.texts[-1] == "three"


@pytest.mark.parametrize(
    "data",
    [
        frame(b"half a frame")[:-1],
        frame(b"x" * 200)[:5],
        frame(b"first piece", 0x01),
        frame(b"last piece", 0x80),
        frame(b"x" * (MAX_BYTES + 1)),
        b"\x81\x03abcdefgh",
        b"\x81\xff" + bytes(8) + MASK + b"abc",
        b"\x81",
    ],
    ids=["cut", "cut header", "piece", "continued", "large", "no mask", "64 bits", "one byte"],
)
def test_what_the_inner_protocol_reads_from_then_on(data: bytes) -> None:
    """After a fragmented frame or a mistake, the inner protocol gets all bytes, since only it knows
    their meaning.
    """
    wire = Wire()
    wire.receive(frame(b"before") + data, frame(b"after"))
    assert wire.listener.texts == ["before"]
    assert wire.inner.data == data + frame(b"after")


def test_text_that_is_not_utf8_is_passed_on() -> None:
    wire = Wire()
    wire.receive(frame(b"\xff\xff\xff") + frame(b"after"))
    assert wire.inner.data == frame(b"\xff\xff\xff") and wire.listener.texts == ["after"]


def test_the_listener_decides_whether_to_handle_a_notice() -> None:
    wire = Wire()
    wire.listener.hears = False
    wire.receive(frame(b"dropped"))
    assert (wire.listener.texts, wire.listener.heard, wire.inner.data) == ([], 1, b"")


def test_the_time_is_charged_and_a_slowed_account_waits() -> None:
    """The notices of a slowed account go through the queue of the inner protocol, which waits."""
    account = Meter().client("127.0.0.1", 0.0)
    wire = Wire(account=account)
    wire.receive(frame(b"free"))
    assert account.spent_ns > 0 and wire.listener.texts == ["free"]
    account.slowed = True
    wire.receive(frame(b"slowed"))
    assert wire.listener.texts == ["free"] and wire.inner.data == frame(b"slowed")
    account.slowed = False
    wire.receive(frame(b"free again"))
    assert wire.listener.texts == ["free", "free again"]


def test_everything_else_is_for_the_inner_protocol() -> None:
    wire = Wire()
    protocol, error = wire.protocol, ConnectionResetError()
    assert protocol.eof_received() is True
    protocol.pause_writing()
    protocol.resume_writing()
    protocol.connection_lost(error)
    assert wire.inner.calls == ["eof", "pause", "resume", error]


def test_the_inner_protocol_gets_its_transport_back() -> None:
    wire = Wire()
    wire.protocol.remove()
    assert wire.transport.protocol is wire.inner
    wire = Wire()
    wire.transport.closing = True
    wire.protocol.remove()
    assert wire.transport.protocol is wire.protocol


@given(
    st.lists(
        st.tuples(
            st.binary(max_size=300),
            st.sampled_from([0x81, 0x81, 0x81, 0x82, 0x89, 0x8A, 0x01, 0x80, 0xC1]),
            st.binary(min_size=4, max_size=4),
        )
    ),
    st.lists(st.integers(1, 400)),
)
@example([(b"", 0x81, bytes(4)), (b"x", 0x81, bytes(4)), (b"", 0x81, bytes(4))], [])
def test_no_byte_is_lost_or_read_twice(
    frames: list[tuple[bytes, int, bytes]], cuts: list[int]
) -> None:
    """However the bytes are split, each frame is handled here or passed on unchanged, in order."""
    encoded = [frame(payload, first, mask) for payload, first, mask in frames]
    data, wire = b"".join(encoded), Wire()
    while data:
        size = cuts.pop() if cuts else len(data)
        wire.receive(data[:size])
        data = data[size:]
    texts, rest = wire.listener.texts, wire.inner.data
    # Equal frames may be handled and passed on. So `ends` has the number of texts and of bytes
    # after each frame for all ways to get there.
    ends = {(0, 0)}
    for one, (payload, first, _) in zip(encoded, frames, strict=True):
        ends = {
            (count + 1, size)
            for count, size in ends
            if first == 0x81 and count < len(texts) and texts[count].encode() == payload
        } | {(count, size + len(one)) for count, size in ends if rest.startswith(one, size)}
    assert (len(texts), len(rest)) in ends
