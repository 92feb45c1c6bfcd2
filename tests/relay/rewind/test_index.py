"""The files of a window: each file plays by itself or after the previous file, with exact times."""

from fractions import Fraction

from relay.rewind.index import Index
from relay.sample import Track
from relay.stream.stream import Stream
from tests.fixtures.channel import make_stream
from tests.fixtures.media import (
    decode_pictures,
    decode_sounds,
    decode_times,
    luma_of,
    read_mp4,
    video_sample,
    video_track,
)
from tests.fixtures.window import FRAME, SOUND, publish, unit

VIDEO_TICK = Fraction(1, 90_000)


def index_of(stream: Stream) -> Index:
    return Index(
        stream.id,
        stream.window.snapshot(),
        stream.video_tracks,
        stream.tracks.get(Track.AUDIO),
        stream.edge,
    )


def test_each_file_has_its_media_times_and_all_of_its_samples() -> None:
    stream = make_stream()
    publish(stream, 8)
    index = index_of(stream)
    assert len(index.segments) == 3
    seen: dict[str, list[int]] = {"video": [], "audio": []}
    for segment in index.segments:
        data = index.write(segment)
        times = decode_times(data)
        assert times["video"][0] == segment.start * 9 // 100
        packets = [packet for packet in read_mp4(data) if packet.time_base == VIDEO_TICK]
        assert sum(packet.duration or 0 for packet in packets) == (
            segment.end_dts - segment.first_dts
        )
        seen["video"] += times["video"]
        seen["audio"] += times["audio"]
    assert seen["video"] == list(range(0, 6 * 90_000, FRAME)), "no frame is missing or twice"
    assert seen["audio"] == list(range(0, 6 * 48_000, SOUND)), "no packet is missing or twice"


def test_a_file_shows_the_pictures_and_has_the_sound() -> None:
    stream = make_stream()
    publish(stream, 6)
    index = index_of(stream)
    data = index.write(index.segments[1])
    pictures = decode_pictures(data)
    assert [
        abs(int(bytes(frame.planes[0])[0]) - luma_of(60 + n)) <= 6
        for n, frame in enumerate(pictures)
    ] == [True] * 60
    assert pictures[0].pts is not None and pictures[0].time_base == VIDEO_TICK
    assert pictures[0].pts == 2 * 90_000
    assert sum(frame.samples for frame in decode_sounds(data)) >= 95_000


def test_a_file_without_a_keyframe_follows_the_file_before_it() -> None:
    stream = make_stream()
    publish(stream, 10, gop=240)
    index = index_of(stream)
    first, second = index.segments[:2]
    assert first.key and not second.key
    assert index.write(second)[4:8] == b"moof"
    whole = decode_pictures(index.write(first) + index.write(second))
    assert len(whole) == (second.end_dts - first.first_dts) // FRAME


def test_each_picture_size_has_a_piece() -> None:
    stream = make_stream()
    publish(stream, 4)
    publish(stream, 4, size=(48, 64), start=4)
    index = index_of(stream)
    described = index.describe()
    assert [(piece["width"], piece["height"]) for piece in described["pieces"]] == [
        (64, 48),
        (48, 64),
    ]
    assert [segment["piece"] for segment in described["segments"]] == [0, 0, 1]
    assert described["pieces"][0]["codecs"] == f"{video_track().codec},opus"
    assert (described["start"], described["end"]) == (0, 6_000_000)
    sizes = {
        (frame.width, frame.height) for frame in decode_pictures(index.write(index.segments[2]))
    }
    assert sizes == {(48, 64)}


def test_a_live_without_sound() -> None:
    stream = make_stream()
    stream.set_track(video_track(), 0)
    for n in range(150):
        data, key = unit(n, 64, 48, 30)
        stream.publish(video_sample(n * FRAME, key=key, data=data))
    index = index_of(stream)
    assert index.describe()["pieces"][0]["codecs"] == video_track().codec
    assert len(decode_pictures(index.write(index.segments[0]))) == 60


def test_an_interruption_has_no_audio_of_the_other_session() -> None:
    stream = make_stream()
    publish(stream, 3)
    publish(stream, 4, start=10, epoch=2)
    index = index_of(stream)
    last_before = [segment for segment in index.segments if segment.epoch == 1][-1]
    times = decode_times(index.write(last_before))
    assert max(times["audio"]) < 3 * 48_000
    assert index.at(5_000_000) is None


def test_a_window_without_media() -> None:
    index = index_of(make_stream())
    assert index.segments == [] and index.at(0) is None
    assert index.describe()["segments"] == []
