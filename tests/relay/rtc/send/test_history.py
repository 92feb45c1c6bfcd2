"""Frames kept for joins and retransmissions, and their batches."""

from hypothesis import given, settings
from hypothesis import strategies as st

from relay.rtc.batch import HEADER
from relay.rtc.rtp import HEADER_SIZE
from relay.rtc.send.history import History, PacketisedFrame
from relay.rtc.send.numbering import PIECES, Numbering

TAG = 16
frames = st.lists(
    st.tuples(st.lists(st.integers(1, 30), min_size=1, max_size=5), st.booleans()), max_size=60
)


def history(**bounds: int) -> History:
    return History(7, **{"keep": 4, "max_frames": 20, "max_bytes": 10_000, **bounds}, marked=True)


@settings(deadline=None)
@given(frames)
def test_frames_since_the_last_keyframe_are_kept_and_the_rest_is_bounded(
    made: list[tuple[list[int], bool]],
) -> None:
    kept = history(max_bytes=10_000)
    last_key = None
    for sizes, key in made:
        frame = kept.append([bytes(size) for size in sizes], 0, key=key)
        last_key = frame.number if key else last_key
        assert len(kept) <= 20 and kept.size <= 10_000
        point = kept.join_point
        assert point is None or point == last_key
        if point is not None:
            assert all(kept.frame(number) is not None for number in range(point, frame.number + 1))
        held = [kept.frame(number) for number in range(max(0, frame.number - 25), frame.number + 1)]
        assert kept.size == sum(each.held for each in held if each)
        for each in (each for each in held if each):
            for place in range(each.count):
                assert kept.find(each.first + place) == (each, place)


def test_many_small_packets_count_with_their_overhead() -> None:
    """A frame of 500 payloads of one byte uses much more than 500 bytes."""
    kept = history()
    frame = kept.append([b"x"] * 500, 0, key=True)
    assert (frame.size, kept.size) == (500, 0), "the frame alone exceeds the limit of 10,000 bytes"
    assert frame.held > 100_000


def test_frames_before_the_last_keyframe_can_be_retransmitted() -> None:
    kept = history()
    for number in range(10):
        kept.append([b"x"], 0, key=number in (0, 8))
    assert (kept.join_point, kept.frame(5), kept.find(5)) == (8, None, None)
    assert kept.frame(6) is not None and kept.find(6) is not None
    kept.forget_join_point()
    assert kept.join_point is None


@settings(deadline=None)
@given(st.lists(st.integers(1, 1_160), min_size=1, max_size=120), st.sampled_from([b"", bytes(8)]))
def test_batches_have_every_packet_once_in_segments_of_one_size(
    sizes: list[int], extension: bytes
) -> None:
    payloads = [bytes((number & 0xFF,)) * size for number, size in enumerate(sizes)]
    frame = PacketisedFrame(0, 0, payloads, 7, 90_000, key=True, disposable=False, marked=True)
    found, markers = [], []
    version, size = (0x90 if extension else 0x80), HEADER_SIZE + len(extension)
    for batch in frame.batches(TAG, extension):
        assert len(batch.template) < 65_000 and len(batch.packets) <= 64
        for place, (length, marker) in enumerate(batch.packets):
            start = place * batch.segment
            end = min(start + batch.segment, len(batch.template))
            assert length + TAG == end - start
            assert HEADER.unpack_from(batch.template, start) == (version, 0, 0, 90_000, 7)
            found.append(batch.template[start + size : start + length])
            markers.append(marker)
    assert found == payloads
    assert markers == [0] * (len(sizes) - 1) + [0x80]


@settings(deadline=None)
@given(
    st.integers(0, 1 << 20),
    st.lists(st.tuples(st.integers(1, 90), st.integers(0, 200)), min_size=1, max_size=PIECES - 1),
)
def test_a_viewers_numbers_have_no_gap_and_map_back(
    start: int, taken: list[tuple[int, int]]
) -> None:
    """This holds for any omissions between two frames, and across the wrap at 16 bits."""
    numbering = Numbering(start)
    first = 0
    sent: dict[int, int] = {}
    for count, skipped in taken:
        sequence = numbering.take(first, count)
        sent |= {sequence + place: first + place for place in range(count)}
        first += count + skipped
    assert sorted(sent) == list(range(start, start + len(sent)))
    assert all(
        numbering.index_of(sequence & 0xFFFF) == index
        for sequence, index in sent.items()
        if numbering.next - sequence < 0x8000
    )
    assert (
        numbering.index_of(start - 1 & 0xFFFF) is None
        and numbering.index_of(numbering.next & 0xFFFF) is None
    )
