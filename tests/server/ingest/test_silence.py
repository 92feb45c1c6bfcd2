"""Continuous sound: concealment and silence where none comes, and never an overlap."""

from hypothesis import given
from hypothesis import strategies as st

from relay.media.opus import SILENCE, SILENCE_TICKS, packet_ticks
from server.ingest.silence import (
    ABSENT,
    ABSENT_PATIENCE,
    CONCEALED,
    MAX_FILL,
    PATIENCE,
    ContinuousSound,
    Sound,
)

REAL = bytes((0xDC,)) + b"real"
"""A stereo CELT packet of 20 ms."""
HIDDEN = REAL[:1]
"""What its decoder conceals."""


@given(
    expected=st.booleans(),
    steps=st.lists(
        st.tuples(
            st.integers(-3_000, 12_000), st.booleans(), st.sampled_from([120, 960, 1_920, 2_880])
        ),
        max_size=120,
    ),
)
def test_sound_never_overlaps_and_never_goes_back(
    expected: bool, steps: list[tuple[int, bool, int]]
) -> None:
    """Real packets at any time and the passing of time in any order give packets of which each
    begins at or behind the end of the one before.
    """
    sound, now, end = ContinuousSound(expected), 100_000, None
    for step, real, duration in steps:
        now += max(0, step)
        made = sound.receive(now + min(0, step), duration, REAL) if real else sound.advance(now)
        for item in made:
            assert end is None or end <= item.ticks
            end = item.ticks + item.duration
            assert item.data == REAL or (
                item.data in (SILENCE, HIDDEN) and item.duration == packet_ticks(item.data)
            )


def test_packets_in_a_row_pass_unchanged() -> None:
    """Nothing is made where nothing is missing."""
    sound = ContinuousSound(True)
    for index in range(50):
        assert sound.receive(index * 960, 960, REAL) == [Sound(index * 960, 960, REAL)]
        assert sound.advance(index * 960 + 960) == []
    assert (sound.filled, sound.late) == (0, 0)


def test_a_lost_packet_is_replaced_when_the_next_one_comes() -> None:
    """The hole before a real packet is filled exactly, with what a decoder conceals."""
    sound = ContinuousSound(True)
    sound.receive(0, 960, REAL)
    assert sound.receive(2_880, 960, REAL) == [
        Sound(960, 960, HIDDEN),
        Sound(1_920, 960, HIDDEN),
        Sound(2_880, 960, REAL),
    ]
    assert sound.filled == 2


def test_silence_waits_as_long_as_sound_may_be_late() -> None:
    """100 ms after the last packet ended silence begins; a packet that comes after all finds its
    place taken and is counted.
    """
    sound = ContinuousSound(True)
    sound.receive(0, 960, REAL)
    assert sound.advance(960 + PATIENCE + 959) == []
    assert sound.advance(960 + PATIENCE + 960) == [Sound(960, 960, HIDDEN)]
    assert sound.receive(960, 960, REAL) == []
    assert sound.late == 1
    assert sound.receive(1_920, 960, REAL) == [Sound(1_920, 960, REAL)]


def test_sound_that_has_long_been_away_is_waited_for_less() -> None:
    """After a second of silence the track keeps within 40 ms of time, so that players need not hold
    more.
    """
    sound = ContinuousSound(True)
    sound.receive(0, 960, REAL)
    for now in range(0, 4 * ABSENT, 960):
        last = [*sound.advance(now)]
    assert last
    assert 4 * ABSENT - 960 - (last[-1].ticks + 960) <= ABSENT_PATIENCE + 960


def test_a_creator_without_microphone_gets_silence_at_once() -> None:
    """Where no sound was offered silence follows time without delay; where it was, its first packet
    is waited for.
    """
    never, soon = ContinuousSound(False), ContinuousSound(True)
    assert never.advance(48_000) == soon.advance(48_000) == []
    assert never.advance(48_000 + 960) == [Sound(48_000, 960, SILENCE)]
    assert soon.advance(48_000 + 960) == []
    assert soon.receive(48_000 + 2_400, 960, REAL)[-1] == Sound(48_000 + 2_400, 960, REAL)


def test_a_long_gap_is_not_filled() -> None:
    """Over 10 s are a gap in media time: no flood of packets is made."""
    sound = ContinuousSound(True)
    sound.receive(0, 960, REAL)
    far = 960 * (MAX_FILL + 10)
    assert sound.receive(far, 960, REAL) == [Sound(far, 960, REAL)]
    sound = ContinuousSound(True)
    sound.receive(0, 960, REAL)
    assert sound.advance(far + PATIENCE + 960) == []
    assert sound.receive(far + 960 * 6, 960, REAL)[-1].data == REAL


def test_a_long_hole_is_concealed_and_then_silent() -> None:
    """The first 100 ms are left to the decoder, in packets of the length that the last one's frames
    had; silence follows, end to end.
    """
    sound = ContinuousSound(True)
    short = bytes((0xD4, 1, 2))  # CELT, 10 ms
    sound.receive(0, 480, short)
    made = sound.receive(9_600, 480, short)[:-1]
    concealed = [item for item in made if item.data == short[:1]]
    assert len(concealed) == CONCEALED // 480 and {item.duration for item in concealed} == {480}
    assert [item.data for item in made[len(concealed) :]] == [SILENCE] * 4
    assert all(
        before.ticks + before.duration == after.ticks
        for before, after in zip(made, made[1:], strict=False)
    )
    assert 9_600 - (made[-1].ticks + made[-1].duration) < SILENCE_TICKS
