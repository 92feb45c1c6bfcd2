"""The taps between two events."""

from server.social.spacing import Spacing
from server.social.tally import TALLY_EVERY, Tally
from server.social.taps import EMOJI

HEART, FIRE = EMOJI.index("heart"), EMOJI.index("fire")


def test_the_sum_of_all_taps() -> None:
    tally = Tally()
    assert Tally().empty
    tally.add([(5, HEART, 2), (9, FIRE, 1)])
    tally.add([(7, HEART, 3)])
    assert not tally.empty and tally.media_time == 9
    assert tally.take() == {"heart": 5, "fire": 1}
    assert tally.take() == {}
    tally.add([(6, HEART, 1)])
    assert tally.media_time == 6, "of the taps since the last event"


def test_the_first_event_goes_at_once_and_the_next_one_waits() -> None:
    spacing = Spacing(TALLY_EVERY)
    assert spacing.wait(5.0) == 0
    spacing.sent(5.0)
    assert round(spacing.wait(5.04), 6) == 0.06
    assert spacing.wait(5.11) == 0


def test_ten_events_a_second_at_most() -> None:
    spacing, events, now = Spacing(TALLY_EVERY), 0, 0.0
    for tap in range(2_000):
        now = tap / 2_000
        if spacing.wait(now) == 0:
            spacing.sent(now)
            events += 1
    assert events <= 10
