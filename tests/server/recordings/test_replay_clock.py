"""The time of a replay and media time."""

from server.recordings.replay_clock import Run, hearts_in_replay, runs, time_in_replay
from server.recordings.replay_playlist import ListedSegment

SECOND = 1_000_000
RUNS = [Run(0, 5 * SECOND, 8 * SECOND), Run(8 * SECOND, 20 * SECOND, 4 * SECOND)]


def test_segments_without_a_gap_are_one_run() -> None:
    """The run continues also if a new piece begins."""
    assert (
        runs(
            [
                ListedSegment(1, 1, 5 * SECOND, 4 * SECOND),
                ListedSegment(2, 2, 9 * SECOND, 4 * SECOND),
                ListedSegment(3, 2, 20 * SECOND, 4 * SECOND),
            ]
        )
        == RUNS
    )


def test_media_time_to_time_in_the_replay() -> None:
    wanted = {0: 0, 5: 0, 12: 7, 13: 8, 17: 8, 20: 8, 23: 11, 24: 12, 60: 12}
    for media, replay in wanted.items():
        assert time_in_replay(RUNS, media * SECOND) == replay * SECOND, media


def test_hearts_over_the_replay() -> None:
    """Taps of an interruption count where the interruption was."""
    counts, length = hearts_in_replay(RUNS, {0: 1, 5: 2, 10: 3, 15: 4, 20: 5, 90: 6}, 5, 100)
    assert (counts, length) == ([3, 7, 11], 5)
    counts, length = hearts_in_replay(RUNS, {5: 2, 10: 3, 20: 5}, 5, 2)
    assert (counts, length) == ([5, 5], 10)
