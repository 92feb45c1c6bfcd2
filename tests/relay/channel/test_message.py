"""Messages: the part of a message that each kind of viewer gets."""

import pytest

from relay.channel.event_log import PostedEvent
from relay.channel.message import (
    event_message,
    init_message,
    media_message,
    merge,
    with_events,
    without_video,
)
from relay.message import Kind, Record, pack_record, unpack_records
from tests.fixtures.channel import payloads


def record(kind: Kind, body: bytes, track: int = 0) -> bytes:
    return pack_record(Record(kind, body, track))


def bodies(frames: bytes) -> list[bytes]:
    return [each.body for payload in payloads(frames) for each in unpack_records(payload)]


VIDEO, AUDIO = record(Kind.MEDIA, b"video"), record(Kind.MEDIA, b"audio", 1)
CLOCK = record(Kind.MEDIA, b"")
EVENTS = [PostedEvent(number, 0, b"%d" % number, None, True) for number in (1, 2)]
RECORDS = b"".join(each.record for each in EVENTS)


@pytest.mark.parametrize("size", [10, 200, 70_000])
def test_events_stand_behind_the_last_record_of_one_message(size: int) -> None:
    """This holds for each form of the message, on both sides of every change of header size."""
    video = record(Kind.MEDIA, bytes(size))
    message = with_events(media_message(video, AUDIO, 5, 6, slot=1, key=True, clock=CLOCK), EVENTS)
    assert payloads(message.frame) == [video + AUDIO + RECORDS]
    assert payloads(message.no_video) == [AUDIO + RECORDS]
    assert payloads(message.no_media) == [CLOCK + RECORDS]
    assert message.event_bytes == len(RECORDS) and message.events == tuple(EVENTS)
    assert (message.slot, message.key, message.media_time, message.publish) == (1, True, 5, 6)


def test_a_frame_without_audio_leaves_a_slow_viewer_the_events() -> None:
    message = media_message(VIDEO, b"", 0, 0)
    assert message.no_video == b"" and message.no_media == b"" and message.video_frames == 1
    assert bodies(with_events(message, EVENTS).no_video) == [b"1", b"2"]


def test_audio_inits_and_events_are_the_same_without_video() -> None:
    audio, init = media_message(b"", AUDIO, 0, 0), init_message(record(Kind.INIT, b"i"), 0, 0, 0)
    events = event_message(EVENTS, 9)
    for message in (audio, init, events):
        assert without_video(message) == message.frame and not message.video
    assert init.no_media == init.frame and init.vital
    assert events.no_media == events.frame and not events.vital and events.media_time == 9


def test_merged_messages_keep_their_order() -> None:
    """A single message stays the same. Several are joined in order, in each form."""
    key = media_message(VIDEO, AUDIO, 1, 10, key=True)
    audio = media_message(b"", AUDIO, 2, 20)
    last = with_events(media_message(VIDEO, b"", 3, 30, disposable=True), EVENTS)
    assert merge([key]) is key
    merged = merge([key, audio, last])
    assert bodies(merged.frame) == [b"video", b"audio", b"audio", b"video", b"1", b"2"]
    assert bodies(merged.no_video) == [b"audio", b"audio", b"1", b"2"]
    assert bodies(merged.no_media) == [b"1", b"2"]
    assert (merged.key, merged.video, merged.disposable, merged.video_frames) == (
        True,
        True,
        False,
        2,
    )
    assert (merged.media_time, merged.publish, merged.event_bytes) == (3, 30, len(RECORDS))
