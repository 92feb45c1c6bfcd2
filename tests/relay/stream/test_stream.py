"""A stream: what each viewer gets, in which order, and that none harms another."""

import logging
from dataclasses import replace

import pytest

from relay.channel.outbox import Message
from relay.channel.pulse import Pulse
from relay.media import h264, opus
from relay.message import Flag, Kind, Record, read_init_body, unpack_records
from relay.sample import Demand, Event, Sample, Track, TrackInfo
from relay.stream.stream import AUDIO_ALONE, Stream
from relay.stream.window import Window
from tests.fixtures import media
from tests.fixtures.media import sound_sample, video_sample


class Watcher:
    """A viewer that keeps what it got."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.ended = 0

    def send(self, message: Message) -> None:
        self.messages.append(message)

    def end(self) -> None:
        self.ended += 1

    @property
    def records(self) -> list[Record]:
        return records_of(self.messages)


def records_of(messages: list[Message]) -> list[Record]:
    return [
        record
        for message in messages
        for body in payloads(message.frame)
        for record in unpack_records(body)
    ]


def payload(frame: bytes) -> bytes:
    """Of an unmasked binary WebSocket frame."""
    (body,) = payloads(frame)
    return body


def payloads(data: bytes) -> list[bytes]:
    """Of unmasked binary WebSocket frames in a row."""
    bodies = []
    while data:
        assert data[0] == 0x82
        start = 2 if data[1] < 126 else 4 if data[1] == 126 else 10
        size = data[1] if start == 2 else int.from_bytes(data[2:start], "big")
        bodies.append(data[start : start + size])
        data = data[start + size :]
    return bodies


def live_stream() -> tuple[Stream, Watcher]:
    """A stream with both tracks and one viewer that has been there from the beginning."""
    stream = Stream("room", Window(90, 1 << 20))
    watcher = Watcher()
    assert stream.subscribe(watcher) == []
    stream.set_track(media.video_track(), 0)
    stream.set_track(opus.track_info(), 0)
    return stream, watcher


def kinds(records: list[Record]) -> list[tuple[Kind, int]]:
    return [(record.kind, record.track) for record in records]


VIDEO, AUDIO = int(Track.VIDEO), int(Track.AUDIO)


def test_a_joining_viewer_gets_what_it_needs_in_order() -> None:
    """First the retained event, then an init of each track, then everything since the last IDR and
    nothing older.
    """
    stream, _ = live_stream()
    stream.publish_event(Event(0, b"{1}"), retain=True)
    stream.publish_event(Event(0, b"{2}"), retain=True)
    stream.publish_event(Event(0, b"{3}"))
    for index in range(7):
        stream.publish(video_sample(index * 3_000, key=index in (0, 4)))
        stream.publish(sound_sample(index * 1_600))
    late = Watcher()
    got = records_of(stream.subscribe(late))
    assert got[0].body == b"{2}"
    assert kinds(got)[:3] == [(Kind.EVENT, 255), (Kind.INIT, VIDEO), (Kind.INIT, AUDIO)]
    first = got[3]
    assert (first.kind, first.track, Flag.KEY in first.flags, first.media_time) == (
        Kind.MEDIA,
        VIDEO,
        True,
        4 * 1_000_000 // 30,
    )
    video = [record.sequence for record in got[3:] if record.track == VIDEO]
    assert video == [4, 5, 6]
    stream.publish(video_sample(7 * 3_000))
    assert late.records[0].sequence == 7


def test_inits_can_be_decoded() -> None:
    """An init record's segment and the fragments behind it are a file that FFmpeg decodes; the
    codec string is the SPS's own.
    """
    stream, watcher = live_stream()
    for index, unit in enumerate(map(h264.access_unit, media.access_units(count=5))):
        stream.publish(video_sample(index * 3_000, key=unit.key, data=unit.data))
    video = [record for record in watcher.records if record.track == VIDEO]
    codec, segment = read_init_body(video[0].body)
    assert codec == media.video_track().codec
    frames = media.decode_pictures(segment + b"".join(record.body for record in video[1:]))
    assert [frame.pts for frame in frames] == [index * 3_000 for index in range(5)]


def test_sound_travels_behind_the_next_picture() -> None:
    """The audio since the last picture is in that picture's message, second, and alone in `audio`
    for a slow viewer.
    """
    stream, watcher = live_stream()
    stream.publish(video_sample(0, key=True, publish=1_000_000))
    stream.publish(sound_sample(0, publish=1_010_000))
    stream.publish(sound_sample(960, publish=1_030_000))
    before = len(watcher.messages)
    stream.publish(video_sample(3_000, publish=1_033_000))
    (message,) = watcher.messages[before:]
    video, audio = unpack_records(payload(message.frame))
    assert (video.track, audio.track) == (VIDEO, AUDIO)
    assert list(unpack_records(payload(message.audio))) == [audio]
    assert (audio.media_time, audio.publish) == (0, 1_030_000)
    assert (
        len(media.read_mp4(read_init_body(records_of(watcher.messages)[1].body)[1] + audio.body))
        == 2
    )


def test_sound_goes_alone_when_no_picture_comes() -> None:
    """40 ms after the last picture sound no longer waits for one."""
    stream, watcher = live_stream()
    stream.publish(video_sample(0, key=True, publish=1_000_000))
    before = len(watcher.messages)
    stream.publish(sound_sample(0, publish=1_000_000 + AUDIO_ALONE - 1))
    assert len(watcher.messages) == before
    stream.publish(sound_sample(960, publish=1_000_000 + AUDIO_ALONE))
    (message,) = watcher.messages[before:]
    assert kinds(records_of([message])) == [(Kind.MEDIA, AUDIO)]
    assert not message.video
    stream.publish(sound_sample(1_920, publish=1_000_000 + AUDIO_ALONE + 20_000))
    assert len(watcher.messages) == before + 2


def test_a_new_sps_brings_a_new_init_before_its_first_picture() -> None:
    """All viewers get it once, the same parameters again bring none, and the burst of the old size
    is no longer given to joiners.
    """
    stream, watcher = live_stream()
    stream.publish(video_sample(0, key=True))
    stream.publish(video_sample(3_000))
    before = len(watcher.messages)
    wide = media.video_track(96, 64)
    stream.set_track(wide, 5)
    stream.set_track(wide, 6)
    stream.set_track(opus.track_info(), 6)
    joined_between = records_of(stream.subscribe(Watcher()))
    assert kinds(joined_between) == [(Kind.INIT, VIDEO), (Kind.INIT, AUDIO)]
    stream.publish(video_sample(6_000, key=True))
    assert kinds(records_of(watcher.messages[before:])) == [(Kind.INIT, VIDEO), (Kind.MEDIA, VIDEO)]
    assert read_init_body(joined_between[0].body)[0] == wide.codec
    assert stream.tracks[Track.VIDEO] == wide
    assert kinds(records_of(stream.subscribe(Watcher()))) == [
        (Kind.INIT, VIDEO),
        (Kind.INIT, AUDIO),
        (Kind.MEDIA, VIDEO),
    ]


def test_sequences_have_no_hole_and_flags_tell() -> None:
    """Each track counts its records from 0; KEY, DISPOSABLE, CAPTURE_ESTIMATED and the first of an
    epoch are marked.
    """
    stream, watcher = live_stream()
    stream.publish(video_sample(0, key=True, epoch=1))
    stream.publish(video_sample(3_000, disposable=True, epoch=1))
    stream.publish(video_sample(6_000, key=True, epoch=2))
    stream.publish(sound_sample(3_200, epoch=2, publish=10_000_000))
    media_records = [record for record in watcher.records if record.kind is Kind.MEDIA]
    assert [(record.track, record.sequence, record.epoch) for record in media_records] == [
        (VIDEO, 0, 1),
        (VIDEO, 1, 1),
        (VIDEO, 2, 2),
        (AUDIO, 0, 2),
    ]
    assert [record.flags for record in media_records] == [
        Flag.KEY | Flag.DISCONTINUITY,
        Flag.DISPOSABLE,
        Flag.KEY | Flag.DISCONTINUITY,
        Flag.KEY | Flag.DISCONTINUITY,
    ]


def test_a_viewer_that_raises_is_dropped_without_harm(caplog: pytest.LogCaptureFixture) -> None:
    """The others get every message, before and after it; the one that raised gets no more."""

    class Broken(Watcher):
        def send(self, message: Message) -> None:
            super().send(message)
            raise RuntimeError("no")

    stream, before = live_stream()
    broken, after = Broken(), Watcher()
    stream.subscribe(broken)
    stream.subscribe(after)
    start = len(before.messages)
    with caplog.at_level(logging.CRITICAL, "relay.channel.fanout"):
        for index in range(3):
            stream.publish(video_sample(index * 3_000, key=not index))
    assert len(before.messages) - start == len(after.messages) == 3
    assert len(broken.messages) == 1
    assert stream.viewers == 2


def test_a_viewer_may_leave_while_it_is_being_sent_to() -> None:
    """Unsubscribing from within `send` costs nobody a message."""
    stream, first = live_stream()

    class Leaving(Watcher):
        def send(self, message: Message) -> None:
            super().send(message)
            stream.unsubscribe(self)

    leaving, last = Leaving(), Watcher()
    stream.subscribe(leaving)
    stream.subscribe(last)
    stream.publish(video_sample(0, key=True))
    stream.publish(video_sample(3_000))
    assert (len(leaving.messages), len(last.messages)) == (1, 2)


def test_the_burst_of_a_joining_viewer_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GOP larger than the bound is not sent to joiners, who wait for the next IDR instead."""
    monkeypatch.setattr("relay.channel.burst.BURST_MAX", 5_000)
    stream, _ = live_stream()
    stream.publish(video_sample(0, key=True, data=bytes(2_000)))
    stream.publish(video_sample(3_000, data=bytes(2_000)))
    assert [record.kind for record in records_of(stream.subscribe(Watcher()))].count(
        Kind.MEDIA
    ) == 2
    stream.publish(video_sample(6_000, data=bytes(2_000)))
    stream.publish(video_sample(9_000, data=bytes(10)))
    assert Kind.MEDIA not in [record.kind for record in records_of(stream.subscribe(Watcher()))]
    stream.publish(video_sample(12_000, key=True, data=bytes(2_000)))
    assert [record.kind for record in records_of(stream.subscribe(Watcher()))].count(
        Kind.MEDIA
    ) == 1


