"""The live edge of a stream (relay/stream/live_edge.py)."""

from relay.stream.live_edge import HOLE, Edge


def test_media_time_goes_on_only_forward() -> None:
    edge = Edge()
    for media_time in (33_000, 100_000, 66_000):
        edge.advance(media_time)
    assert edge.media_time == 100_000
    assert edge.behind(40_000) == 60_000


def test_no_viewer_falls_behind_while_a_creator_is_away() -> None:
    edge = Edge()
    edge.advance(5_000_000)
    edge.advance(5_000_000 + 8 * HOLE)
    assert edge.behind(5_000_000) == 0
    assert edge.behind(4_900_000) == 100_000
    edge.advance(5_100_000 + 8 * HOLE)
    assert edge.behind(5_000_000 + 8 * HOLE) == 100_000


def test_lost_frames_are_no_hole() -> None:
    edge = Edge()
    edge.advance(5_000_000)
    edge.advance(5_000_000 + HOLE)
    assert edge.behind(5_000_000) == HOLE
