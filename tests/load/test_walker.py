"""The walker's result does not depend on where the bytes are split."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.channel.wsframe import BINARY, frame_header, text_frame
from relay.message import Flag, Kind, Record, pack_record
from scripts.loadgen.delivery import Delivery
from scripts.loadgen.walker import MARGIN, RECORD_SIZE, ProtocolViolation, Walker

NOW = 2_000_000


class RecordingListener:
    def __init__(self) -> None:
        self.texts: list[bytes] = []
        self.pings: list[bytes] = []
        self.closes: list[int] = []
        self.frames = 0
        self.events: list[bytes] = []

    def receive_event(self, body: bytes) -> None:
        self.events.append(body)

    def receive_text(self, text: bytes) -> None:
        self.texts.append(text)

    def receive_first_frame(self) -> None:
        self.frames += 1

    def receive_ping(self, payload: bytes) -> None:
        self.pings.append(payload)

    def receive_close(self, code: int) -> None:
        self.closes.append(code)


def message(*records: Record) -> bytes:
    payload = b"".join(map(pack_record, records))
    return frame_header(BINARY, len(payload)) + payload


def media(
    track: int, sequence: int, size: int = 50, flags: Flag = Flag.NONE, publish: int = 0
) -> Record:
    return Record(
        Kind.MEDIA,
        b"m" * size,
        track,
        flags,
        sequence=sequence,
        media_time=sequence * 33_333,
        publish=publish,
    )


STREAM = b"".join(
    (
        text_frame(json.dumps({"type": "hello", "now": 1_000_000})),
        message(Record(Kind.EVENT, b"{}", sequence=2), Record(Kind.EVENT, b"{}", sequence=4)),
        message(Record(Kind.INIT, b"\x04avc1" + b"i" * 40)),
        message(media(0, 7, 70, publish=500_000), media(1, 3, 20, Flag.KEY, publish=500_000)),
        message(media(0, 8, 300, Flag.KEY, publish=1_200_000)),
        b"\x89\x02hi",
        message(media(0, 10, 70, publish=1_990_000), media(1, 4, 20, Flag.KEY, publish=1_980_000)),
        message(
            media(1, 7, 20, Flag.KEY, publish=1_995_000),
            Record(Kind.EVENT, b"{}", sequence=5),
            Record(Kind.EVENT, b"{}", sequence=6),
        ),
        message(Record(Kind.EVENT, b"", sequence=9)),
        b"\x88\x02" + (4410).to_bytes(2, "big"),
    )
)


def walk(
    parts: list[bytes],
    *,
    probe: bool = True,
    live_after: int | None = 1_000_000,
    reads_events: bool = False,
) -> tuple[Delivery, RecordingListener, Walker]:
    delivery, listener = Delivery(), RecordingListener()
    walker = Walker(delivery, listener, probe, reads_events=reads_events)
    walker.live_after = live_after
    buffer = bytearray(MARGIN + len(STREAM))
    for part in parts:
        buffer[MARGIN : MARGIN + len(part)] = part
        walker.walk(buffer, len(part), NOW)
    return delivery, listener, walker


def check(delivery: Delivery, listener: RecordingListener, walker: Walker) -> None:
    assert delivery.bytes == len(STREAM)
    assert delivery.messages == 7
    assert delivery.gaps == 3  # video 9, audio 5 and 6
    assert delivery.events == 5 and delivery.event_gaps == 2  # events 7 and 8
    assert delivery.delays == [800.0, 10.0, 5.0]
    assert walker.media_time == 7 * 33_333
    assert listener.frames == 1 and walker.seen_idr
    assert [json.loads(text)["type"] for text in listener.texts] == ["hello"]
    assert listener.pings == [b"hi"] and listener.closes == [4410]


@given(st.lists(st.integers(0, len(STREAM)), max_size=30))
def test_every_split(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(STREAM)]
    parts = [STREAM[start:end] for start, end in zip(places, places[1:], strict=False)]
    check(*walk(parts))
    delivery, listener, walker = walk(parts, reads_events=True)
    check(delivery, listener, walker)
    assert listener.events == 4 * [b"{}"] and delivery.event_bytes == 8


@pytest.mark.parametrize("size", [1, 2, 3, 43, 44, 45, len(STREAM)])
def test_equal_parts(size: int) -> None:
    check(*walk([STREAM[at : at + size] for at in range(0, len(STREAM), size)]))


def test_only_probes_time_messages() -> None:
    delivery, listener, _ = walk([STREAM], probe=False)
    assert delivery.delays == [] and delivery.gaps == 3 and listener.events == []


def test_nothing_is_timed_before_the_hello() -> None:
    assert walk([STREAM], live_after=None)[0].delays == []


def test_the_first_frame_counts_with_its_last_byte() -> None:
    key = message(media(0, 0, 300, Flag.KEY))
    _, listener, _ = walk([key[:-1]])
    assert listener.frames == 0
    assert walk([key[:-1], key[-1:]])[1].frames == 1


def test_sequence_numbers_wrap_around() -> None:
    delivery, _, _ = walk(
        [message(media(0, 2**32 - 1)), message(media(0, 0)), message(media(0, 2))]
    )
    assert delivery.gaps == 1


def test_long_messages_have_long_headers() -> None:
    delivery, _, _ = walk([message(media(0, 0, 70_000))[:100]])
    assert delivery.messages == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (frame_header(BINARY, RECORD_SIZE) + b"\2" + bytes(43), "version 2"),
        (frame_header(BINARY, 60) + pack_record(media(0, 0, 50)), "longer than its message"),
        (b"\x82\xfe\x00\x10", "masked"),
        (b"\x81\x7e\xff\xff", "notice of 65535 bytes"),
        (b"\x83\x00", "type 0x83"),
    ],
)
def test_a_protocol_violation_is_reported(data: bytes, words: str) -> None:
    with pytest.raises(ProtocolViolation, match=words):
        walk([data])