@pytest.mark.parametrize(("age", "asked"), [(None, True), (900_000, False), (1_100_000, True)])
def test_a_keyframe_is_asked_for_where_a_joiner_met_none_or_an_old_one(
    age: int | None, asked: bool
) -> None:
    """No IDR yet, or one older than 1 s, makes the stream ask; a fresh one does not."""
    stream, _ = live_stream()
    demands: list[Demand] = []
    stream.on_demand = demands.append
    if age is not None:
        stream.publish(video_sample(0, key=True, publish=50_000_000))
    stream.subscribe(Watcher())
    stream.joined(50_000_000 + (age or 0))
    assert demands == ([Demand(keyframe=True, viewers=2)] if asked else [])


def test_nothing_is_asked_of_a_stream_that_nobody_publishes() -> None:
    """Before the first track is announced a joining viewer makes no demand."""
    stream = Stream("room", Window(90, 1 << 20))
    demands: list[Demand] = []
    stream.on_demand = demands.append
    stream.subscribe(Watcher())
    stream.joined(0)
    assert demands == []


def test_viewers_are_counted_once_each() -> None:
    """The count is told at each change and only then; leaving twice is leaving once."""
    stream = Stream("room", Window(90, 1 << 20))
    counts: list[int] = []
    stream.on_viewers = counts.append
    first, second = Watcher(), Watcher()
    stream.subscribe(first)
    stream.subscribe(second)
    stream.unsubscribe(first)
    stream.unsubscribe(first)
    assert counts == [1, 2, 1]


