"""A channel: the messages of each viewer, their order, and viewers that do not affect others."""

import logging

import pytest

from relay.channel.channel import Channel, ChannelState
from relay.channel.event_log import HISTORY_EVENTS, MAX_KEYS, STATES_BYTES
from relay.channel.event_queue import EVENT_MAX, EVENTS_WITHIN, PENDING_MAX
from relay.channel.message import Message
from relay.channel.owner import Notice
from relay.channel.pulse import Pulse
from relay.channel.slot_reader import AUDIO_ALONE
from relay.errors import MessageError, Refusal, RefusalCode
from relay.media import h264, opus
from relay.message import Flag, Kind, Record, read_init_body, unpack_records
from relay.sample import Demand, Track, TrackInfo
from tests.fixtures import media
from tests.fixtures.channel import (
    Owner,
    Publisher,
    Timers,
    Watcher,
    make_channel,
    make_stream,
    payload,
    records_of,
)
from tests.fixtures.media import sound_sample, video_sample


def live_channel() -> tuple[Channel, Watcher]:
    """A channel with both tracks and one viewer that has been there from the beginning."""
    channel = make_channel(timers=Timers())
    watcher = Watcher()
    assert channel.subscribe(watcher) == []
    channel.stream.set_track(media.video_track(), 0)
    channel.stream.set_track(opus.track_info(), 0)
    return channel, watcher


def kinds(records: list[Record]) -> list[tuple[Kind, int]]:
    return [(record.kind, record.track) for record in records]


VIDEO, AUDIO = int(Track.VIDEO), int(Track.AUDIO)


def test_a_joining_viewer_gets_what_it_needs_in_order() -> None:
    """It gets the retained state, an init of each track, and everything since the last IDR, but
    nothing older.
    """
    channel, _ = live_channel()
    channel.post(b"{1}", key="room")
    channel.post(b"{2}", key="room")
    for index in range(7):
        channel.stream.publish(video_sample(index * 3_000, key=index in (0, 4)))
        channel.stream.publish(sound_sample(index * 1_600))
    late = Watcher()
    got = records_of(channel.subscribe(late))
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
    channel.stream.publish(video_sample(7 * 3_000))
    assert late.records[0].sequence == 7


def test_inits_can_be_decoded() -> None:
    """FFmpeg decodes the segment of an init record with the fragments behind it. The codec string
    is that of the SPS.
    """
    channel, watcher = live_channel()
    for index, unit in enumerate(map(h264.access_unit, media.access_units(count=5))):
        channel.stream.publish(video_sample(index * 3_000, key=unit.key, data=unit.data))
    video = [record for record in watcher.records if record.track == VIDEO]
    codec, segment = read_init_body(video[0].body)
    assert codec == media.video_track().codec
    frames = media.decode_pictures(segment + b"".join(record.body for record in video[1:]))
    assert [frame.pts for frame in frames] == [index * 3_000 for index in range(5)]


def test_audio_travels_behind_the_next_frame() -> None:
    """The message of a frame has the frame, then the audio since the frame before. A slow viewer
    gets only that audio (`no_video`).
    """
    channel, watcher = live_channel()
    channel.stream.publish(video_sample(0, key=True, publish=1_000_000))
    channel.stream.publish(sound_sample(0, publish=1_010_000))
    channel.stream.publish(sound_sample(960, publish=1_030_000))
    before = len(watcher.messages)
    channel.stream.publish(video_sample(3_000, publish=1_033_000))
    (message,) = watcher.messages[before:]
    video, audio = unpack_records(payload(message.frame))
    assert (video.track, audio.track) == (VIDEO, AUDIO)
    assert list(unpack_records(payload(message.no_video))) == [audio]
    assert (audio.media_time, audio.publish) == (0, 1_030_000)
    assert (
        len(media.read_mp4(read_init_body(records_of(watcher.messages)[1].body)[1] + audio.body))
        == 2
    )


