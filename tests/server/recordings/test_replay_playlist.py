"""The playlist of a replay."""

from server.recordings.replay_playlist import ListedSegment, playlist

SECOND = 1_000_000
ZERO = 1_790_000_000.0


def lines(*segments: ListedSegment) -> list[str]:
    return playlist(segments, ZERO).splitlines()


def test_a_replay_without_interruptions() -> None:
    """Durations are exact: the sum of many rounded durations would be wrong."""
    assert lines(
        ListedSegment(1, 1, 5 * SECOND, 4_033_333), ListedSegment(2, 1, 9_033_333, 1_966_667)
    ) == [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        "#EXT-X-TARGETDURATION:4",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        '#EXT-X-MAP:URI="1.mp4"',
        "#EXT-X-PROGRAM-DATE-TIME:2026-09-21T14:13:25.000Z",
        "#EXTINF:4.033333,",
        "1.m4s",
        "#EXTINF:1.966667,",
        "2.m4s",
        "#EXT-X-ENDLIST",
    ]


def test_an_interruption_and_a_new_piece() -> None:
    found = lines(
        ListedSegment(1, 1, 0, 4 * SECOND),
        ListedSegment(2, 1, 9 * SECOND, 4 * SECOND),
        ListedSegment(3, 2, 13 * SECOND, 4 * SECOND),
    )
    assert found[8:] == [
        "#EXT-X-DISCONTINUITY",
        '#EXT-X-MAP:URI="1.mp4"',
        "#EXT-X-PROGRAM-DATE-TIME:2026-09-21T14:13:29.000Z",
        "#EXTINF:4.000000,",
        "2.m4s",
        "#EXT-X-DISCONTINUITY",
        '#EXT-X-MAP:URI="2.mp4"',
        "#EXT-X-PROGRAM-DATE-TIME:2026-09-21T14:13:33.000Z",
        "#EXTINF:4.000000,",
        "3.m4s",
        "#EXT-X-ENDLIST",
    ]


def test_rounded_times_are_no_interruption() -> None:
    found = lines(ListedSegment(1, 1, 0, 3_999_999), ListedSegment(2, 1, 4_000_001, SECOND))
    assert "#EXT-X-DISCONTINUITY" not in found


def test_the_target_duration_is_that_of_the_longest_segment() -> None:
    """RFC 8216 §4.3.3.1: each duration, rounded, is at most the target duration."""
    found = lines(ListedSegment(1, 1, 0, 400_000), ListedSegment(2, 1, 400_000, 4_500_001))
    assert "#EXT-X-TARGETDURATION:5" in found
    assert "#EXT-X-TARGETDURATION:1" in lines(ListedSegment(1, 1, 0, 400_000))