def test_the_end_and_upstream_are_passed_on() -> None:
    """Every viewer hears of the end; a viewer's message reaches whoever publishes, and nobody where
    nobody does.
    """
    stream, watcher = live_stream()
    stream.upstream(b"lost")
    heard: list[bytes] = []
    stream.on_upstream = heard.append
    stream.upstream(b"heart")
    stream.end()
    assert (watcher.ended, heard) == (1, [b"heart"])


def test_the_still_is_the_latest_idr_of_the_present_parameters() -> None:
    """None before the first, and none of a picture that a decoder could not begin with any more."""
    stream, _ = live_stream()
    assert stream.still() is None
    for index in range(4):
        stream.publish(video_sample(index * 3_000, key=index % 2 == 0))
    found = stream.still()
    assert found and (found[0], found[1].dts) == (stream.tracks[Track.VIDEO], 6_000)
    stream.set_track(replace(stream.tracks[Track.VIDEO], width=320), 0)
    assert stream.still() is None


def test_the_edge_and_the_bitrate_follow_what_is_published() -> None:
    """The edge is the newest media time of either track and never goes back; the rate is that of
    the last seconds.
    """
    stream, _ = live_stream()
    for index in range(120):
        stream.publish(
            video_sample(
                index * 3_000,
                key=index % 30 == 0,
                data=bytes(4_000),
                publish=1_790_000_000_000_000 + index * 33_333,
            )
        )
    assert stream.edge == 119 * 1_000_000 // 30
    assert stream.bitrate == pytest.approx(960_000, rel=0.1)
    stream.publish(sound_sample(0, publish=1_790_000_005_000_000))
    assert stream.edge == 119 * 1_000_000 // 30


