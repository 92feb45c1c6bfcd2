"""The history of a playlist for any behaviour of the publisher."""

import gzip
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.errors import PlaylistError, RefusalCode
from relay.hls.playlist import (
    LISTED,
    PART_OVERHEAD,
    RETIRED,
    SEGMENT_OVERHEAD,
    SEGMENTS,
    SKIP_BOUNDARY,
    Playlist,
)
from relay.hls.segmenter import PART_TARGET, SCALE, TARGET_DURATION, Part, Segmenter
from relay.media.aac import TRACK
from tests.fixtures.hls import MediaPlaylist, check_history
from tests.fixtures.media import video_sample, video_track


def grown(parts: list[Part], first: int = 7) -> tuple[Playlist, list[str]]:
    """A playlist with these parts, and its text after each."""
    playlist, texts = Playlist("aabbccdd", first), []
    for part in parts:
        playlist.add(part)
        texts.append(playlist.text)
    return playlist, texts


def parts_of(count: int, *, step: int = 3_000, keys: int = 60) -> list[Part]:
    segmenter = Segmenter(TRACK)
    segmenter.receive_track(video_track())
    return [
        part
        for n in range(count)
        for part in segmenter.receive(video_sample(90_000 + n * step, key=n % keys == 0))
    ]


CHANGES = st.tuples(
    st.sampled_from(["on", "on", "on", "turn", "away", "again"]),
    st.integers(SCALE, 20 * SCALE),
    st.sampled_from([1_500, 3_000, 3_001, 6_000, 20_000]),
    st.sampled_from([30, 60, 500]),
    st.integers(1, 100),
)
"""The kind of change, the duration of an absence, ticks between frames, frames between IDRs, and
the number of frames.
"""


def live(changes: list[tuple[str, int, int, int, int]]) -> list[Part]:
    """A publisher that changes its rate, rotates the phone, is away for a while, and returns."""
    segmenter = Segmenter(TRACK)
    at, epoch, width = 90_000, 1, 64
    segmenter.receive_track(video_track(width))
    parts = segmenter.receive(video_sample(at, key=True))
    for kind, away, step, keys, count in changes:
        if kind == "away":
            parts += segmenter.gap(at + away)
            at += away
        if kind == "turn":
            width = 128 if width == 64 else 64
            segmenter.receive_track(video_track(width))
        epoch += kind in ("away", "again")
        for n in range(count):
            at += step
            parts += segmenter.receive(video_sample(at, key=n % keys == 0, epoch=epoch))
    return parts + segmenter.end()


@settings(deadline=None, max_examples=60)
@given(st.lists(CHANGES, min_size=3, max_size=30))
def test_every_change_is_one_that_the_rfc_allows(
    changes: list[tuple[str, int, int, int, int]],
) -> None:
    playlist, texts = grown(live(changes))
    playlist.end()
    read = check_history([*texts, playlist.text])
    assert read[-1].ended and not read[-1].hints


def test_what_left_the_list_can_be_downloaded_for_as_long_as_the_list_is() -> None:
    parts = parts_of(60 * 40)
    playlist, texts = grown(parts)
    newest = MediaPlaylist.read(texts[-1])
    assert len(newest.complete) == SEGMENTS
    first_kept = newest.segments[0].number - RETIRED
    assert playlist.segment(first_kept - 1) is None and playlist.part(first_kept - 1, 0) is None
    for number in range(first_kept, newest.segments[0].number):
        assert playlist.segment(number) and playlist.part(number, 0)
    with_parts = [segment.number for segment in newest.segments if segment.parts]
    assert with_parts == [newest.last[0] - back for back in reversed(range(len(with_parts)))]
    listed = newest.segments[-len(with_parts) :]
    assert sum(part.duration for segment in listed for part in segment.parts) <= 6


