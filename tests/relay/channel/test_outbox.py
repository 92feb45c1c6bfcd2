"""The rules for one slow viewer: the media that it loses, and the media that it always gets."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.channel.message import Message
from relay.channel.outbox import (
    CAUGHT_UP_MS,
    RETRY_MAX_MS,
    RETRY_MS,
    SLOW_MS,
    STALLED_MS,
    DrainRate,
    Outbox,
    Pace,
)

RATE = 8_000.0
"""bit/s, so that each waiting byte is a millisecond."""


def video(
    *, key: bool = False, disposable: bool = False, size: int = 20, sound: bool = True
) -> Message:
    return Message(
        b"v" * size + b"a",
        b"a" if sound else b"",
        0,
        0,
        video=True,
        key=key,
        disposable=disposable,
        video_frames=1,
    )


SOUND = Message(b"a", b"", 0, 0)
VITAL = Message(b"init", b"", 0, 0, vital=True)


def choose(outbox: Outbox, message: Message, backlog_ms: float, now_ms: float) -> bytes:
    return outbox.choose(message, round(backlog_ms), RATE, now_ms)


@dataclass(frozen=True, slots=True)
class Step:
    """The next message in a random sequence."""

    kind: str
    backlog_ms: int
    after_ms: int
    lag_ms: int | None


steps = st.lists(
    st.builds(
        Step,
        st.sampled_from(["key", "reference", "disposable", "sound", "vital"]),
        st.sampled_from([0, 10, 49, 50, 199, 200, 399, 400, 5_000]),
        st.sampled_from([1, 33, 500, 2_000, 40_000]),
        st.none() | st.integers(0, 5_000),
    ),
    max_size=80,
)


@given(steps)
def test_sound_and_vital_messages_are_never_left_out(drawn: list[Step]) -> None:
    """In any state, at any backlog, the viewer gets the audio of each message, and all init records
    and events.
    """
    outbox, now = Outbox(), 0.0
    for step in drawn:
        now += step.after_ms
        if step.lag_ms is not None:
            outbox.report(step.lag_ms)
        message = {
            "sound": SOUND,
            "vital": VITAL,
            "key": video(key=True),
            "reference": video(),
            "disposable": video(disposable=True),
        }[step.kind]
        chosen = choose(outbox, message, step.backlog_ms, now)
        assert chosen in ((message.frame, message.no_video) if message.video else (message.frame,))


@given(steps)
def test_what_a_viewer_gets_can_always_be_decoded(drawn: list[Step]) -> None:
    """After a reference frame was left out, the next video sent is a keyframe. Every frame left out
    is counted.
    """
    outbox, now, broken, left_out = Outbox(), 0.0, False, 0
    for step in drawn:
        now += step.after_ms
        if step.lag_ms is not None:
            outbox.report(step.lag_ms)
        if step.kind in ("sound", "vital"):
            continue
        message = video(key=step.kind == "key", disposable=step.kind == "disposable")
        if choose(outbox, message, step.backlog_ms, now) == message.frame:
            assert message.key or not broken
            broken = False
        else:
            left_out += 1
            broken = broken or not message.disposable
        assert outbox.dropped == left_out
        assert outbox.pace is Pace.KEY or not broken


def test_a_fast_viewer_gets_everything() -> None:
    """Nothing is left out while less than 200 ms of media wait."""
    outbox = Outbox()
    for index in range(100):
        assert choose(outbox, video(disposable=index % 2 == 0), SLOW_MS - 1, index * 33) != b"a"
    assert (outbox.pace, outbox.dropped, outbox.wants_keyframe) == (Pace.FULL, 0, False)


def test_first_what_nothing_refers_to_is_left_out() -> None:
    """From a backlog of 200 ms, disposable frames are dropped and their audio is sent. Below 50 ms,
    everything is sent again, without a keyframe.
    """
    outbox = Outbox()
    assert choose(outbox, video(disposable=True), SLOW_MS, 0) == b"a"
    assert outbox.pace.value == "reference"
    assert choose(outbox, video(), 150, 33) == video().frame
    assert choose(outbox, video(disposable=True), CAUGHT_UP_MS, 66) == b"a"
    assert choose(outbox, video(disposable=True), CAUGHT_UP_MS - 1, 99) == video().frame
    assert (outbox.pace, outbox.dropped, outbox.wants_keyframe) == (Pace.FULL, 2, False)


def test_then_all_but_keyframes_until_it_has_caught_up() -> None:
    """From 400 ms on, only keyframes are sent. When the viewer has caught up, a keyframe is
    demanded, with which video goes on.
    """
    outbox = Outbox(10_000)
    assert choose(outbox, video(), STALLED_MS, 10_000) == b"a"
    assert outbox.pace.value == "key"
    assert choose(outbox, video(), 0, 10_033) == b"a"
    assert [outbox.wants_keyframe] == [False]  # too soon to try again
    now = 10_000 + 2 * RETRY_MS
    assert choose(outbox, video(), 0, now) == b"a"
    assert outbox.wants_keyframe
    assert choose(outbox, video(key=True), 0, now + 100) == video().frame
    assert (outbox.pace, outbox.wants_keyframe) == (Pace.FULL, False)
    assert choose(outbox, video(), 0, now + 133) == video().frame


def test_each_failure_makes_the_next_try_later() -> None:
    """A connection too narrow for the video asks for keyframes less and less often, down to once in
    30 s.
    """
    outbox, now, waits = Outbox(), 0.0, []
    for _ in range(8):
        choose(outbox, video(), STALLED_MS, now)
        began = now
        while not outbox.wants_keyframe:
            now += 10
            choose(outbox, video(), 0, now)
        waits.append(now - began)
        choose(outbox, video(key=True), 0, now)
        assert outbox.pace.value == "full"
    assert waits == sorted(waits)
    assert waits[0] < waits[-1] == pytest.approx(RETRY_MAX_MS, abs=20)


def test_a_large_keyframe_does_not_interrupt_the_sound_of_a_slow_viewer() -> None:
    """A slow viewer gets no keyframe that would take over half a second, unless its picture is 10 s
    old.
    """
    outbox = Outbox()
    choose(outbox, video(), STALLED_MS, 0)
    large = video(key=True, size=600)
    assert choose(outbox, large, 0, 100) == b"a"
    assert choose(outbox, video(key=True, size=300), 0, 200) == video(size=300).frame
    assert choose(outbox, large, 0, 9_000) in (b"a", large.frame)
    outbox = Outbox()
    choose(outbox, video(), STALLED_MS, 0)
    assert not outbox.wants_keyframe
    assert choose(outbox, large, 0, 500) == b"a"


def test_a_viewer_whose_reports_fall_behind_is_slow() -> None:
    """A lag counts if it exceeds the viewer's own smallest lag by 1 s; a constant delay of the
    route does not count. Within 300 ms of it, the viewer has caught up.
    """
    outbox = Outbox()
    for _ in range(5):
        outbox.report(700)
    choose(outbox, video(), 0, 0)
    assert outbox.pace.value == "full"
    outbox.report(1_800)
    assert choose(outbox, video(), 0, 33) == b"a"
    assert outbox.pace.value == "key"
    choose(outbox, video(), 0, 40_000)
    assert not outbox.wants_keyframe
    outbox.report(900)
    choose(outbox, video(), 0, 40_033)
    assert outbox.wants_keyframe


def test_a_route_that_became_longer_for_good_is_forgiven() -> None:
    """The smallest lag rises slowly, so that 2 s more of constant delay stop counting after some
    minutes.
    """
    outbox = Outbox()
    outbox.report(100)
    for second in range(200):
        outbox.report(2_100)
        choose(outbox, video(), 0, second * 1_000)
    outbox.report(2_100)
    choose(outbox, video(key=True), 0, 300_000)
    choose(outbox, video(key=True), 0, 301_000)
    assert outbox.pace.value == "full"


def test_a_join_that_was_too_much_becomes_sound() -> None:
    """If a joining viewer does not take its burst in time, it keeps the sound and vital messages.
    The frames are counted as left out.
    """
    outbox = Outbox()
    assert (
        outbox.drop_video([VITAL, video(key=True), video(sound=False), SOUND], 1_500)
        == b"init" + b"a" + b"" + b"a"
    )
    assert (outbox.pace, outbox.dropped) == (Pace.KEY, 2)


def test_drain_is_measured_while_bytes_wait() -> None:
    """8,000 bytes in 250 ms are 256 kbit/s. If the transport was empty meanwhile, nothing is
    measured.
    """
    drain = DrainRate()
    drain.add(0, 100, 0)
    drain.add(4_000, 100, 100)
    assert drain.rate is None
    drain.add(8_000, 100, 250)
    assert drain.rate == pytest.approx(256_000)
    drain.add(100_000, 0, 300)
    drain.add(100_000, 100, 400)
    drain.add(100_000, 100, 500)
    assert drain.rate == pytest.approx(256_000)
    drain.add(108_000, 100, 900)
    assert drain.rate == pytest.approx((256_000 + 128_000) / 2)


def test_each_slot_goes_on_at_its_own_keyframe() -> None:
    """After a slow time, the first keyframe ends the reduced pace for all slots. A slot that lost a
    frame waits for its own keyframe.
    """
    outbox = Outbox()
    host, guest = video(), video()
    guest.slot = 1
    key = video(key=True)
    key.slot = 1
    assert choose(outbox, host, STALLED_MS, 0) == choose(outbox, guest, STALLED_MS, 0) == b"a"
    assert outbox.broken == {0, 1}
    choose(outbox, host, 0, 2 * RETRY_MS)
    assert outbox.wants_keyframe
    assert choose(outbox, video(key=True), 0, 2 * RETRY_MS) == video().frame
    assert outbox.pace is Pace.FULL and outbox.broken == {1}
    assert choose(outbox, host, 0, 2 * RETRY_MS) == host.frame
    assert choose(outbox, guest, 0, 2 * RETRY_MS) == b"a"
    assert choose(outbox, key, 0, 2 * RETRY_MS) == key.frame
    assert outbox.unrestricted and choose(outbox, guest, 0, 2 * RETRY_MS) == guest.frame


def test_an_overloaded_server_keeps_slow_viewers_slow() -> None:
    """Slow viewers get keyframes and audio. A viewer that keeps up still gets everything."""
    outbox, fast = Outbox(), Outbox()
    paces = []
    assert choose(outbox, video(disposable=True), SLOW_MS, 0) == b"a"
    paces.append(outbox.pace)
    outbox.keeps_slow = fast.keeps_slow = True
    assert choose(outbox, video(), 0, 100) == b"a"
    paces.append(outbox.pace)
    assert paces == [Pace.REFERENCE, Pace.KEY]
    assert choose(outbox, video(), 0, 10 * RETRY_MS) == b"a"
    assert not outbox.wants_keyframe
    assert choose(fast, video(), 0, 10 * RETRY_MS) == video().frame
    assert fast.unrestricted
    outbox.keeps_slow = False
    choose(outbox, video(), 0, 11 * RETRY_MS)
    assert outbox.wants_keyframe
