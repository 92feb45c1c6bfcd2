"""Continuous sound: silence where none comes, and never an overlap."""

from hypothesis import given
from hypothesis import strategies as st

from relay.opus import SILENCE, SILENCE_TICKS
from server.ingest.silence import ABSENT, ABSENT_PATIENCE, MAX_FILL, PATIENCE, ContinuousSound, Sound


@given(
    expected=st.booleans(),
    steps=st.lists(st.tuples(st.integers(-3_000, 12_000), st.booleans(), st.sampled_from([120, 960, 1_920, 2_880])), max_size=120),
)
def test_sound_never_overlaps_and_never_goes_back(expected: bool, steps: list[tuple[int, bool, int]]) -> None:
    """Real packets at any time and the passing of time in any order give packets of which each begins at or behind the end of the one before."""
    sound, now, end = ContinuousSound(expected), 100_000, None
    for step, real, duration in steps:
        now += max(0, step)
        made = sound.receive(now + min(0, step), duration, b"real") if real else sound.advance(now)
        for item in made:
            assert end is None or end <= item.ticks
            end = item.ticks + item.duration
            assert (item.data == SILENCE) == (item.duration == SILENCE_TICKS) or item.data == b"real"


def test_packets_in_a_row_pass_unchanged() -> None:
    """Nothing is made where nothing is missing."""
    sound = ContinuousSound(True)
    for index in range(50):
        assert sound.receive(index * 960, 960, b"x") == [Sound(index * 960, 960, b"x")]
        assert sound.advance(index * 960 + 960) == []
    assert (sound.filled, sound.late) == (0, 0)


def test_a_lost_packet_is_replaced_when_the_next_one_comes() -> None:
    """The hole before a real packet is filled exactly."""
    sound = ContinuousSound(True)
    sound.receive(0, 960, b"x")
    assert sound.receive(2_880, 960, b"y") == [Sound(960, 960, SILENCE), Sound(1_920, 960, SILENCE), Sound(2_880, 960, b"y")]
    assert sound.filled == 2


def test_silence_waits_as_long_as_sound_may_be_late() -> None:
    """100 ms after the last packet ended silence begins; a packet that comes after all finds its place taken and is counted."""
    sound = ContinuousSound(True)
    sound.receive(0, 960, b"x")
    assert sound.advance(960 + PATIENCE + 959) == []
    assert sound.advance(960 + PATIENCE + 960) == [Sound(960, 960, SILENCE)]
    assert sound.receive(960, 960, b"late") == []
    assert sound.late == 1
    assert sound.receive(1_920, 960, b"back") == [Sound(1_920, 960, b"back")]


def test_sound_that_has_long_been_away_is_waited_for_less() -> None:
    """After a second of silence the track keeps within 40 ms of time, so that players need not hold more."""
    sound = ContinuousSound(True)
    sound.receive(0, 960, b"x")
    for now in range(0, 4 * ABSENT, 960):
        last = [*sound.advance(now)]
    assert last
    assert 4 * ABSENT - 960 - (last[-1].ticks + 960) <= ABSENT_PATIENCE + 960


def test_a_creator_without_microphone_gets_silence_at_once() -> None:
    """Where no sound was offered silence follows time without delay; where it was, its first packet is waited for."""
    never, soon = ContinuousSound(False), ContinuousSound(True)
    assert never.advance(48_000) == soon.advance(48_000) == []
    assert never.advance(48_000 + 960) == [Sound(48_000, 960, SILENCE)]
    assert soon.advance(48_000 + 960) == []
    assert soon.receive(48_000 + 2_400, 960, b"x")[-1] == Sound(48_000 + 2_400, 960, b"x")


def test_a_long_gap_is_not_filled() -> None:
    """Over 10 s are a gap in media time: no flood of packets is made."""
    sound = ContinuousSound(True)
    sound.receive(0, 960, b"x")
    far = 960 * (MAX_FILL + 10)
    assert sound.receive(far, 960, b"y") == [Sound(far, 960, b"y")]
    sound = ContinuousSound(True)
    sound.receive(0, 960, b"x")
    assert sound.advance(far + PATIENCE + 960) == []
    assert sound.receive(far + 960 * 6, 960, b"z")[-1].data == b"z"