def test_an_hour_leaves_no_more_behind_than_a_minute() -> None:
    """30 pictures and 50 sounds a second for an hour, and viewers who come and go: what is held is
    bounded by the window and one GOP.
    """
    stream = Stream("room", Window(90, 64 << 20))
    stream.set_track(media.video_track(), 0)
    stream.set_track(opus.track_info(), 0)
    held, burst = set(), 0
    for second in range(3_600):
        start = 1_790_000_000_000_000 + second * 1_000_000
        for frame in range(30):
            tick = second * 30 + frame
            publish = start + frame * 33_333
            stream.publish(
                video_sample(tick * 3_000, key=tick % 60 == 0, data=b"12345678", publish=publish)
            )
            stream.publish(sound_sample(tick * 1_600, data=b"1234", publish=publish))
        guest = Quiet()
        burst = max(burst, len(stream.subscribe(guest)))
        stream.unsubscribe(guest)
        if second > 100:
            held.add(len(stream.window))
    assert max(held) - min(held) <= 2
    assert burst <= 2 + 60
    assert stream.viewers == 0 and len(stream._sounds) <= 1


class Quiet:
    """A viewer that keeps nothing."""

    def send(self, message: Message) -> None: ...

    def end(self) -> None: ...


def test_a_late_loop_gets_batches_that_lose_nothing() -> None:
    """While batches are wanted a viewer gets the same records in fewer messages; a keyframe begins
    a batch, an event ends one, a joiner gets nothing twice.
    """
    pulse = Pulse()
    stream = Stream("room", Window(90, 1 << 24), pulse=pulse)
    stream.set_track(opus.track_info(), 0)
    viewer, late = Watcher(), Watcher()
    stream.subscribe(viewer)
    stream.publish(video_sample(0, key=True))
    pulse.batch = 3
    for number in range(1, 5):
        stream.publish(video_sample(number * 3_000))
    assert [message.pictures for message in viewer.messages] == [1, 3]
    first = stream.subscribe(late)
    assert sum(message.pictures for message in first) == 5 and [
        message.pictures for message in viewer.messages
    ] == [1, 3, 1]
    stream.publish(video_sample(5 * 3_000))
    stream.publish(video_sample(6 * 3_000, key=True))
    assert [(message.pictures, message.key) for message in viewer.messages[3:]] == [(1, False)]
    stream.publish_event(Event(0, b"{}"))
    assert [(message.pictures, message.key, message.vital) for message in viewer.messages[4:]] == [
        (1, True, False),
        (0, False, True),
    ]
    pulse.batch = 1
    stream.publish(video_sample(7 * 3_000))
    sequences = [
        record.sequence
        for record in viewer.records
        if record.track == Track.VIDEO and record.kind is Kind.MEDIA
    ]
    assert sequences == list(range(8))
    assert [record.sequence for record in late.records if record.track == Track.VIDEO] == [5, 6, 7]


