"""What `scripts/bench clips` compares, and the bars of the benchmark."""

import io

import av
import pytest

from relay.media import bmff, opus
from relay.media.progressive import Run, progressive_mp4
from relay.message import Kind, Record, init_body
from relay.sample import Sample, TrackInfo
from scripts.benchmarks.clip_window import SECONDS, ClipWindow
from scripts.benchmarks.clips import Case, Plan, Report, Viewers
from scripts.benchmarks.figures import Figures
from tests.fixtures import live_samples as live


def records(samples: list[Sample], *tracks: TrackInfo) -> list[tuple[float, Record]]:
    """Returns the records that a viewer gets."""
    inits = [
        Record(Kind.INIT, init_body(info.codec, bmff.init_segment(info)), int(info.track))
        for info in tracks
    ]
    media = [
        Record(Kind.MEDIA, bmff.fragment([s], 0, s.track), int(s.track), media_time=s.media_time)
        for s in samples
    ]
    return [(0.0, record) for record in (*inits, *media)]


def test_frames_that_are_not_those_of_the_live_are_counted() -> None:
    video = live.video(10)
    window = ClipWindow(records(video, live.track()))
    clip = progressive_mp4([Run(live.track(), video[60:180], video[180].pts)])
    assert window.changed(clip) == 0
    data = video[100].data
    assert window.changed(clip.replace(data, data[:-1] + b"\0")) >= 1
    assert ClipWindow(records(live.video(4), live.track())).changed(clip) == 0, "the same pictures"


def test_the_window_as_a_file() -> None:
    """The newest seconds, from a keyframe on, with audio."""
    seconds = SECONDS + 11.0
    samples = live.together(live.video(seconds), live.sound(seconds))
    window = ClipWindow(records(samples, live.track(), opus.track_info()))
    with av.open(io.BytesIO(window.file()), "r") as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]
        assert (container.duration or 0) / av.time_base == pytest.approx(window.duration, abs=0.3)
    assert SECONDS - 2 <= window.duration <= SECONDS


def case(seconds: int, playable: float) -> Case:
    nothing = Figures.of(())
    figures = Figures.of([playable])
    return Case(1_000, seconds, 1, figures, figures, 100.0, 1.0, nothing, 0.0, 0, 0)


def test_bars() -> None:
    """Clips of 30 s are playable in 500 ms, and the viewers notice little."""
    report = Report([case(30, 499), case(60, 900)], [Viewers(1_000, 10.0, 15.0, ("passed",) * 2)])
    assert len(report.bars) == 4 and all(bar.kept for bar in report.bars)
    report = Report([case(30, 501)], [Viewers(1_000, 100.0, 121.0, ("passed",) * 2)])
    assert [bar.kept for bar in report.bars] == [False, False, True, True]
    assert report.as_json()["cases"][0]["playable"]["p50"] == 501


def test_the_load_lasts_as_long_as_the_taps() -> None:
    plan = Plan(lengths=(10, 30), at_once=(1, 10), rounds=20)
    assert (plan.batches(1), plan.batches(10), plan.batches(50)) == (20, 2, 1)
    assert plan.warm_up > 30 and plan.taps > 2 * 20