def test_a_list_of_short_segments_is_never_shorter_than_three_target_durations() -> None:
    """Each rotation of the phone starts a segment."""
    segmenter = Segmenter(TRACK)
    parts: list[Part] = []
    for n in range(1_200):
        if n % 10 == 0:
            segmenter.receive_track(video_track(64 + 64 * (n // 10 % 2)))
        parts += segmenter.receive(video_sample(90_000 + n * 3_000, key=n % 10 == 0))
    playlist, texts = grown(parts)
    check_history(texts)
    newest = MediaPlaylist.read(texts[-1])
    assert newest.segments[0].number > 0
    assert (
        3 * TARGET_DURATION
        <= sum(segment.duration or 0 for segment in newest.complete)
        < 4 * TARGET_DURATION
    )
    held = sum(segment.duration for segment in playlist._retired) / SCALE
    assert RETIRED * TARGET_DURATION <= held < (RETIRED + 1) * TARGET_DURATION


def test_maps_stay_as_long_as_a_segment_that_needs_them() -> None:
    segmenter = Segmenter(TRACK)
    playlist = Playlist("aabbccdd", 0)
    for turn in range(30):
        segmenter.receive_track(video_track(64 + 64 * (turn % 2)))
        for n in range(60):
            for part in segmenter.receive(
                video_sample(90_000 + turn * 180_000 + n * 3_000, key=n == 0)
            ):
                playlist.add(part)
        for segment in MediaPlaylist.read(playlist.text).segments if turn else []:
            assert playlist.init(int(segment.map.partition("/")[2].partition(".")[0]))
    assert playlist.init(0) is None and len(playlist._inits) <= SEGMENTS + RETIRED + 2


def test_a_part_behind_the_last_of_a_segment_is_the_first_of_the_next() -> None:
    parts = parts_of(60 * 3 + 5)  # three segments of ten parts, and the start of a fourth
    playlist, _ = grown(parts, first=100)
    assert playlist.position == (103, 0)
    assert (
        playlist.contains(102, 9)
        and not playlist.contains(102, 10)
        and not playlist.contains(103, 0)
    )
    assert playlist.contains(101, 10) and playlist.contains(101, 99) and playlist.contains(3, 0)


@pytest.mark.parametrize(
    ("number", "part", "refused"),
    [
        (103, 0, False),
        (103, 13, False),
        (103, 14, True),
        (104, 0, False),
        (105, 0, True),
        (1 << 40, 0, True),
        (5, 900, False),
    ],
)
def test_what_is_too_far_ahead_is_refused_at_once(number: int, part: int, refused: bool) -> None:
    playlist, _ = grown(parts_of(60 * 3 + 5), first=100)
    if refused:
        with pytest.raises(PlaylistError) as raised:
            playlist.require_near(number, part)
        assert (raised.value.status, raised.value.code) == (400, RefusalCode.TOO_FAR_AHEAD)
    else:
        playlist.require_near(number, part)


def test_gaps_are_listed_and_have_no_bytes() -> None:
    segmenter = Segmenter(TRACK)
    segmenter.receive_track(video_track())
    parts = [
        part
        for n in range(30)
        for part in segmenter.receive(video_sample(90_000 + n * 3_000, key=n == 0))
    ]
    parts += segmenter.gap(90_000 + 90_000 + 20 * PART_TARGET)
    playlist, texts = grown(parts, first=0)
    listed = MediaPlaylist.read(texts[-1])
    assert listed.complete[1].gap and playlist.segment(1) is None and playlist.part(1, 0) is None
    assert not listed.complete[0].gap and playlist.segment(0)


def fat(parts: list[Part], size: int) -> list[Part]:
    """The same parts, each with `size` bytes of media."""
    return [replace(part, data=bytes(size) if part.data else b"") for part in parts]


def held(playlist: Playlist) -> int:
    """Memory of the segments, from their parts."""
    segments = [*playlist._retired, *playlist._segments]
    return sum(
        SEGMENT_OVERHEAD + sum(PART_OVERHEAD + len(part.data) for part in segment.parts)
        for segment in segments
    )


def test_a_fat_stream_keeps_fewer_segments() -> None:
    """Segments that left the playlist are dropped first. The playlist itself keeps three target
    durations, and its history follows the RFC.
    """
    parts = fat(parts_of(60 * 40), 100_000)
    usual, _ = grown(parts)
    assert usual.size == held(usual) > 10_000_000
    for limit in (8_000_000, 3_000_000, 1):
        playlist, texts = Playlist("aabbccdd", 7, limit), []
        for part in parts:
            playlist.add(part)
            texts.append(playlist.text)
        check_history(texts[12:])
        assert playlist.size == held(playlist)
        listed = sum(segment.duration for segment in list(playlist._segments)[:-1])
        assert playlist.size <= limit or listed < LISTED + 2 * TARGET_DURATION * SCALE
        assert listed >= LISTED
        assert MediaPlaylist.read(playlist.text).segments[0].map


def test_a_lower_limit_drops_segments_at_once() -> None:
    playlist, _ = grown(fat(parts_of(60 * 40), 10_000))
    before = playlist.size
    playlist.limit(before // 4)
    assert playlist.size == held(playlist) <= before // 4
    assert len(MediaPlaylist.read(playlist.text).complete) < SEGMENTS
    Playlist("aabbccdd", 7).limit(1)


def test_the_text_is_compressed_once_for_all_requests() -> None:
    """Each change of the playlist changes the compressed text, too."""
    parts = parts_of(120)
    playlist, texts = Playlist("aabbccdd", 7), []
    for part in parts:
        playlist.add(part)
        assert playlist.body(zipped=True) is playlist.body(zipped=True)
        texts.append(gzip.decompress(playlist.body(zipped=True)).decode())
    assert texts == grown(parts)[1]
    playlist.end()
    zipped = playlist.body(zipped=True)
    assert gzip.decompress(zipped).decode() == playlist.text != texts[-1]


def test_a_delta_update_lacks_what_is_behind_the_skip_boundary() -> None:
    """All other lines are those of the whole playlist, but for the init segment."""
    parts = parts_of(60 * 14)
    playlist, _ = grown(parts[:80])
    for part in parts[80:]:
        playlist.add(part)
        whole = playlist.text
        delta = playlist.body(delta=True).decode()
        head, _, rest = delta.partition("#EXT-X-SKIP:SKIPPED-SEGMENTS=")
        number, init, kept = rest.split("\n", 2)
        assert whole.startswith(head) and whole.endswith(kept)
        assert init == '#EXT-X-MAP:URI="aabbccdd/0.mp4"'
        complete = MediaPlaylist.read(whole).complete
        behind = [
            sum(segment.duration or 0 for segment in complete[place + 1 :])
            for place in range(len(complete))
        ]
        boundary = SKIP_BOUNDARY / SCALE
        assert int(number) == sum(distance > boundary for distance in behind) > 0
        assert f"\n{complete[int(number)].uri}\n" in kept
        assert f"/{complete[int(number) - 1].number}.m4s" not in kept
        assert gzip.decompress(playlist.body(delta=True, zipped=True)).decode() == delta
        oldest = complete[int(number)].number
        assert playlist.delta_serves(oldest) and playlist.delta_serves(None)
        assert not playlist.delta_serves(oldest - 1)
    playlist.end()
    assert not playlist.delta_serves(None)


def test_a_short_playlist_has_nothing_to_leave_out() -> None:
    playlist = Playlist("aabbccdd", 7)
    for part in (None, *parts_of(60 * 6)):
        if part:
            playlist.add(part)
        assert playlist.body(delta=True) == playlist.body()
        assert playlist.delta_serves(7) and not playlist.delta_serves(6)


def test_each_state_has_its_own_tag() -> None:
    playlist = Playlist("aabbccdd", 7)
    tags = {playlist.tag}
    for part in parts_of(60):
        playlist.add(part)
        tags.add(playlist.tag)
    playlist.end()
    assert len({*tags, playlist.tag}) == len(parts_of(60)) + 2


def test_dates_are_continuous_to_the_microsecond() -> None:
    """The date of a segment is that of the segment before plus its duration, for frames at times
    that are not whole microseconds.
    """
    playlist, texts = grown(parts_of(60 * 20, step=3_001))
    segments = MediaPlaylist.read(texts[-1]).complete
    for before, after in pairwise(segments):
        assert before.date and after.date and before.duration
        assert after.date - before.date == timedelta(microseconds=round(before.duration * 1e6))


@pytest.mark.parametrize("step", [3_000, 3_001, 3_754])
def test_parts_are_stated_later_and_later_within_a_segment(step: int) -> None:
    """By less than 50 µs: the beginning of a part, minus the media time of its first frame."""
    playlist, texts = grown(parts_of(60 * 3, step=step))
    for listed in MediaPlaylist.read(texts[-1]).segments[-2:]:
        segment = playlist._find(listed.number)
        assert segment and len(listed.parts) == len(segment.parts) > 1
        late, stated, begin = -1.0, 0.0, segment.parts[0].began
        for part, shown in zip(segment.parts, listed.parts, strict=True):
            before, late = late, stated - (part.began - begin) / SCALE
            assert before + 5e-7 < late < 5e-5
            stated += shown.duration