class Exit:
    """A reader of samples that serves two viewers; it may break."""

    viewers = 2

    def __init__(self, *, broken: bool = False) -> None:
        self.got: list[object] = []
        self._broken = broken

    def receive_track(self, info: TrackInfo) -> None:
        self._take(info)

    def receive_sample(self, sample: Sample) -> None:
        self._take(sample)

    def end(self) -> None:
        self._take("end")

    def _take(self, what: object) -> None:
        if self._broken:
            raise RuntimeError("broken")
        self.got.append(what)


def test_a_reader_gets_samples_as_they_are_and_one_that_breaks_harms_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Each in the call in which it is published, before the batches of viewers; what a reader
    serves counts as viewers.
    """
    stream, watcher = live_stream()
    good, bad = Exit(), Exit(broken=True)
    stream.add_reader(bad)
    stream.add_reader(good)
    assert stream.viewers == 5
    samples = [video_sample(0, key=True), sound_sample(0), video_sample(3_000)]
    with caplog.at_level(logging.CRITICAL, "relay.stream.stream"):
        stream.set_track(media.video_track(128, 96), 0)
        for sample in samples:
            stream.publish(sample)
        stream.end()
    assert good.got == [media.video_track(128, 96), *samples, "end"]
    assert (
        len([record for record in watcher.records if record.kind is Kind.MEDIA]) == 3
        and watcher.ended == 1
    )
    stream.remove_reader(good)
    stream.remove_reader(bad)
    assert stream.viewers == 1


def test_who_wants_no_media_gets_events_inits_and_a_clock() -> None:
    """Once a second the header of a picture without its body; and it is no viewer."""
    stream, _ = live_stream()
    onlooker = Watcher()
    assert kinds(records_of(stream.subscribe(onlooker, media=False))) == [
        (Kind.INIT, Track.VIDEO),
        (Kind.INIT, Track.AUDIO),
    ]
    for number in range(61):
        stream.publish(video_sample(3_000 * number, key=number == 0))
    stream.publish_event(Event(7, b"{}"))
    clocks = [record for record in onlooker.records if record.kind is Kind.MEDIA]
    assert [(record.media_time, record.body) for record in clocks] == [
        (0, b""),
        (1_000_000, b""),
        (2_000_000, b""),
    ]
    assert onlooker.records[-1].kind is Kind.EVENT and stream.viewers == 1
    stream.end()
    assert onlooker.ended == 1
    stream.unsubscribe(onlooker)
    stream.publish_event(Event(8, b"{}"))
    assert onlooker.records[-1].body == b"{}" and onlooker.records[-1].media_time == 7


def test_reports_go_up_with_the_viewers_number_until_it_leaves() -> None:
    """What a viewer says of how it plays is passed on unread; each viewer has a number of its own
    that does not come again.
    """
    stream = Stream("room", Window(1, 1_000))
    heard: list[tuple[int, object]] = []
    left: list[int] = []
    first, second = Watcher(), Watcher()
    stream.subscribe(first)
    stream.report(first, {"lost": True})  # nobody listens yet
    stream.on_report = lambda number, report: heard.append((number, report))
    stream.on_left = left.append
    stream.subscribe(second)
    stream.report(second, {"player": 5})
    stream.report(first, {})
    stream.unsubscribe(first)
    stream.unsubscribe(first)
    stream.report(first, {"late": 1})
    stream.subscribe(first)
    stream.report(first, {})
    assert heard == [(2, {"player": 5}), (1, {}), (3, {})]
    assert left == [1]
