"""A viewer over a transport whose reader is as slow as the test requires."""

import asyncio
import json
from typing import Any

import pytest

import relay.websocket.viewer
from relay.channel.channel import Channel
from relay.channel.notice import BURST
from relay.channel.outbox import Pace
from relay.channel.wsframe import PING, PONG, control_frame
from relay.media import opus
from relay.message import Kind, Record, unpack_records
from relay.sample import Track
from relay.websocket.counters import WebSocketCounters
from relay.websocket.state import OPEN, State
from relay.websocket.viewer import BURSTS, EVENTS_MAX, JOIN_CHUNK, WebSocketViewer
from tests.fixtures.channel import Owner, Publisher, make_channel
from tests.fixtures.media import sound_sample, video_sample, video_track

BITRATE_KEY = 60_000
"""Bytes of a keyframe, more than a join may leave waiting."""


class Transport(asyncio.WriteTransport):
    """Holds what is written until the reader takes it."""

    def __init__(self) -> None:
        super().__init__()
        self.aborted = asyncio.Event()
        self.closed = False
        self.close_code, self.close_reason = 0, b""
        self.waiting = bytearray()
        self.taken = bytearray()

    def take(self, size: int | None = None) -> None:
        """The reader takes that many bytes, or all."""
        size = len(self.waiting) if size is None else size
        self.taken += self.waiting[:size]
        del self.waiting[:size]

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.waiting += data

    def get_write_buffer_size(self) -> int:
        return len(self.waiting)

    def is_closing(self) -> bool:
        return self.closed or self.aborted.is_set()

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.aborted.set()

    def messages(self) -> tuple[list[Record], list[dict[str, Any]]]:
        """Records and notices taken so far, by the frames' own lengths (RFC 6455 §5.2)."""
        records: list[Record] = []
        notices: list[dict[str, Any]] = []
        at, data = 0, bytes(self.taken)
        while at < len(data):
            opcode, length, head = data[at], data[at + 1], 2
            if length > 125:
                head = 4 if length == 126 else 10
                length = int.from_bytes(data[at + 2 : at + head], "big")
            body = data[at + head : at + head + length]
            if opcode == 0x81:
                notices.append(json.loads(body))
            elif opcode == 0x88:
                self.close_code, self.close_reason = int.from_bytes(body[:2], "big"), body[2:]
            else:
                records += unpack_records(body)
            at += head + length
        return records, notices


def on_air(*, key_size: int = 1_000) -> Channel:
    """A channel of 1 Mbit/s in the middle of a GOP."""
    channel = make_channel()
    stream = channel.stream
    stream.set_track(opus.track_info(), 0)
    stream.publish(video_sample(0, key=True, data=bytes(key_size)))
    stream._rate.value = 1_000_000
    return channel


def publish_frame(channel: Channel, number: int, *, key: bool = False, size: int = 4_000) -> None:
    """Publishes a sound and a frame."""
    channel.stream.publish(sound_sample(number * 1_600))
    channel.stream.publish(video_sample(number * 3_000, key=key, data=bytes(size)))


def viewer_of(channel: Channel, codecs: str = "") -> tuple[WebSocketViewer, Transport]:
    transport = Transport()
    families = frozenset(codecs.split())
    return WebSocketViewer(transport, channel, WebSocketCounters(), codecs=families), transport


async def test_a_join_goes_on_without_live_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A burst larger than the allowed backlog is sent completely, even if nothing new is published
    in the room.
    """
    monkeypatch.setattr(relay.websocket.viewer, "JOIN_AGAIN", 0.001)
    channel = on_air(key_size=BITRATE_KEY)
    for number in range(1, 5):
        publish_frame(channel, number)
    viewer, transport = viewer_of(channel)
    viewer.join('{"type":"hello"}')
    assert len(transport.waiting) < JOIN_CHUNK + BITRATE_KEY + 2_000
    async with asyncio.timeout(5):
        while (
            sum(
                record.track == Track.VIDEO and record.kind is Kind.MEDIA
                for record in transport.messages()[0]
            )
            < 5
        ):
            transport.take()
            await asyncio.sleep(0)
    viewer.leave()


async def test_a_join_that_takes_too_long_loses_its_video(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a slow joining viewer does not take its media in time, the video is left out, and a pace
    notice says so.
    """
    channel = on_air(key_size=BITRATE_KEY)
    for number in range(1, 30):
        publish_frame(channel, number)
    viewer, transport = viewer_of(channel)
    viewer.join('{"type":"hello"}')
    monkeypatch.setattr(relay.websocket.viewer, "JOIN_MS", 0.0)
    publish_frame(channel, 30)
    transport.take()
    records, notices = transport.messages()
    frames = [
        record for record in records if record.kind is Kind.MEDIA and record.track == Track.VIDEO
    ]
    sounds = [
        record for record in records if record.kind is Kind.MEDIA and record.track == Track.AUDIO
    ]
    assert len(frames) < 10
    assert [record.sequence for record in sounds] == list(
        range(sounds[0].sequence, sounds[0].sequence + len(sounds))
    )
    assert sounds[-1].media_time == 30 * 1_600 * 1_000_000 // 48_000
    assert notices[-1]["pace"] == "key" and notices[-1]["dropped"] == 31 - len(frames)
    viewer.leave()