def test_audio_goes_alone_when_no_frame_comes() -> None:
    """Audio waits for a frame at most until 40 ms after the last frame."""
    channel, watcher = live_channel()
    channel.stream.publish(video_sample(0, key=True, publish=1_000_000))
    before = len(watcher.messages)
    channel.stream.publish(sound_sample(0, publish=1_000_000 + AUDIO_ALONE - 1))
    assert len(watcher.messages) == before
    channel.stream.publish(sound_sample(960, publish=1_000_000 + AUDIO_ALONE))
    (message,) = watcher.messages[before:]
    assert kinds(records_of([message])) == [(Kind.MEDIA, AUDIO)]
    assert not message.video
    channel.stream.publish(sound_sample(1_920, publish=1_000_000 + AUDIO_ALONE + 20_000))
    assert len(watcher.messages) == before + 2


def test_a_new_sps_brings_a_new_init_before_its_first_frame() -> None:
    """All viewers get it once. The same parameters bring no second init. Joining viewers no longer
    get the burst of the old size.
    """
    channel, watcher = live_channel()
    channel.stream.publish(video_sample(0, key=True))
    channel.stream.publish(video_sample(3_000))
    before = len(watcher.messages)
    wide = media.video_track(96, 64)
    channel.stream.set_track(wide, 5)
    channel.stream.set_track(wide, 6)
    channel.stream.set_track(opus.track_info(), 6)
    joined_between = records_of(channel.subscribe(Watcher()))
    assert kinds(joined_between) == [(Kind.INIT, VIDEO), (Kind.INIT, AUDIO)]
    channel.stream.publish(video_sample(6_000, key=True))
    assert kinds(records_of(watcher.messages[before:])) == [(Kind.INIT, VIDEO), (Kind.MEDIA, VIDEO)]
    assert read_init_body(joined_between[0].body)[0] == wide.codec
    assert channel.stream.tracks[Track.VIDEO] == wide
    assert kinds(records_of(channel.subscribe(Watcher()))) == [
        (Kind.INIT, VIDEO),
        (Kind.INIT, AUDIO),
        (Kind.MEDIA, VIDEO),
    ]


def test_sequences_have_no_hole_and_flags_tell() -> None:
    """Each track counts its records from 0. Flags mark KEY, DISPOSABLE, CAPTURE_ESTIMATED and the
    first record of an epoch.
    """
    channel, watcher = live_channel()
    channel.stream.publish(video_sample(0, key=True, epoch=1))
    channel.stream.publish(video_sample(3_000, disposable=True, epoch=1))
    channel.stream.publish(video_sample(6_000, key=True, epoch=2))
    channel.stream.publish(sound_sample(3_200, epoch=2, publish=10_000_000))
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
    """The other viewers get every message. The viewer that raised gets no more messages."""

    class Broken(Watcher):
        def send(self, message: Message) -> None:
            super().send(message)
            raise RuntimeError("no")

    channel, before = live_channel()
    broken, after = Broken(), Watcher()
    channel.subscribe(broken)
    channel.subscribe(after)
    start = len(before.messages)
    with caplog.at_level(logging.CRITICAL, "relay.channel.fanout"):
        for index in range(3):
            channel.stream.publish(video_sample(index * 3_000, key=not index))
    assert len(before.messages) - start == len(after.messages) == 3
    assert len(broken.messages) == 1 and broken.closed == [RefusalCode.INTERNAL_ERROR]
    assert channel.viewers == 2


def test_a_viewer_that_raises_at_a_track_is_dropped_and_closed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """This holds even if its `close` raises too. The other viewers get the track."""

    class Broken(Watcher):
        def receive_track(self, info: TrackInfo) -> None:
            raise RuntimeError("no")

        def close(self, code: RefusalCode, text: str) -> None:
            super().close(code, text)
            raise RuntimeError("no")

    channel, broken, after = make_channel(), Broken(), Watcher()
    channel.subscribe(broken)
    channel.subscribe(after)
    with caplog.at_level(logging.CRITICAL, "relay.channel.channel"):
        channel.stream.set_track(opus.track_info(), 0)
    assert broken.closed == [RefusalCode.INTERNAL_ERROR] and not broken.messages
    assert len(after.tracks) == len(after.messages) == 1 and channel.members == 1


