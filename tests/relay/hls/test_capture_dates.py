"""Dates of segments, for capture times that are wrong or vary."""

from relay.hls.capture_dates import SETTLED, SLEW, CaptureDates
from relay.sample import Sample
from tests.fixtures.media import video_sample

SECOND = 90_000
NOON = 1_790_000_000_000_000


def frame(ticks: int, late: int = 0, epoch: int = 1) -> Sample:
    """A frame whose capture time is `late` µs after noon plus its media time."""
    capture = NOON + ticks * 1_000_000 // SECOND + late
    sample = video_sample(ticks, key=True, epoch=epoch)
    sample.capture = capture
    return sample


def test_a_date_is_the_capture_time_of_the_first_frame_plus_the_media_time() -> None:
    dates = CaptureDates()
    dates.begin(frame(SECOND))
    assert dates.date(SECOND) == NOON + 1_000_000
    assert dates.date(SECOND + 1) == NOON + 1_000_011


def test_the_newest_frame_of_the_same_epoch_is_trusted_more() -> None:
    dates = CaptureDates()
    dates.receive(frame(9 * SECOND, late=-250_000))
    dates.begin(frame(SECOND))
    assert dates.date(SECOND) == NOON + 750_000
    dates.begin(frame(2 * SECOND, late=70_000, epoch=2))
    assert dates.date(2 * SECOND) == NOON + 2_070_000


def test_what_varies_by_a_few_milliseconds_changes_nothing() -> None:
    dates = CaptureDates()
    dates.begin(frame(0))
    for second in range(20):
        dates.receive(frame(second * SECOND, late=SETTLED * (-1) ** second))
        dates.correct()
    assert dates.date(SECOND) == NOON + 1_000_000


def test_a_wrong_date_is_corrected_by_a_millisecond_at_a_time() -> None:
    for wrong in (300_000, -300_000):
        dates, before = CaptureDates(), NOON
        dates.begin(frame(0))
        dates.receive(frame(SECOND, late=wrong))
        for _ in range(400):
            dates.correct()
            assert abs(dates.date(0) - before) <= SLEW
            before = dates.date(0)
        assert abs(before - NOON - wrong) <= SETTLED


def test_another_epoch_corrects_nothing() -> None:
    dates = CaptureDates()
    dates.begin(frame(0))
    dates.receive(frame(SECOND, late=5_000_000, epoch=2))
    dates.correct()
    assert dates.date(0) == NOON
