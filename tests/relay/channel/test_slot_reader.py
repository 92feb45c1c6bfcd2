"""The messages that one stream gives a channel."""

from relay.channel.message import Message
from relay.channel.slot_reader import AUDIO_ALONE, CLOCK_EVERY, SlotReader
from relay.media import opus
from relay.message import Flag, Kind, Record, unpack_records
from relay.sample import Track, TrackInfo
from relay.stream.stream import Stream
from tests.fixtures import media
from tests.fixtures.channel import make_stream, payloads, records_of
from tests.fixtures.media import sound_sample, video_sample

FRAME, PACKET = 3_000, 960


class Sink:
    """Records the messages of one slot."""

    def __init__(self) -> None:
        self.watched = True
        self.wants_clock = False
        self.inits: list[tuple[TrackInfo, Message]] = []
        self.messages: list[Message] = []
        self.ended = 0

    def receive_init(self, slot: SlotReader, info: TrackInfo, message: Message) -> None:
        self.inits.append((info, message))

    def receive_message(self, slot: SlotReader, message: Message) -> None:
        self.messages.append(message)

    def receive_end(self, slot: SlotReader) -> None:
        self.ended += 1

    @property
    def records(self) -> list[Record]:
        return records_of(self.messages)


def make_reader(number: int = 0) -> tuple[Stream, Sink, SlotReader]:
    """A reader of a stream with both tracks."""
    stream, sink = make_stream(), Sink()
    stream.set_track(media.video_track(), 0)
    reader = SlotReader(number, stream, sink)
    stream.add_reader(reader)
    stream.set_track(opus.track_info(), 0)
    return stream, sink, reader


def test_tracks_from_before_and_after() -> None:
    """There is an init message for each track, with the slot's number."""
    _, sink, reader = make_reader(3)
    assert [info.track for info, _ in sink.inits] == [Track.VIDEO, Track.AUDIO]
    assert set(reader.inits) == set(Track)
    records = records_of([message for _, message in sink.inits])
    assert [(record.kind, record.slot) for record in records] == [(Kind.INIT, 3)] * 2


def test_audio_travels_with_the_next_frame() -> None:
    """One message has the frame, then the audio packets since the frame before."""
    stream, sink, _ = make_reader()
    stream.publish(video_sample(0, key=True))
    stream.publish(sound_sample(0))
    stream.publish(sound_sample(PACKET))
    assert len(sink.messages) == 1
    stream.publish(video_sample(FRAME))
    assert [(record.track, record.sequence) for record in sink.records] == [
        (Track.VIDEO, 0),
        (Track.VIDEO, 1),
        (Track.AUDIO, 0),
    ]
    assert [message.key for message in sink.messages] == [True, False]


def test_audio_does_not_wait_for_long() -> None:
    """Without video, audio travels alone."""
    stream, sink, _ = make_reader()
    stream.publish(video_sample(0, key=True, publish=100_000))
    stream.publish(sound_sample(0, publish=100_000 + AUDIO_ALONE - 1))
    assert len(sink.messages) == 1
    stream.publish(sound_sample(PACKET, publish=100_000 + AUDIO_ALONE))
    assert [record.track for record in sink.records] == [Track.VIDEO, Track.AUDIO]
    assert not sink.messages[1].video_frames


def test_the_flags_of_a_record() -> None:
    """DISCONTINUITY is set once, where the epoch changes."""
    stream, sink, _ = make_reader()
    stream.publish(video_sample(0, key=True))
    stream.publish(video_sample(FRAME, disposable=True))
    stream.publish(video_sample(90_000, key=True, epoch=2))
    stream.publish(video_sample(90_000 + FRAME, epoch=2))
    assert [record.flags for record in sink.records] == [
        Flag.KEY | Flag.DISCONTINUITY,
        Flag.DISPOSABLE,
        Flag.KEY | Flag.DISCONTINUITY,
        Flag.NONE,
    ]


def test_new_video_parameters_empty_the_burst() -> None:
    """Frames of the old parameters cannot be decoded with the new ones; new audio is harmless."""
    stream, _, reader = make_reader()
    stream.publish(video_sample(0, key=True))
    stream.publish(video_sample(FRAME))
    assert len(reader.burst.messages) == 2
    stream.set_track(media.video_track(128), 0)
    assert not reader.burst.messages
    stream.publish(video_sample(2 * FRAME))
    assert not reader.burst.messages
    stream.publish(video_sample(3 * FRAME, key=True))
    assert len(reader.burst.messages) == 1


def test_what_nobody_watches_is_written_when_a_viewer_comes() -> None:
    """Without viewers, the channel gets no message, and the burst has the same bytes as with
    viewers. An IDR drops the messages before it: these are numbered but never written.
    """
    bursts: list[list[bytes]] = []
    for watched in (True, False):
        stream, sink, reader = make_reader()
        sink.watched = watched
        for number in range(12):
            epoch = 1 if number < 8 else 2
            stream.publish(video_sample(number * FRAME, key=number % 4 == 0, epoch=epoch))
            stream.publish(sound_sample(number * PACKET, epoch=epoch))
            stream.publish(sound_sample(number * PACKET + PACKET // 2, epoch=epoch))
        assert len(sink.messages) == (12 if watched else 0)
        assert len(reader.burst._drafts) == (0 if watched else 4)
        sink.watched = True
        stream.publish(video_sample(12 * FRAME - 1, epoch=2))
        bursts.append([message.frame for message in reader.burst.messages])
        assert not reader.burst._drafts and reader.burst.messages[-1] is sink.messages[-1]
    assert bursts[0] == bursts[1] and len(bursts[0]) == 5


def test_a_clock_once_a_second_where_it_is_wanted() -> None:
    """Messages for viewers without media have a record without a body."""
    stream, sink, _ = make_reader()
    stream.publish(video_sample(0, key=True, publish=0))
    assert not sink.messages[0].no_media
    sink.wants_clock = True
    for publish in (33_000, 66_000, 33_000 + CLOCK_EVERY - 1, 33_000 + CLOCK_EVERY):
        stream.publish(video_sample(publish * 9 // 100, publish=publish))
    clocks = [message.no_media for message in sink.messages[1:]]
    assert [bool(clock) for clock in clocks] == [True, False, False, True]
    ((body,), (last,)) = payloads(clocks[0]), payloads(clocks[3])
    (record,) = unpack_records(body)
    assert (record.kind, record.body, record.publish) == (Kind.MEDIA, b"", 33_000)
    (record,) = unpack_records(last)
    assert record.publish == 33_000 + CLOCK_EVERY


def test_the_end() -> None:
    stream, sink, _ = make_reader()
    stream.end()
    assert sink.ended == 1
