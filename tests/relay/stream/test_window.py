"""The window: its bounds, and the cut at a keyframe."""

from hypothesis import given
from hypothesis import strategies as st

from relay.sample import Sample, Track
from relay.stream.window import OVERHEAD, Excerpt, Window
from tests.fixtures.media import sound_sample, values, video_sample


def frame(second: float, *, key: bool = False, size: int = 10) -> Sample:
    return video_sample(round(second * 90_000), key=key, data=bytes(size))


samples = st.builds(
    lambda step, key, size, sound: (step, key, size, sound),
    st.integers(0, 200_000),
    st.booleans(),
    st.integers(0, 300),
    st.booleans(),
)


@given(
    drawn=st.lists(samples, max_size=120),
    seconds=st.floats(0.1, 10),
    max_bytes=st.integers(1, 20_000),
)
def test_both_bounds_always_hold(
    drawn: list[tuple[int, bool, int, bool]], seconds: float, max_bytes: int
) -> None:
    """After each sample of any size, and after any jump of time, the window is within both bounds
    and has the newest samples.
    """
    window, sent, pts = Window(seconds, max_bytes), [], 0
    for step, key, size, sound in drawn:
        pts += step
        sample = (
            sound_sample(pts * 48 // 90, data=bytes(size))
            if sound
            else video_sample(pts, key=key, data=bytes(size))
        )
        sent.append(sample)
        window.append(sample)
        held = list(window)
        assert window.size == sum(OVERHEAD + len(item.data) for item in held) <= max_bytes
        assert all(
            item.media_time >= sample.media_time - round(seconds * 1_000_000) for item in held
        )
        assert values(held) == values(sent[len(sent) - len(held) :])
        assert len(window) == len(held)


@given(drawn=st.lists(samples, max_size=60), at=st.integers(-1_000_000, 200_000_000))
def test_a_cut_begins_at_a_keyframe(drawn: list[tuple[int, bool, int, bool]], at: int) -> None:
    """`since` returns all samples from a video keyframe on: the last keyframe at or before the
    moment, otherwise the first.
    """
    window, pts = Window(1_000, 1 << 20), 0
    for step, key, size, sound in drawn:
        pts += step
        window.append(
            sound_sample(pts * 48 // 90, data=bytes(size))
            if sound
            else video_sample(pts, key=key, data=bytes(size))
        )
    held = list(window)
    cut = window.since(at)
    keys = [sample for sample in held if sample.track is Track.VIDEO and sample.key]
    if not keys:
        assert cut == []
        return
    assert values(cut) == values(held[len(held) - len(cut) :])
    assert cut[0].track is Track.VIDEO and cut[0].key
    early = [sample for sample in keys if sample.media_time <= at]
    assert values(cut[:1]) == values(early[-1:] or keys[:1])


def test_one_sample_larger_than_the_bound() -> None:
    """A sample that cannot fit is not kept, and empties the window."""
    window = Window(10, OVERHEAD + 100)
    window.append(frame(0, key=True, size=60))
    window.append(frame(1, size=101))
    assert (len(window), window.size) == (0, 0)
    window.append(frame(2, key=True, size=100))
    assert (len(window), window.size) == (1, OVERHEAD + 100)


def test_clear_empties_it() -> None:
    """After `clear` the window is empty, and takes new samples."""
    window = Window(10, OVERHEAD + 100)
    window.append(frame(0, key=True))
    window.clear()
    assert (len(window), window.size, window.since(0)) == (0, 0, [])
    window.append(frame(1, key=True))
    assert len(window.since(0)) == 1


def test_an_hour_of_samples_stays_within_the_bounds() -> None:
    """Of an hour of 30 frames and 50 sounds a second, the window keeps 90 s at most. Its size is
    that of these samples.
    """
    window, most = Window(90, 64 << 20), 0
    for tick in range(3_600 * 30):
        window.append(video_sample(tick * 3_000, key=tick % 60 == 0, data=b"12345678"))
        window.append(sound_sample(tick * 1_600, data=b"1234"))
        most = max(most, len(window))
    assert most <= 2 * (90 * 30 + 1)
    assert window.size == sum(OVERHEAD + len(sample.data) for sample in window)


def test_a_lower_limit_applies_at_once_and_a_higher_one_to_new_samples() -> None:
    window = Window(90, 1 << 20)
    for second in range(60):
        window.append(frame(second, key=True))
    window.limit(10, 1 << 20)
    assert [sample.media_time // 1_000_000 for sample in window] == list(range(49, 60))
    window.limit(10, 3 * (OVERHEAD + 10))
    assert len(window) == 3 and window.size == 3 * (OVERHEAD + 10)
    window.limit(90, 1 << 20)
    for second in range(60, 70):
        window.append(frame(second, key=True))
    assert len(window) == 13
    window.limit(90, 0)
    assert (len(window), window.size) == (0, 0)
    window.limit(1, 1)


def test_an_excerpt_outlives_the_window() -> None:
    """The excerpt takes the new samples of the window, until the end of the excerpt."""
    window, sent = Window(60, 1 << 20), []

    def add(first: int, last: int) -> None:
        for second in range(first, last):
            for sample in (frame(second, key=True), sound_sample(second * 48_000)):
                window.append(sample)
                sent.append(sample)

    add(0, 10)
    excerpt = window.excerpt(2_000_000, 14_000_000)
    assert values(excerpt) == values(sent[4:]) and len(excerpt) == 16
    size = excerpt.size
    add(10, 20)
    assert excerpt.extend(window, 14_000_000)
    assert values(excerpt) == values(sent[4:30]) and excerpt.size > size
    assert excerpt.size == Excerpt.of(excerpt).size
    assert excerpt.extend(window, 14_000_000) and len(excerpt) == 26
    window.clear()
    assert values(excerpt) == values(sent[4:30])
    assert not excerpt.extend(window, 14_000_000)


def test_an_excerpt_without_samples_does_not_grow() -> None:
    window = Window(60, 1 << 20)
    excerpt = window.excerpt(0, 1_000_000)
    window.append(frame(0, key=True))
    assert not excerpt.extend(window, 1_000_000) and len(excerpt) == 0


def test_a_snapshot_does_not_change_when_the_window_does() -> None:
    window = Window(10, 1 << 20)
    for n in range(4):
        window.append(frame(n, key=n == 0, size=n))
        window.append(sound_sample(n * 48_000))
    snapshot = window.snapshot()
    for n in range(4, 20):
        window.append(frame(n))
    assert [(each.place, each.media_time, each.key, each.size) for each in snapshot.frames()] == [
        (0, 0, True, 0),
        (2, 1_000_000, False, 1),
        (4, 2_000_000, False, 2),
        (6, 3_000_000, False, 3),
    ]
    assert [sample.media_time for sample in snapshot.samples(-5, 3)] == [0, 0, 1_000_000]
    assert values(snapshot.samples(6, 99)) == values([frame(3, size=3), sound_sample(3 * 48_000)])
    assert list(Window(1, 1).snapshot().frames()) == []