async def test_a_viewer_that_falls_behind_keeps_its_audio_and_comes_back_at_a_keyframe(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While bytes wait, only audio is added. Once they are sent, a keyframe is demanded, with which
    the video goes on.
    """
    monkeypatch.setattr("relay.channel.outbox.RETRY_MS", 0.0)
    channel = on_air()
    publisher = Publisher()
    channel.stream.attach(publisher)
    viewer, transport = viewer_of(channel)
    viewer.join('{"type":"hello"}')
    transport.take()
    publisher.demands.clear()
    for number in range(1, 60):
        publish_frame(channel, number)  # the viewer reads nothing: two seconds of media at 1 Mbit/s
    assert len(transport.waiting) < 90_000
    transport.take()
    for number in range(60, 70):
        publish_frame(channel, number)
        transport.take()
    assert publisher.demands
    publish_frame(channel, 70, key=True)
    publish_frame(channel, 71)
    transport.take()
    records, notices = transport.messages()
    media = [record for record in records if record.kind is Kind.MEDIA]
    sounds = [record.sequence for record in media if record.track == Track.AUDIO]
    frames = [record for record in media if record.track == Track.VIDEO]
    assert sounds == list(range(len(sounds)))
    hole = next(
        index
        for index, (one, two) in enumerate(zip(frames, frames[1:], strict=False))
        if two.sequence != one.sequence + 1
    )
    assert frames[hole + 1].flags & 1 and frames[-1].media_time == 71 * 3_000 * 1_000_000 // 90_000
    assert [notice["pace"] for notice in notices if notice["type"] == "pace"][-1] == "full"
    viewer.leave()


async def test_notices() -> None:
    """A time question is answered with its id."""
    viewer, transport = viewer_of(on_air())
    viewer.receive_text('{"type":"time","id":7}')
    transport.take()
    assert transport.messages()[1][0]["id"] == 7
    viewer.leave()


async def test_one_that_says_nothing_is_pinged_and_then_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relay.websocket.viewer, "SAYS_NOTHING", 0.02)
    viewer, transport = viewer_of(on_air())
    async with asyncio.timeout(5):
        await transport.aborted.wait()
    assert transport.waiting == control_frame(PING, b"")
    viewer.leave()


async def test_a_ping_is_answered_with_what_was_in_it() -> None:
    viewer, transport = viewer_of(on_air())
    viewer.receive_ping(b"here?")
    assert transport.waiting == control_frame(PONG, b"here?") == b"\x8a\x05here?"
    viewer.leave()


def events_in(transport: Transport) -> list[bytes]:
    return [record.body for record in transport.messages()[0] if record.kind is Kind.EVENT]


async def test_a_slow_viewer_gets_every_event() -> None:
    """At a reduced pace, events come with the sound. Events of the join come with the rest of the
    burst.
    """
    channel = on_air(key_size=BITRATE_KEY)
    viewer, transport = viewer_of(channel)
    viewer.join("{}")
    for number in range(1, 60):
        channel.post(b"%d" % number)
        publish_frame(channel, number)
        if number == 30:
            transport.take()
    assert viewer.dropped > 10
    transport.take()
    assert events_in(transport) == [b"%d" % number for number in range(1, 60)]
    viewer.leave()


async def test_a_viewer_for_which_too_many_events_wait_is_closed() -> None:
    """Above 64 KB it is closed with 4408. Events that it has taken do not count."""
    channel = on_air()
    viewer, transport = viewer_of(channel)
    viewer.join("{}")
    for number in range(1, 20):
        transport.take()
        channel.post(bytes(8_000))
        publish_frame(channel, number)
    assert viewer.state in OPEN
    for number in range(20, 20 + EVENTS_MAX // 8_000 + 2):
        channel.post(bytes(8_000))
        publish_frame(channel, number)
    assert viewer.state is State.CLOSING and not channel.members
    transport.take()
    transport.messages()
    assert transport.close_code == 4408 and transport.close_reason.startswith(b"too_slow: ")
    viewer.leave()


async def test_what_a_joining_viewer_gets_first_does_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """States and history have a limit of their own, which is larger than that of waiting events.
    For later events, the viewer has as much room as any other viewer.
    """
    monkeypatch.setattr(relay.websocket.viewer, "JOIN_MS", 0.0)
    channel = on_air()
    for number in range(6):
        channel.post(bytes(8_000), key=str(number), history=False)
    for _ in range(3):
        channel.post(bytes(8_000))
    viewer, transport = viewer_of(channel)
    viewer.join("{}")
    assert len(transport.waiting) > EVENTS_MAX
    for number in range(1, 5):
        channel.post(b"%d" % number)
        publish_frame(channel, number)
    assert viewer.state in OPEN
    transport.take()
    assert events_in(transport)[9:] == [b"1", b"2", b"3", b"4"]
    viewer.leave()


@pytest.mark.parametrize("media", [True, False])
async def test_live_events_count_while_a_viewer_joins(
    monkeypatch: pytest.MonkeyPatch, media: bool
) -> None:
    """Events behind an init count, and so do those of a viewer without media."""
    channel = on_air()
    for number in range(6):
        channel.post(bytes(8_000), key=str(number), history=False)
    viewer, transport = viewer_of(channel)
    viewer.join("{}", media=media)
    joined_with = len(transport.waiting)
    for number in range(EVENTS_MAX // 8_000 + 1):
        channel.post(bytes(8_000))
        channel.stream.set_track(video_track(96 if number % 2 else 64, 64), 0)
    states = [viewer.state]
    assert len(transport.waiting) == joined_with
    monkeypatch.setattr(relay.websocket.viewer, "JOIN_CHUNK", 1 << 30)
    for _ in range(2):
        channel.post(b"{}")
        channel.stream.set_track(video_track(128 + 32 * len(states), 64), 0)
        states.append(viewer.state)
    assert states == [State.JOINING, State.BUFFERED, State.CLOSING] and not channel.members
    transport.take()
    transport.messages()
    assert transport.close_reason.startswith(b"too_slow: ")
    viewer.leave()


async def test_a_channel_that_has_ended_closes_the_viewer() -> None:
    """It may end while the handshake is answered."""
    channel = on_air()
    channel.end()
    viewer, transport = viewer_of(channel)
    viewer.join("{}")
    transport.take()
    assert transport.messages() == ([], [{}])
    assert transport.close_code == 4410 and not channel.members
    viewer.leave()


async def test_a_player_is_closed_before_the_burst_of_what_it_cannot_decode() -> None:
    """It gets the greeting and 4415. Its join demands no keyframe."""
    channel = on_air()
    publisher = Publisher()
    channel.stream.attach(publisher)
    viewer, transport = viewer_of(channel, "avc1 mp4a")
    viewer.join("{}")
    transport.take()
    records, notices = transport.messages()
    assert (records, notices) == ([], [{}])
    assert transport.close_code == 4415 and b"unsupported_codec: " in transport.close_reason
    assert not publisher.demands and not channel.members
    viewer.leave()


async def test_a_player_is_closed_when_a_track_comes_that_it_cannot_decode() -> None:
    channel = make_channel()
    viewer, transport = viewer_of(channel, "avc1")
    viewer.join("{}")
    channel.stream.set_track(video_track(), 0)
    assert viewer.state in OPEN
    channel.stream.set_track(opus.track_info(), 0)
    transport.take()
    assert [record.track for record in transport.messages()[0]] == [Track.VIDEO]
    assert transport.close_code == 4415
    viewer.leave()


async def test_a_notice_that_is_none_closes_with_its_code() -> None:
    viewer, transport = viewer_of(on_air())
    viewer.receive_text('{"type":"dance"}')
    viewer.receive_text("garbage")
    transport.take()
    transport.messages()
    assert transport.close_code == 1007 and transport.close_reason.startswith(b"bad_notice: ")
    assert viewer._counters.refused == 1
    viewer.leave()


async def test_a_defect_of_the_room_closes_no_viewer(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged as an error."""

    class Broken(Owner):
        def receive_report(self, viewer: int, report: object) -> None:
            raise KeyError("defect")

    channel = make_channel(Broken())
    viewer, _ = viewer_of(channel)
    viewer.join("{}")
    viewer.receive_text('{"type":"report","media_time":5}')
    assert viewer.state in OPEN and "KeyError" in caplog.text
    viewer.leave()


async def test_too_many_messages_are_dropped_and_counted() -> None:
    """The connection carries the picture, so it stays open."""
    viewer, _ = viewer_of(on_air())
    heard = [viewer.hear() for _ in range(1_000)].count(True)
    assert BURST <= heard <= BURST + 1
    assert viewer._counters.dropped_notices == 1_000 - heard
    assert viewer.state in OPEN and viewer._counters.refused == 0
    viewer.leave()


async def test_a_viewer_that_reads_nothing_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is closed after the longest time without reading, and only while bytes wait."""
    monkeypatch.setattr(relay.websocket.viewer, "READS_NOTHING", 0.0)
    channel = on_air()
    viewer, transport = viewer_of(channel)
    viewer.join("{}")
    transport.take()
    publish_frame(channel, 1)
    publish_frame(channel, 2)
    transport.take()
    transport.messages()
    assert transport.close_code == 4408 and transport.close_reason.startswith(b"not_reading: ")
    assert viewer._counters.let_go == 1
    viewer.leave()


async def test_a_viewer_for_which_too_much_waits_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The reason names the waiting bytes, not the time."""
    monkeypatch.setattr(relay.websocket.viewer, "BACKLOG_MAX", 1 << 20)
    channel = on_air(key_size=1 << 20)
    viewer, transport = viewer_of(channel)
    viewer.join("{}")
    publish_frame(channel, 1)
    publish_frame(channel, 2)
    transport.take()
    transport.messages()
    assert transport.close_code == 4408 and transport.close_reason == b"not_reading: 1 MB wait"
    viewer.leave()


async def test_bytes_that_wait_in_this_process() -> None:
    """For a viewer that has left, no bytes wait."""
    channel = on_air(key_size=BITRATE_KEY)
    viewer, transport = viewer_of(channel)
    viewer.join('{"type":"hello"}')
    assert viewer.waiting == len(transport.waiting) > BITRATE_KEY
    transport.take()
    assert viewer.waiting == 0
    publish_frame(channel, 1)
    assert viewer.waiting > 0
    viewer.leave()
    assert viewer.waiting == 0


def frames_of(transport: Transport) -> list[int]:
    """The sequence numbers of the frames that were written since the last call."""
    transport.take()
    records, _ = transport.messages()
    transport.taken.clear()
    return [
        record.sequence
        for record in records
        if record.kind is Kind.MEDIA and record.track == Track.VIDEO
    ]


async def test_a_viewer_holds_its_connection_and_plays() -> None:
    """It gets the keyframe, and when it plays everything since the keyframe. After a standby it is
    not slow any more.
    """
    channel = on_air()
    counters = WebSocketCounters()
    transport = Transport()
    viewer = WebSocketViewer(transport, channel, counters)
    publish_frame(channel, 1)
    viewer.join('{"type":"hello"}', held=True)
    publish_frame(channel, 2)
    assert frames_of(transport) == [0] and channel.standbys == 1 and counters.joined == 0
    viewer.receive_text('{"type":"hold","on":false}')
    assert frames_of(transport) == [0, 1, 2] and channel.viewers == 1 and counters.joined == 1
    publish_frame(channel, 3)
    assert frames_of(transport) == [3]
    viewer._outbox.pace = Pace.KEY
    viewer.receive_text('{"type":"hold","on":true}')
    publish_frame(channel, 4)
    assert frames_of(transport) == [] and channel.viewers == 0
    viewer.receive_text('{"type":"hold","on":false}')
    publish_frame(channel, 5)
    assert frames_of(transport) == [0, 1, 2, 3, 4, 5]
    viewer.leave()
    assert channel.members == 0


async def test_a_viewer_that_toggles_its_standby_gets_few_bursts() -> None:
    channel, publisher = on_air(), Publisher()
    channel.stream.attach(publisher)
    publish_frame(channel, 1)
    viewer, transport = viewer_of(channel)
    viewer.join('{"type":"hello"}', held=True)
    frames_of(transport)
    bursts = []
    for _ in range(BURSTS + 3):
        viewer.receive_text('{"type":"hold","on":false}')
        bursts.append(frames_of(transport))
        viewer.receive_text('{"type":"hold","on":true}')
    assert bursts == [[0, 1]] * BURSTS + [[]] * 3
    assert len(publisher.demands) == 1 + BURSTS  # the last IDR is old
    viewer.receive_text('{"type":"hold","on":false}')
    transport.take()
    publish_frame(channel, 2)
    assert frames_of(transport) == [] and viewer._outbox.pace is Pace.KEY
    viewer.leave()


async def test_a_standby_that_ends_without_a_burst_loses_no_event(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its viewer has not taken the burst before the standby yet, nor the events behind it."""
    monkeypatch.setattr(relay.websocket.viewer, "BURSTS", 0)
    channel = on_air(key_size=BITRATE_KEY)
    publish_frame(channel, 1)
    viewer, transport = viewer_of(channel)
    viewer.join('{"type":"hello"}')
    channel.post(b"{}")
    publish_frame(channel, 2)
    viewer.receive_text('{"type":"hold","on":true}')
    viewer.receive_text('{"type":"hold","on":false}')
    transport.take()
    assert events_in(transport) == [b"{}"]
    viewer.leave()


async def test_a_burst_ends_when_its_viewer_goes_on_standby() -> None:
    """The frames that were not written yet are not sent."""
    channel = on_air(key_size=BITRATE_KEY)
    for number in range(1, 30):
        publish_frame(channel, number, size=8_000)
    viewer, transport = viewer_of(channel)
    viewer.join('{"type":"hello"}')
    viewer.receive_text('{"type":"hold","on":true}')
    transport.take()
    publish_frame(channel, 30)
    await asyncio.sleep(0)
    assert 0 < len(frames_of(transport)) < 10
    viewer.leave()


async def test_nothing_that_a_standby_reports_counts() -> None:
    """A taken tap or report of a viewer who watches nothing would belong to no person."""
    owner = Owner()
    channel = make_channel(owner)
    viewer, transport = viewer_of(channel)
    viewer.join('{"type":"hello"}', held=True)
    viewer.receive_text('{"type":"report","media_time":0,"playing":true}')
    viewer.receive_text('{"type":"taps","counts":{"heart":[1]}}')
    viewer.receive_text('{"type":"time","id":7}')
    transport.take()
    assert transport.messages()[1][-1]["id"] == 7
    assert viewer.lag is None and not owner.reports and not owner.notices
    viewer.leave()
    assert owner.left == []


@pytest.mark.parametrize("notice", ['{"type":"hold"}', '{"type":"hold","on":1}'])
async def test_a_hold_that_says_neither_is_refused(notice: str) -> None:
    viewer, transport = viewer_of(make_channel())
    viewer.join('{"type":"hello"}')
    viewer.receive_text(notice)
    transport.take()
    transport.messages()
    assert transport.close_code == 1007
    viewer.leave()


async def test_a_standby_that_may_not_play_is_closed() -> None:
    asked: list[bool] = []

    def holds(held: bool) -> bool:
        asked.append(held)
        return False

    channel, transport = on_air(), Transport()
    viewer = WebSocketViewer(transport, channel, WebSocketCounters(), holds=holds)
    viewer.join('{"type":"hello"}', held=True)
    viewer.receive_text('{"type":"hold","on":true}')
    viewer.receive_text('{"type":"hold","on":false}')
    transport.take()
    transport.messages()
    assert asked == [False] and transport.close_code == 4429
    assert transport.close_reason.startswith(b"too_many_connections: ")
    viewer.leave()


async def test_a_standby_demands_a_keyframe_only_if_the_last_is_old(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Playing demands a fresh one earlier, because the viewer must decode all since the last."""
    channel, publisher = on_air(), Publisher()
    channel.stream.attach(publisher)
    published = channel.stream._idr
    assert published
    monkeypatch.setattr("time.time_ns", lambda: (published.publish + 3_000_000) * 1_000)
    viewer, _ = viewer_of(channel)
    viewer.join('{"type":"hello"}', held=True)
    assert publisher.demands == []
    viewer.receive_text('{"type":"hold","on":false}')
    assert len(publisher.demands) == 1
    monkeypatch.setattr("time.time_ns", lambda: (published.publish + 5_000_000) * 1_000)
    other, _ = viewer_of(channel)
    other.join('{"type":"hello"}', held=True)
    assert len(publisher.demands) == 2
    viewer.leave()
    other.leave()
