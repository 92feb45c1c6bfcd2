"""The queue between the stream and the recorder."""

from relay.media import opus
from relay.sample import Sample
from relay.stream.stream import Stream
from relay.stream.window import Window
from server.recordings.intake import LOST, MAX_BYTES, Intake
from tests.fixtures import media


def test_samples_come_out_in_order() -> None:
    stream, intake = Stream("room", Window(90, 1 << 20)), Intake()
    stream.add_reader(intake)
    samples = [media.video_sample(n * 3_000, key=n == 0) for n in range(5)]
    stream.set_track(media.video_track(), 0)
    for sample in samples:
        stream.publish(sample)
    assert len(intake) == 6 and intake.size > sum(len(sample.data) for sample in samples)
    assert list(intake.take(2)) == [media.video_track(), samples[0]]
    assert list(intake.take(100)) == samples[1:]
    assert (len(intake), intake.size) == (0, 0)


def test_a_full_queue_drops_all_samples_and_keeps_the_newest_tracks() -> None:
    intake = Intake()
    for width in (64, 128):
        intake.receive_track(media.video_track(width, 96))
    intake.receive_track(opus.track_info())
    sample = media.video_sample(0, key=True, data=bytes(MAX_BYTES // 4))
    for _ in range(4):
        intake.receive_sample(sample)
    assert (intake.lost, intake.size) == (4, 0)
    intake.receive_sample(sample)
    assert list(intake.take(100)) == [media.video_track(128, 96), opus.track_info(), LOST, sample]


def test_the_queue_copies_no_media() -> None:
    intake = Intake()
    sample = media.video_sample(0, key=True)
    intake.receive_sample(sample)
    (found,) = intake.take(1)
    assert isinstance(found, Sample) and found is sample
