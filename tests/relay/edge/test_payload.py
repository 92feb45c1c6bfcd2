"""The payloads of feed messages."""

from dataclasses import replace
from typing import Any

import pytest

from relay.channel.event_log import PostedEvent
from relay.channel.message import Message
from relay.channel.slot_reader import SlotReader
from relay.edge.feed import DISPOSABLE, EVENTS, HEADER_SIZE, KEY, VIDEO, Header, Kind, pack
from relay.edge.payload import (
    Media,
    pack_close,
    pack_events,
    payload_of,
    read_close,
    read_events,
    read_init_record,
    read_key,
)
from relay.errors import BitstreamError, MessageError, RefusalCode
from relay.media import opus
from relay.message import Flag
from relay.sample import Sample, Track, TrackInfo
from tests.fixtures.channel import make_stream, records_of
from tests.fixtures.media import sound_sample, video_sample, video_track


class Sink:
    watched = wants_clock = True

    def __init__(self) -> None:
        self.inits: list[Message] = []
        self.messages: list[Message] = []

    def receive_init(self, slot: SlotReader, info: TrackInfo, message: Message) -> None:
        self.inits.append(message)

    def receive_message(self, slot: SlotReader, message: Message) -> None:
        self.messages.append(message)

    def receive_end(self, slot: SlotReader) -> None: ...


def made(*samples: Sample) -> list[Message]:
    """The messages of an origin with these samples."""
    stream, sink = make_stream(), Sink()
    reader = SlotReader(2, stream, sink)
    stream.add_reader(reader)
    for sample in samples:
        stream.publish(sample)
    return sink.messages


FRAME = video_sample(10_000, key=True)
SOUNDS = [sound_sample(4_800), sound_sample(5_760)]
TOGETHER = made(video_sample(8_000, key=True), *SOUNDS, FRAME)[1]
ALONE = made(video_sample(0, key=True), *(sound_sample(number * 960) for number in range(5)))[1]


def fed(message: Message, events: bytes = b"", **changes: Any) -> tuple[Header, bytes]:
    payload = payload_of(message.frame)
    audio = len(payload) - len(payload_of(message.no_video)) if message.no_video else 0
    flags = (
        (KEY if message.key else 0)
        | (VIDEO if message.video else 0)
        | (DISPOSABLE if message.disposable else 0)
        | (EVENTS if events else 0)
    )
    header = Header(flags, Kind.MEDIA, 2, audio, 1, 1)._replace(**changes)
    return header, pack(header, payload, events)


def media(message: Message, events: bytes = b"") -> Media:
    return Media(*fed(message, events))


@pytest.mark.parametrize("message", [TOGETHER, ALONE, made(FRAME)[0]])
def test_viewers_of_an_edge_get_the_same_bytes(message: Message) -> None:
    copy = media(message).message(with_clock=bool(message.no_media))
    assert (copy.frame, copy.no_video) == (message.frame, message.no_video)
    for name in ("slot", "publish", "video", "key", "disposable", "video_frames", "no_media"):
        assert getattr(copy, name) == getattr(message, name), name
    assert media(message).message(with_clock=False).no_media == b""


def test_events_behind_the_media() -> None:
    events = [
        PostedEvent(7, 1_000, b'{"type":"room"}', "room", False),
        PostedEvent(8, 2_000, b'{"type":"tally"}', None, True),
    ]
    found = media(TOGETHER, pack_events(events))
    assert found.message(False).frame == TOGETHER.frame
    copies = read_events(found.data, found.end)
    names = ("sequence", "media_time", "body", "key", "history", "record")
    assert [[getattr(one, name) for name in names] for one in copies] == [
        [getattr(one, name) for name in names] for one in events
    ]


def test_samples() -> None:
    """An edge gets the samples of the origin, but for the capture times of later packets of one
    record, which follow from the first.
    """
    frame, *sounds = media(TOGETHER).samples()
    for copy, sample in zip((frame, *sounds), (FRAME, *SOUNDS), strict=True):
        for name in ("track", "dts", "pts", "data", "key", "disposable", "duration", "epoch"):
            assert getattr(copy, name) == getattr(sample, name), name
    assert (frame.capture, frame.publish) == (FRAME.capture, FRAME.publish)
    assert sounds[0].capture == SOUNDS[0].capture
    assert sounds[1].capture == SOUNDS[0].capture + 20_000


def test_a_message_without_its_video() -> None:
    found = media(TOGETHER)
    assert found.without_video()
    assert found.message(True).frame == TOGETHER.no_video
    assert not found.message(True).video
    assert not media(made(FRAME)[0]).without_video()


def test_a_message_without_its_audio() -> None:
    found = media(TOGETHER)
    found.without_audio()
    (record,) = records_of([found.message(False)])
    assert record.track == Track.VIDEO


def test_truncated_media() -> None:
    """No truncated message is taken for a whole one."""
    header, data = fed(TOGETHER)
    for size in range(HEADER_SIZE, len(data)):
        with pytest.raises(MessageError):
            Media(header, data[:size])


@pytest.mark.parametrize("changes", [{"flags": 0}, {"audio": 5}, {"slot": 0}, {"audio": 0}])
def test_media_that_do_not_match_the_header(changes: dict[str, Any]) -> None:
    with pytest.raises(MessageError):
        Media(*fed(TOGETHER, **changes))


def test_garbage_in_a_fragment() -> None:
    header, data = fed(TOGETHER)
    for at in range(HEADER_SIZE + 44, HEADER_SIZE + 200):
        broken = data[:at] + bytes((data[at] ^ 0xFF,)) + data[at + 1 :]
        try:
            Media(header, broken).samples()
        except (MessageError, BitstreamError):
            pass


def test_truncated_events() -> None:
    data = pack_events([PostedEvent(1, 0, b"{}", "room", True)])
    for size in range(1, len(data)):
        with pytest.raises(MessageError):
            read_events(data[:size], 0)


def test_an_event_that_is_none() -> None:
    with pytest.raises(MessageError):
        read_events(b"\0\0" + bytes(payload_of(TOGETHER.no_video)), 0)
    with pytest.raises(MessageError):
        read_events(b"\1\0\xff" + PostedEvent(1, 0, b"{}", None, True).record, 0)


@pytest.mark.parametrize("info", [video_track(), opus.track_info()])
def test_inits(info: TrackInfo) -> None:
    stream, sink = make_stream(), Sink()
    stream.add_reader(SlotReader(1, stream, sink))
    stream.set_track(info, 9)
    (message,) = sink.inits
    record = bytes(payload_of(message.frame))
    found, copy = read_init_record(record)
    assert found == replace(info)
    assert (copy.frame, copy.no_media, copy.slot) == (message.frame, message.no_media, 1)
    for size in range(len(record)):
        with pytest.raises(MessageError):
            read_init_record(record[:size])


def test_closed_person() -> None:
    data = pack_close("p1", RefusalCode.BANNED, "you are banned")
    assert read_close(data) == ("p1", RefusalCode.BANNED, "you are banned")
    for bad in (b"", b"[]", b"{}", b'{"person":1,"code":"no","text":""}', b"\xff"):
        with pytest.raises(MessageError):
            read_close(bad)


def test_forgotten_key() -> None:
    assert read_key("방".encode()) == "방"
    with pytest.raises(MessageError):
        read_key(b"\xff")


def test_flags_of_records() -> None:
    """The clock record keeps only the flag that concerns its times."""
    (_, clock) = (TOGETHER, media(TOGETHER).message(True).no_media)
    (record,) = records_of([Message(clock, b"", 0, 0)])
    assert not record.flags & Flag.KEY
