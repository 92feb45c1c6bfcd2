"""Continuous audio: concealment and silence fill gaps, and packets never overlap."""

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
"""A packet that makes the decoder conceal."""


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
    """Whenever packets arrive, each output packet starts at or after the end of the one before."""
    sound, now, end = ContinuousSound(expected), 100_000, None
    for step, real, duration in steps:
        now += max(0, step)
        due = sound.due
        made = sound.receive(now + min(0, step), duration, REAL) if real else sound.advance(now)
        assert real or now > due or not made
        for item in made:
            assert end is None or end <= item.ticks
            end = item.ticks + item.duration
            assert item.data == REAL or (
                item.data in (SILENCE, HIDDEN) and item.duration == packet_ticks(item.data)
            )


def test_consecutive_packets_pass_unchanged() -> None:
    """No packet is added."""
    sound = ContinuousSound(True)
    for index in range(50):
        assert sound.receive(index * 960, 960, REAL) == [Sound(index * 960, 960, REAL)]
        assert sound.advance(index * 960 + 960) == []
    assert (sound.filled, sound.late) == (0, 0)


def test_a_lost_packet_is_replaced_when_the_next_one_comes() -> None:
    """The gap before a real packet is filled exactly, with concealment."""
    sound = ContinuousSound(True)
    sound.receive(0, 960, REAL)
    assert sound.receive(2_880, 960, REAL) == [
        Sound(960, 960, HIDDEN),
        Sound(1_920, 960, HIDDEN),
        Sound(2_880, 960, REAL),
    ]
    assert sound.filled == 2


def test_silence_starts_when_audio_is_too_late() -> None:
    """Silence starts 100 ms after the end of the last packet; a packet that arrives later is
    dropped and counted.
    """
    sound = ContinuousSound(True)
    sound.receive(0, 960, REAL)
    assert sound.advance(960 + PATIENCE + 959) == []
    assert sound.advance(960 + PATIENCE + 960) == [Sound(960, 960, HIDDEN)]
    assert sound.receive(960, 960, REAL) == []
    assert sound.late == 1
    assert sound.receive(1_920, 960, REAL) == [Sound(1_920, 960, REAL)]


def test_audio_that_was_absent_for_long_may_be_less_late() -> None:
    """After a second of silence the track is at most 40 ms late, which keeps players' buffers
    short.
    """
    sound = ContinuousSound(True)
    sound.receive(0, 960, REAL)
    for now in range(0, 4 * ABSENT, 960):
        last = [*sound.advance(now)]
    assert last
    assert 4 * ABSENT - 960 - (last[-1].ticks + 960) <= ABSENT_PATIENCE + 960


def test_a_publisher_without_microphone_gets_silence_at_once() -> None:
    """Where audio was offered, silence first waits for its first packet."""
    never, soon = ContinuousSound(False), ContinuousSound(True)
    assert never.advance(48_000) == soon.advance(48_000) == []
    assert never.advance(48_000 + 960) == [Sound(48_000, 960, SILENCE)]
    assert soon.advance(48_000 + 960) == []
    assert soon.receive(48_000 + 2_400, 960, REAL)[-1] == Sound(48_000 + 2_400, 960, REAL)


def test_a_long_gap_is_not_filled() -> None:
    """More than 10 s are a gap in media time instead of a burst of packets."""
    sound = ContinuousSound(True)
    sound.receive(0, 960, REAL)
    far = 960 * (MAX_FILL + 10)
    assert sound.receive(far, 960, REAL) == [Sound(far, 960, REAL)]
    sound = ContinuousSound(True)
    sound.receive(0, 960, REAL)
    assert sound.advance(far + PATIENCE + 960) == []
    assert sound.receive(far + 960 * 6, 960, REAL)[-1].data == REAL


def test_a_longer_gap_is_concealed_and_then_silent() -> None:
    """The first 100 ms are concealed, in packets as long as the frames of the last one; silence
    follows without a gap.
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
