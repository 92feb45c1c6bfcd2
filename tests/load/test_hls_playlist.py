"""Reading our own playlists, and text that is not a playlist."""

import pytest

from relay.hls.multivariant import multivariant
from relay.hls.playlist import Playlist
from relay.hls.segmenter import Segmenter
from relay.media.aac import TRACK
from scripts.loadgen.hls_playlist import PlaylistUnreadable, read_playlist, read_variant
from tests.fixtures.media import video_sample, video_track

HEAD = "#EXTM3U\n#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.05\n"


def live(frames: int) -> tuple[Playlist, list[str]]:
    """A playlist of that many frames, with an IDR every second, and its text after each part."""
    segmenter, playlist, texts = Segmenter(TRACK), Playlist("aabbccdd", 7), []
    segmenter.receive_track(video_track())
    for n in range(frames):
        for part in segmenter.receive(video_sample(90_000 + n * 3_000, key=n % 30 == 0)):
            playlist.add(part)
            texts.append(playlist.text)
    return playlist, texts


def test_our_own_playlists_are_read_part_by_part() -> None:
    playlist, texts = live(600)
    coming = read_playlist(texts[0]).coming
    for text in texts[1:]:
        read = read_playlist(text)
        new = read.since(coming)
        assert len(new) == 1 and read.follows(coming)
        assert playlist.part(*new[0].place) and new[0].uri == "aabbccdd/{}.{}.m4s".format(
            *new[0].place
        )
        coming = read.coming
    assert coming == playlist.position and read.init == "aabbccdd/0.mp4" and not read.ended


def test_part_dates_continue_within_a_segment() -> None:
    _, texts = live(600)
    parts = read_playlist(texts[-1]).parts
    for before, after in zip(parts, parts[1:], strict=False):
        assert before.ends is not None and after.ends is not None
        assert after.ends - before.ends == pytest.approx(after.duration * 1_000_000, abs=30)


def test_joins_at_an_independent_part_far_enough_from_the_end() -> None:
    _, texts = live(600)
    for text in texts[20:]:
        read = read_playlist(text)
        start = read.start()
        assert start[0].independent and start[-1] == read.parts[-1]
        assert read.hold_back <= sum(part.duration for part in start) < read.hold_back + 2.5


def test_a_missed_part_is_detected() -> None:
    _, texts = live(1_200)
    assert not read_playlist(texts[-1]).follows(read_playlist(texts[2]).coming)


def test_a_gap_is_not_requested() -> None:
    read = read_playlist(
        HEAD
        + '#EXT-X-MAP:URI="i.mp4"\n#EXT-X-PART:DURATION=0.35,URI="1.m4s",GAP=YES\n#EXT-X-ENDLIST\n'
    )
    assert read.parts[0].gap and read.parts[0].ends is None and read.ended


def test_the_variant_is_found() -> None:
    assert (
        read_variant(multivariant("live.m3u8", video_track(), TRACK, 1_000_000, 30)) == "live.m3u8"
    )


@pytest.mark.parametrize(
    "text",
    [
        "<html>",
        "#EXTM3U\n",
        HEAD,
        HEAD + '#EXT-X-MAP:URI="i.mp4"\n#EXT-X-PART:DURATION=soon,URI="1.m4s"\n',
        HEAD + "#EXT-X-PROGRAM-DATE-TIME:yesterday\n",
    ],
)
def test_an_unplayable_playlist_is_refused(text: str) -> None:
    with pytest.raises(PlaylistUnreadable):
        read_playlist(text)


@pytest.mark.parametrize("text", ["<html>", "#EXTM3U\n#EXT-X-VERSION:6\n"])
def test_a_playlist_without_a_variant_is_refused(text: str) -> None:
    with pytest.raises(PlaylistUnreadable):
        read_variant(text)
