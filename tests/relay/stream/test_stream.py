"""A stream: the samples of its readers, its figures, and its demands for keyframes."""

import logging
from dataclasses import replace

import pytest

from relay.media import opus
from relay.sample import Demand, Sample, TrackInfo
from relay.stream.stream import STALE
from tests.fixtures import media
from tests.fixtures.channel import Publisher, make_stream
from tests.fixtures.media import sound_sample, video_sample


class Reader:
    """A reader that records its samples. It may raise an error."""

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


def test_a_reader_gets_samples_as_they_are_and_one_that_breaks_harms_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It gets each sample in the call that publishes it, and none after the reader is removed."""
    stream = make_stream()
    good, bad = Reader(), Reader(broken=True)
    stream.add_reader(bad)
    stream.add_reader(good)
    stream.add_reader(good)
    samples = [video_sample(0, key=True), sound_sample(0), video_sample(3_000)]
    with caplog.at_level(logging.CRITICAL, "relay.stream.stream"):
        stream.set_track(media.video_track(128, 96), 0)
        stream.set_track(media.video_track(128, 96), 1)
        for sample in samples:
            stream.publish(sample)
        stream.end()
    assert good.got == [media.video_track(128, 96), *samples, "end"]
    stream.remove_reader(good)
    stream.remove_reader(good)
    stream.remove_reader(bad)
    stream.publish(video_sample(6_000))
    assert len(good.got) == 5


def test_demands_go_to_the_present_publisher() -> None:
    """They go to the publisher that attached last. A former publisher that detaches later changes
    nothing.
    """
    stream, former, present = make_stream(), Publisher(), Publisher()
    stream.demand_keyframe()
    stream.attach(former)
    stream.attach(present)
    stream.detach(former)
    stream.demand_keyframe()
    stream.detach(present)
    stream.demand_keyframe()
    assert (former.demands, present.demands) == ([], [Demand(keyframe=True)])


@pytest.mark.parametrize(("age", "asked"), [(None, True), (STALE, False), (STALE + 1, True)])
def test_a_fresh_keyframe_is_demanded_where_there_is_none(age: int | None, asked: bool) -> None:
    """A keyframe is demanded if none has the present parameters, or if it is older than 1 s.
    Nothing is demanded before the first track.
    """
    stream, publisher = make_stream(), Publisher()
    stream.attach(publisher)
    stream.demand_fresh_keyframe(0)
    assert not publisher.demands
    stream.set_track(media.video_track(), 0)
    if age is not None:
        stream.publish(video_sample(0, key=True, publish=50_000_000))
    stream.demand_fresh_keyframe(50_000_000 + (age or 0))
    assert bool(publisher.demands) is asked


def test_the_still_is_the_latest_idr_of_the_present_parameters() -> None:
    """There is none before the first IDR, and none after new parameters, which do not fit the old
    IDR.
    """
    stream = make_stream()
    stream.set_track(media.video_track(), 0)
    assert stream.still() is None
    for index in range(4):
        stream.publish(video_sample(index * 3_000, key=index % 2 == 0))
    found = stream.still()
    assert found and (found[0], found[1].dts) == (media.video_track(), 6_000)
    stream.set_track(replace(media.video_track(), width=320), 0)
    assert stream.still() is None


def test_history_begins_at_an_idr_of_the_present_parameters() -> None:
    stream = make_stream()
    stream.set_track(media.video_track(), 0)
    for index in range(4):
        stream.publish(video_sample(index * 90_000, key=index % 2 == 0))
    assert [sample.dts for sample in stream.history(0.5)] == [180_000, 270_000]
    assert [sample.dts for sample in stream.history(60)] == [0, 90_000, 180_000, 270_000]
    stream.set_track(replace(media.video_track(), width=320), 0)
    assert stream.history(60) == []
    stream.publish(video_sample(360_000, key=True))
    assert [sample.dts for sample in stream.history(60)] == [360_000]


def test_the_edge_and_the_bitrate_follow_what_is_published() -> None:
    """The edge is the newest media time of both tracks, and never goes back. The bitrate is that of
    the last seconds.
    """
    stream = make_stream()
    stream.set_track(opus.track_info(), 7)
    assert stream.published == 7
    start = 1_790_000_000_000_000
    for index in range(120):
        stream.publish(
            video_sample(
                index * 3_000,
                key=index % 30 == 0,
                data=bytes(4_000),
                publish=start + index * 33_333,
            )
        )
    assert stream.edge == 119 * 1_000_000 // 30
    assert stream.bitrate == pytest.approx(960_000, rel=0.1)
    stream.publish(sound_sample(0, publish=start + 5_000_000))
    assert stream.edge == 119 * 1_000_000 // 30 and stream.published == start + 5_000_000
    assert stream.behind(stream.edge - 5) == 5


def test_the_video_tracks_of_the_window_are_known() -> None:
    """Each track has the time of its first keyframe. Tracks without a keyframe do not count."""
    stream = make_stream()
    first, second, third = (media.video_track(width, 48) for width in (64, 96, 128))
    stream.set_track(first, 0)
    stream.publish(video_sample(0))
    assert stream.video_tracks == []
    stream.publish(video_sample(90_000, key=True))
    stream.publish(video_sample(180_000, key=True))
    stream.set_track(second, 0)
    stream.set_track(third, 0)
    stream.publish(video_sample(270_000, key=True))
    assert stream.video_tracks == [(1_000_000, first), (3_000_000, third)]


def test_media_that_passes_by() -> None:
    """It counts for the live edge, the bit rate and the age of the last IDR, as samples do."""
    stream, publisher = make_stream(), Publisher()
    stream.attach(publisher)
    stream.set_track(media.video_track(), 0)
    for index in range(120):
        stream.pass_by(index * 33_333, 4_000, index * 33_333, index == 0)
    assert stream.edge == stream.published == 119 * 33_333
    assert stream.bitrate == pytest.approx(960_000, rel=0.1)
    stream.demand_fresh_keyframe(STALE)
    assert publisher.demands == []
    stream.demand_fresh_keyframe(STALE + 1)
    assert publisher.demands == [Demand(keyframe=True)]


def test_the_first_reader_is_announced() -> None:
    stream, calls = make_stream(), 0

    def count() -> None:
        nonlocal calls
        calls += 1

    stream.on_read = count
    first, second = Reader(), Reader()
    for reader in (first, first, second):
        stream.add_reader(reader)
    assert (calls, stream.read) == (1, True)
    stream.remove_reader(first)
    stream.remove_reader(second)
    assert not stream.read
    stream.add_reader(second)
    assert calls == 2