def test_a_viewer_that_raises_at_the_end_keeps_no_other_from_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(Watcher):
        def close(self, code: RefusalCode, text: str) -> None:
            raise RuntimeError("no")

    owner = Owner()
    channel, broken, after = make_channel(owner), Broken(), Watcher()
    channel.subscribe(broken)
    channel.subscribe(after)
    with caplog.at_level(logging.CRITICAL, "relay.channel.channel"):
        channel.end()
    assert after.closed == [RefusalCode.ROOM_ENDED] and owner.left == [1]


def test_a_viewer_may_leave_while_it_is_being_sent_to() -> None:
    """No viewer loses a message if a viewer unsubscribes within `send`."""
    channel, first = live_channel()

    class Leaving(Watcher):
        def send(self, message: Message) -> None:
            super().send(message)
            channel.unsubscribe(self)

    leaving, last = Leaving(), Watcher()
    channel.subscribe(leaving)
    channel.subscribe(last)
    channel.stream.publish(video_sample(0, key=True))
    channel.stream.publish(video_sample(3_000))
    assert (len(leaving.messages), len(last.messages)) == (1, 2)


def test_the_burst_of_a_joining_viewer_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a GOP exceeds the limit, joining viewers do not get it, and wait for the next IDR."""
    monkeypatch.setattr("relay.channel.burst.BURST_MAX", 6_000)
    channel, _ = live_channel()
    channel.stream.publish(video_sample(0, key=True, data=bytes(2_000)))
    channel.stream.publish(video_sample(3_000, data=bytes(2_000)))
    assert [record.kind for record in records_of(channel.subscribe(Watcher()))].count(
        Kind.MEDIA
    ) == 2
    channel.stream.publish(video_sample(6_000, data=bytes(2_000)))
    channel.stream.publish(video_sample(9_000, data=bytes(10)))
    assert Kind.MEDIA not in [record.kind for record in records_of(channel.subscribe(Watcher()))]
    channel.stream.publish(video_sample(12_000, key=True, data=bytes(2_000)))
    assert [record.kind for record in records_of(channel.subscribe(Watcher()))].count(
        Kind.MEDIA
    ) == 1


@pytest.mark.parametrize(("age", "asked"), [(None, True), (900_000, False), (1_100_000, True)])
def test_a_keyframe_is_asked_for_where_a_joiner_met_none_or_an_old_one(
    age: int | None, asked: bool
) -> None:
    """The channel asks if there is no IDR yet, or if the last one is older than 1 s."""
    channel, _ = live_channel()
    publisher = Publisher()
    channel.stream.attach(publisher)
    if age is not None:
        channel.stream.publish(video_sample(0, key=True, publish=50_000_000))
    channel.subscribe(Watcher())
    channel.demand_fresh_keyframes(50_000_000 + (age or 0))
    assert publisher.demands == ([Demand(keyframe=True)] if asked else [])


def test_nothing_is_asked_of_a_stream_without_tracks() -> None:
    """A viewer that joins before the first track is announced makes no demand."""
    channel, publisher = make_channel(), Publisher()
    channel.stream.attach(publisher)
    channel.subscribe(Watcher())
    channel.demand_fresh_keyframes(0)
    assert publisher.demands == []


def test_viewers_are_counted_once_each() -> None:
    """The owner gets the count at each change and only then. A viewer that leaves twice counts
    once.
    """
    owner = Owner()
    channel = make_channel(owner)
    first, second = Watcher(), Watcher()
    channel.subscribe(first)
    channel.subscribe(second)
    channel.unsubscribe(first)
    channel.unsubscribe(first)
    assert owner.viewers == [1, 2, 1] and owner.left == [1]


def test_viewers_of_other_outputs_count_too() -> None:
    class Output:
        viewers = 2
        ranked_viewers = 1

    owner, output = Owner(), Output()
    channel = make_channel(owner)
    channel.subscribe(Watcher())
    channel.add_output(output)
    output.viewers = 5
    channel.viewers_changed()
    assert channel.ranked_viewers == 2
    channel.remove_output(output)
    channel.remove_output(output)
    assert owner.viewers == [1, 3, 6, 1] and channel.direct_viewers == 1


def test_the_end_ends_viewers_and_streams() -> None:
    """Each viewer is ended once, the streams end, and the owner gets no more calls."""
    owner = Owner()
    channel = make_channel(owner)
    with_media, without = Watcher(), Watcher()
    channel.subscribe(with_media)
    channel.subscribe(without, media=False)
    told = list(owner.viewers)
    channel.end()
    channel.end()
    channel.unsubscribe(with_media)
    assert with_media.closed == without.closed == [RefusalCode.ROOM_ENDED]
    assert (owner.viewers, owner.left) == (told, [])
    assert not list(channel.slots)


@pytest.mark.parametrize("ended", [True, False])
def test_a_channel_that_is_not_open_takes_no_viewers_and_no_events(ended: bool) -> None:
    """Its room has ended, or its server is closing. The first of these reasons is kept."""
    timers = Timers()
    channel = make_channel(timers=timers)
    before, late = Watcher(), Watcher()
    channel.subscribe(before)
    if ended:
        channel.end()
    channel.close()
    assert channel.state is (ChannelState.ENDED if ended else ChannelState.CLOSED)
    with pytest.raises(Refusal) as refused:
        channel.subscribe(late)
    code = RefusalCode.ROOM_ENDED if ended else RefusalCode.SERVER_CLOSING
    assert (refused.value.status, refused.value.code) == (410 if ended else 503, code)
    channel.post(b"late")
    assert not timers.calls and not before.messages and channel.members == 1


class Quiet(Watcher):
    """A viewer that discards its messages."""

    def send(self, message: Message) -> None: ...


def test_an_hour_leaves_no_more_behind_than_a_minute() -> None:
    """For an hour there are 30 frames, 50 sounds and an event a second, and viewers who come and
    go. The memory is bounded by the window, one GOP and the history.
    """
    channel = make_channel()
    stream = channel.stream
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
        channel.post(b"{}")
        guest = Quiet()
        burst = max(burst, len(channel.subscribe(guest)))
        channel.unsubscribe(guest)
        if second > 100:
            held.add(len(stream.window))
    assert max(held) - min(held) <= 2
    assert burst <= 3 + 60
    assert channel.viewers == 0 and channel.members == 0
    (events, *_) = channel.subscribe(guest)
    assert len(events.events) == HISTORY_EVENTS


def test_a_late_loop_gets_batches_that_lose_nothing() -> None:
    """In batches, a viewer gets the same records in fewer messages. A keyframe begins a batch. A
    joining viewer gets nothing twice.
    """
    pulse = Pulse()
    channel = make_channel(pulse=pulse)
    stream = channel.stream
    stream.set_track(opus.track_info(), 0)
    viewer, late = Watcher(), Watcher()
    channel.subscribe(viewer)
    stream.publish(video_sample(0, key=True))
    pulse.batch = 3
    for number in range(1, 5):
        stream.publish(video_sample(number * 3_000))
    assert [message.video_frames for message in viewer.messages] == [1, 3]
    first = channel.subscribe(late)
    assert sum(message.video_frames for message in first) == 5 and [
        message.video_frames for message in viewer.messages
    ] == [1, 3, 1]
    stream.publish(video_sample(5 * 3_000))
    stream.publish(video_sample(6 * 3_000, key=True))
    assert [(message.video_frames, message.key) for message in viewer.messages[3:]] == [(1, False)]
    stream.set_track(media.video_track(), 0)
    assert [
        (message.video_frames, message.key, message.vital) for message in viewer.messages[4:]
    ] == [
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
    assert [
        record.sequence
        for record in late.records
        if record.track == Track.VIDEO and record.kind is Kind.MEDIA
    ] == [5, 6, 7]


def test_a_viewer_without_media_gets_events_inits_and_a_clock() -> None:
    """Once a second it gets the header of a frame without the body. It is not counted."""
    timers = Timers()
    channel = make_channel(timers=timers)
    stream = channel.stream
    channel.subscribe(Watcher())
    stream.set_track(media.video_track(), 0)
    stream.set_track(opus.track_info(), 0)
    onlooker = Watcher()
    assert kinds(records_of(channel.subscribe(onlooker, media=False))) == [
        (Kind.INIT, Track.VIDEO),
        (Kind.INIT, Track.AUDIO),
    ]
    for number in range(61):
        stream.publish(video_sample(3_000 * number, key=number == 0))
    channel.post(b"{}")
    timers.go_off()
    clocks = [record for record in onlooker.records if record.kind is Kind.MEDIA]
    assert [(record.media_time, record.body) for record in clocks] == [
        (0, b""),
        (1_000_000, b""),
        (2_000_000, b""),
    ]
    assert onlooker.records[-1].kind is Kind.EVENT and channel.viewers == 1
    got = len(onlooker.records)
    channel.unsubscribe(onlooker)
    channel.post(b"{}")
    timers.go_off()
    assert len(onlooker.records) == got


# Upstream


def test_reports_go_up_with_the_viewers_number_until_it_leaves() -> None:
    """A report is passed on unread. Each viewer has its own number, which is not used again."""
    owner = Owner()
    channel = make_channel(owner)
    first, second = Watcher(), Watcher()
    channel.subscribe(first)
    channel.subscribe(second)
    channel.receive_report(second, {"player": 5}, 0)
    channel.receive_report(first, {}, 0)
    channel.unsubscribe(first)
    channel.unsubscribe(first)
    channel.receive_report(first, {"late": 1}, 0)
    channel.subscribe(first)
    channel.receive_report(first, {}, 0)
    assert owner.reports == [(2, {"player": 5}), (1, {}), (3, {})]
    assert owner.left == [1]


def test_a_joining_viewer_is_announced_with_its_person() -> None:
    """The number is the same as in its reports and at its end."""
    owner = Owner()
    channel = make_channel(owner)
    viewer, onlooker = Watcher(), Watcher()
    channel.subscribe(viewer, person="p-7")
    channel.subscribe(onlooker, media=False)
    channel.unsubscribe(viewer)
    assert owner.joined == [(1, "p-7", True), (2, None, False)] and owner.left == [1]


def test_a_person_is_closed_on_every_connection() -> None:
    """Other people stay. An error at one connection keeps none of the person's others open."""

    class Broken(Watcher):
        def close(self, code: RefusalCode, text: str) -> None:
            raise RuntimeError("defect")

    channel = make_channel()
    first, broken, second, other, nameless = (
        Watcher(),
        Broken(),
        Watcher(),
        Watcher(),
        Watcher(),
    )
    channel.subscribe(first, person="p-7")
    channel.subscribe(broken, person="p-7")
    channel.subscribe(second, person="p-7", media=False)
    channel.subscribe(other, person="p-8")
    channel.subscribe(nameless)
    assert channel.close_person("p-7", RefusalCode.BANNED, "banned") == 3
    assert first.closed == second.closed == [RefusalCode.BANNED]
    assert other.closed == nameless.closed == []
    assert channel.close_person("p-9", RefusalCode.BANNED, "banned") == 0


def test_a_notice_goes_up_with_its_person_and_where_the_viewer_stands() -> None:
    """The position is the media time of the last report; before the first report, the live edge."""
    owner = Owner()
    channel = make_channel(owner)
    viewer, nameless = Watcher(), Watcher()
    channel.subscribe(viewer, person="p-7")
    channel.subscribe(nameless, media=False)
    channel.stream.publish(video_sample(90_000, key=True))
    chat = {"type": "chat", "text": "hi"}
    channel.receive_notice(viewer, chat)
    channel.receive_report(viewer, {}, 700_000)
    channel.receive_notice(viewer, chat)
    channel.receive_notice(nameless, chat)
    channel.receive_notice(Watcher(), chat)
    assert owner.notices == [
        Notice(1, "p-7", 1_000_000, chat),
        Notice(1, "p-7", 700_000, chat),
        Notice(2, None, 1_000_000, chat),
    ]


def test_only_the_owner_says_that_it_does_not_know_a_notice(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A MessageError of the owner reaches the viewer. A defect of the owner is logged and affects
    no viewer.
    """

    class Broken(Owner):
        def receive_report(self, viewer: int, report: object) -> None:
            raise KeyError("defect")

        def receive_notice(self, notice: Notice) -> None:
            raise MessageError("unknown") if notice.body["type"] == "dance" else KeyError("defect")

    channel, viewer = make_channel(Broken()), Watcher()
    channel.subscribe(viewer)
    with caplog.at_level(logging.ERROR, "relay.channel.channel"):
        channel.receive_report(viewer, {}, 0)
        channel.receive_notice(viewer, {"type": "chat"})
    assert len(caplog.records) == 2
    with pytest.raises(MessageError):
        channel.receive_notice(viewer, {"type": "dance"})


# Events


def events_of(messages: list[Message]) -> list[bytes]:
    return [record.body for record in records_of(messages) if record.kind is Kind.EVENT]


def test_events_travel_behind_the_next_media_message() -> None:
    """They have no message of their own. They keep their order and have a number and a media time.
    A slow viewer gets them with the sound, a viewer without media gets them alone.
    """
    timers = Timers()
    channel = make_channel(timers=timers)
    viewer, onlooker = Watcher(), Watcher()
    channel.subscribe(viewer)
    channel.subscribe(onlooker, media=False)
    stream = channel.stream
    stream.publish(video_sample(90_000, key=True))
    onlooker.messages.clear()
    channel.post(b"{1}")
    channel.post(b"{2}")
    assert len(viewer.messages) == 1 and [timer.seconds for timer in timers.calls] == [
        EVENTS_WITHIN
    ]
    stream.publish(sound_sample(48_000))
    stream.publish(video_sample(93_000))
    assert len(viewer.messages) == 2 and not timers.calls
    message = viewer.messages[1]
    video, audio, one, two = unpack_records(payload(message.frame))
    assert (video.track, audio.track) == (VIDEO, AUDIO)
    assert [(one.kind, one.sequence, one.media_time, one.body, one.track)] == [
        (Kind.EVENT, 1, 1_000_000, b"{1}", 255)
    ]
    assert two.body == b"{2}" and two.sequence == 2
    assert list(unpack_records(payload(message.no_video))) == [audio, one, two]
    assert records_of(onlooker.messages) == [one, two]
    stream.publish(video_sample(96_000))
    assert events_of(viewer.messages[2:]) == []


def test_events_go_alone_when_no_media_message_comes() -> None:
    """They go after 100 ms, with one timer for all events that wait. If a video message has no
    sound, a slow viewer gets the events alone.
    """
    timers = Timers()
    channel = make_channel(timers=timers)
    viewer, onlooker = Watcher(), Watcher()
    channel.subscribe(viewer)
    channel.subscribe(onlooker, media=False)
    for number in range(3):
        channel.post(b"%d" % number)
    assert len(timers.calls) == 1 and not viewer.messages
    timers.go_off()
    assert len(viewer.messages) == len(onlooker.messages) == 1 and not timers.calls
    assert events_of(viewer.messages) == events_of(onlooker.messages) == [b"0", b"1", b"2"]
    channel.post(b"3")
    channel.stream.publish(video_sample(0, key=True))
    (event,) = unpack_records(payload(viewer.messages[1].no_video))
    assert event.body == b"3"


def test_without_viewers_nothing_waits() -> None:
    timers = Timers()
    channel = make_channel(timers=timers)
    channel.post(b"{}", key="room")
    assert not timers.calls
    assert events_of(channel.subscribe(Watcher())) == [b"{}"]


def test_a_joining_viewer_gets_each_event_once() -> None:
    """Events sent before it joined are in the history. Events that wait come with the next message.
    The burst repeats none.
    """
    timers = Timers()
    channel = make_channel(timers=timers)
    channel.subscribe(Watcher())
    channel.stream.set_track(media.video_track(), 0)
    channel.post(b"with the keyframe")
    channel.stream.publish(video_sample(0, key=True))
    channel.post(b"waits")
    late, onlooker = Watcher(), Watcher()
    first = channel.subscribe(late)
    aside = channel.subscribe(onlooker, media=False)
    assert events_of(first) == events_of(aside) == [b"with the keyframe"]
    channel.stream.publish(video_sample(3_000))
    assert events_of(late.messages) == events_of(onlooker.messages) == [b"waits"]


def test_a_late_loop_keeps_the_order_of_events_and_doubles_none() -> None:
    """Events go with the message that sends a batch, once to each viewer. This includes a viewer
    that joins while a batch waits, and two slots with batches.
    """
    pulse, timers = Pulse(), Timers()
    channel = make_channel(pulse=pulse, timers=timers)
    guest = make_stream("guest")
    channel.add_stream(1, guest)
    viewer, onlooker = Watcher(), Watcher()
    channel.subscribe(viewer)
    channel.subscribe(onlooker, media=False)
    pulse.batch = 3
    for number in range(4):
        channel.post(b"%d" % number)
        channel.stream.publish(video_sample(number * 3_000, key=number == 0))
        guest.publish(video_sample(number * 3_000, key=number == 0))
    late = Watcher()
    first = channel.subscribe(late)
    channel.post(b"4")
    timers.go_off()
    expected = [b"%d" % number for number in range(5)]
    assert events_of(viewer.messages) == events_of(onlooker.messages) == expected
    assert events_of([*first, *late.messages]) == expected
    assert [record.sequence for record in viewer.records if record.slot == 1] == list(range(4))


def test_states_and_history_for_a_joining_viewer() -> None:
    """It gets the latest state of each key that was not forgotten, and the last events. Earlier
    states of a key are left out, and so are events without history.
    """
    channel = make_channel()
    channel.post(b"idle", key="room")
    channel.post(b"hello")
    channel.post(b"live", key="room")
    channel.post(b"pin", key="pinned")
    channel.post(b"two viewers", key="room", history=False)
    channel.post(b"bye")
    channel.post(b"gone", history=False)
    channel.forget("pinned")
    channel.forget("never set")
    assert events_of(channel.subscribe(Watcher())) == [b"hello", b"two viewers", b"bye"]
    assert events_of(channel.subscribe(Watcher(), after=5)) == [b"bye"]


def test_a_key_that_is_forgotten_before_its_state_was_sent() -> None:
    timers = Timers()
    channel = make_channel(timers=timers)
    viewer = Watcher()
    channel.subscribe(viewer)
    channel.post(b"pin", key="pinned")
    channel.forget("pinned")
    timers.go_off()
    assert events_of(viewer.messages) == [b"pin"]
    assert channel.subscribe(Watcher()) == []


def test_events_are_bounded() -> None:
    """An event that is too large is refused. Many events are sent before they are too many."""
    timers = Timers()
    channel = make_channel(timers=timers)
    viewer = Watcher()
    channel.subscribe(viewer)
    with pytest.raises(ValueError, match="bytes"):
        channel.post(bytes(EVENT_MAX + 1))
    for _ in range(3):
        channel.post(bytes(PENDING_MAX // 3))
    assert len(viewer.messages) == 1


def test_a_post_past_the_bounds_of_states_loses_nothing() -> None:
    """States that wait count towards the limits. A refused post loses no event and no frame."""
    timers = Timers()
    channel = make_channel(timers=timers)
    viewer = Watcher()
    channel.subscribe(viewer)
    for number in range(MAX_KEYS):
        channel.post(b"%d" % number, key=str(number))
    with pytest.raises(ValueError, match="keys"):
        channel.post(b"one more", key="one more")
    with pytest.raises(ValueError, match="states"):
        for number in range(STATES_BYTES // EVENT_MAX + 1):
            channel.post(bytes(EVENT_MAX), key=str(number))
            viewer.messages.clear()
    channel.post(b"after", key="31")
    channel.stream.publish(video_sample(0, key=True))
    assert len(viewer.messages) == 1 and events_of(viewer.messages)[-1] == b"after"
    assert len(events_of(channel.subscribe(Watcher()))) == MAX_KEYS


def test_an_event_that_waits_replaces_no_newer_state() -> None:
    """This holds even if the last viewer has left before the event was sent."""
    timers = Timers()
    channel = make_channel(timers=timers)
    viewer = Watcher()
    channel.subscribe(viewer)
    channel.post(b"old", key="room")
    channel.unsubscribe(viewer)
    channel.post(b"new", key="room")
    timers.go_off()
    assert events_of(channel.subscribe(Watcher())) == [b"new"]


def test_events_go_behind_a_message_that_is_held_back() -> None:
    """In an overload, the timer sends the batch and the events in one message."""
    pulse, timers = Pulse(), Timers()
    channel = make_channel(pulse=pulse, timers=timers)
    viewer = Watcher()
    channel.subscribe(viewer)
    pulse.batch = 3
    channel.stream.publish(video_sample(0, key=True))
    channel.stream.publish(video_sample(3_000))
    channel.post(b"1")
    timers.go_off()
    (message,) = viewer.messages
    assert message.video_frames == 2 and events_of([message]) == [b"1"]
    channel.stream.publish(video_sample(6_000))
    channel.post(b"2")
    timers.go_off()
    assert len(viewer.messages) == 2 and events_of(viewer.messages) == [b"1", b"2"]


def test_the_end_brings_the_last_events() -> None:
    timers = Timers()
    channel = make_channel(timers=timers)
    viewer = Watcher()
    channel.subscribe(viewer)
    channel.post(b"ended")
    channel.end()
    assert (
        events_of(viewer.messages) == [b"ended"]
        and not timers.calls
        and viewer.closed == [RefusalCode.ROOM_ENDED]
    )


def test_a_channel_that_is_closed_leaves_no_timer() -> None:
    timers = Timers()
    channel = make_channel(timers=timers)
    channel.subscribe(Watcher())
    channel.post(b"waits")
    channel.close()
    assert not timers.calls


# Several streams


def test_two_slots_share_a_viewer() -> None:
    """A joining viewer gets inits and bursts of both slots, records name their slot, and both
    streams are asked for keyframes. Removing a slot, or the end of its stream, does not affect the
    other slot.
    """
    channel, guest = make_channel(), make_stream("guest")
    host_publisher, guest_publisher = Publisher(), Publisher()
    channel.stream.attach(host_publisher)
    guest.attach(guest_publisher)
    early = Watcher()
    channel.subscribe(early)
    channel.stream.set_track(media.video_track(), 0)
    guest.set_track(media.video_track(96, 64), 0)
    channel.add_stream(1, guest)
    assert guest_publisher.demands == [Demand(keyframe=True)]
    with pytest.raises(ValueError, match="taken"):
        channel.add_stream(1, guest)
    channel.stream.publish(video_sample(0, key=True))
    guest.publish(video_sample(0, key=True))
    guest.publish(video_sample(3_000))
    viewer = Watcher()
    first = records_of(channel.subscribe(viewer))
    assert [(record.kind, record.slot) for record in first] == [
        (Kind.INIT, 0),
        (Kind.INIT, 1),
        (Kind.MEDIA, 0),
        (Kind.MEDIA, 1),
        (Kind.MEDIA, 1),
    ]
    assert [record.sequence for record in early.records if record.slot == 1] == [0, 0, 1]
    channel.demand_keyframes()
    assert len(host_publisher.demands) == 1 and len(guest_publisher.demands) == 2
    guest.end()
    guest.publish(video_sample(6_000))
    assert not viewer.messages and [slot for slot, _ in channel.slots] == [0]
    channel.remove_stream(1)
    channel.stream.publish(video_sample(3_000))
    assert [record.slot for record in viewer.records] == [0]
