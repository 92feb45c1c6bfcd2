"""The pure parts of scripts/bench soak: reading a clapperboard, and the bars."""

import json
import math
from collections.abc import Iterator

import av
import pytest
from av.video.codeccontext import VideoCodecContext
from hypothesis import given
from hypothesis import strategies as st

from relay.rtc.receive.depacketise import depacketise
from scripts.benchmarks import clapper, timecode
from scripts.benchmarks.lip_sync import Watcher
from scripts.benchmarks.memory import own
from scripts.benchmarks.memory_use import MemoryUse
from scripts.benchmarks.soak import SETTLE, Growth, Report, Viewing
from scripts.loadgen.clip import Array, Clip
from tests.fixtures.media import decode_opus

ORIGIN = 5_000.0
REFRESH = 1 / 60


def screen(seconds: float, delay: float, begin: float = 0.0) -> Iterator[tuple[float, int]]:
    """What a page shows of a source in step with the clock. `begin`: seconds since ORIGIN."""
    for number in range(int(seconds / REFRESH)):
        moment = ORIGIN + begin + number * REFRESH
        shown = (moment - delay) % clapper.LOOP
        yield moment, timecode.encode(int(shown * clapper.FPS) * 1_000 // clapper.FPS)


def heard(seconds: float, delay: float) -> list[float]:
    first = math.ceil(ORIGIN / clapper.EVERY)
    return [
        (first + number) * clapper.EVERY + delay for number in range(int(seconds / clapper.EVERY))
    ]


@given(st.floats(0.02, 8), st.floats(-0.2, 0.2))
def test_delay_and_lip_sync_are_read_back(delay: float, apart: float) -> None:
    watcher = Watcher(ORIGIN)
    watcher.look(screen(30, delay))
    watcher.listen(heard(30, delay + apart))
    ages = sorted(watcher.of(0, 30))
    assert ages[len(ages) // 2] == pytest.approx(delay * 1_000 + 500 / clapper.FPS, abs=20)
    found = watcher.apart()
    assert len(found) >= 7
    # A flash is seen at the next screen refresh.
    assert all(apart * 1_000 - 1_000 * REFRESH - 2 <= ms <= apart * 1_000 + 2 for _, ms in found)
    assert not watcher.freezes


def test_a_dropped_flash_is_found_by_the_next_frame() -> None:
    watcher = Watcher(ORIGIN)
    watcher.look(
        sample for sample in screen(9, 0.1) if (timecode.decode(sample[1]) or 0) % 3_000 > 40
    )
    watcher.listen(heard(9, 0.1))
    assert [ms for _, ms in watcher.apart()] == pytest.approx([0, 0, 0], abs=20)


def test_a_freeze_is_recorded_and_a_black_frame_is_no_time() -> None:
    watcher = Watcher(ORIGIN)
    watcher.look([*screen(1, 0.1), (ORIGIN + 1.2, 0), *screen(1, 0.1, begin=2)])
    [(at, ms)] = watcher.freezes
    assert at == pytest.approx(2.0, abs=0.05) and ms == pytest.approx(1_000, abs=60)
    assert watcher.unread == 1


def test_the_loop_shows_its_time_flashes_and_beeps_at_the_same_moment(board: Clip) -> None:
    frames, sound = (
        list(lumas(board)),
        decode_opus(board.sounds * 2)[0][-round(clapper.LOOP * 48_000) :],
    )
    assert len(frames) == clapper.LOOP * clapper.FPS
    bright = [number for number, luma in enumerate(frames) if luma[200:300].mean() > 200]
    assert [read(luma) for luma in frames] == [round(number * 1_000 / 30) for number in range(720)]
    assert bright == [second * 90 + n for second in range(8) for n in range(3)]
    loud = [n for n, level in enumerate(abs(sound)) if level > 0.05]
    starts = [
        now for before, now in zip([-48_000, *loud], loud, strict=False) if now - before > 24_000
    ]
    assert [start / 48_000 for start in starts] == pytest.approx(list(range(0, 24, 3)), abs=0.003)


def lumas(clip: Clip) -> Iterator[Array]:
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, VideoCodecContext)
    units = [b"".join(b"\0\0\0\1" + nal for nal in depacketise(frame)) for frame in clip.frames]
    for packet in [*map(av.Packet, units), None]:
        for frame in decoder.decode(packet):
            yield frame.to_ndarray(format="gray")


def read(luma: Array) -> int | None:
    word = 0
    for place in range(32):
        word = word << 1 | int(luma[place // 16 * 40 + 20, place % 16 * 40 + 20] > 127)
    return timecode.decode(word)


@pytest.fixture(scope="module")
def board() -> Clip:
    return clapper.encode()


@given(st.floats(0, 1e6))
def test_a_steady_creator_starts_in_step_with_the_clock(moment: float) -> None:
    clip = Clip(640, 360, 30, 700, ((b"",),) * 360, (b"",) * 600)
    frame, sound = clip.place(moment)
    assert (
        abs(frame / 30 - sound / 50) <= 0.5 / 30 + 0.5 / 50 + 1e-6
        or abs(frame / 30 - sound / 50) > 11.9
    )
    assert clip.place(24.0) == (0, 0) and clip.place(14.0) == (60, 100)


def viewing(path: str, delays: dict[float, float], apart: float = 0.03) -> Viewing:
    """A page whose delay changes at some moments."""
    made = Viewing(path)
    made.watcher.origin = ORIGIN
    moments = [*delays, 200.0]
    for begin, end in zip(moments, moments[1:], strict=False):
        made.watcher.look(screen(end - begin, delays[begin], begin))
    for beep in heard(200, 0):
        late = [delay for begin, delay in delays.items() if begin <= beep - ORIGIN][-1]
        made.watcher.listen([beep + late + apart])
    made.memory = [(at, MemoryUse(2.0, 50 + at / 100, at / 4)) for at in range(0, 200, 15)]
    made.stats = [(at, {"stalls": at // 100, "seeks": 0}) for at in range(0, 200, 5)]
    return made


def test_bars_of_a_live_that_drifts() -> None:
    report = Report(
        200,
        [viewing("mse", {0: 0.2, 100: 0.25}), viewing("hls", {0: 1.4}, apart=0.08)],
        lasted=200,
        server=[(at, 70) for at in range(0, 200, 15)],
    )
    kept = {bar.name: bar.kept for bar in report.bars}
    assert kept == {
        "MSE, delay at the end": False,
        "MSE, audio and video apart, worst minute": True,
        "MSE, page's heap at the end": True,
        "MSE, page's process at the end": True,
        "LL-HLS, delay at the end": True,
        "LL-HLS, audio and video apart, worst minute": False,
        "LL-HLS, page's heap at the end": True,
        "LL-HLS, page's process at the end": True,
        "LL-HLS, stalls": False,
        "server, memory at the end": True,
    }
    assert report.cpu(report.viewings[0]) == pytest.approx(25)
    assert json.loads(json.dumps(report.as_json(), allow_nan=False))["paths"]["hls"]["stalls"] == 1


@pytest.mark.parametrize(
    ("apart", "late", "early"), [(0.03, True, True), (0.09, False, True), (-0.03, True, False)]
)
def test_audio_may_trail_a_frame_that_is_shown_at_once(
    apart: float, late: bool, early: bool
) -> None:
    report = Report(200, [viewing("webcodecs", {0: 0.1}, apart)], lasted=200)
    kept = {bar.name: bar.kept for bar in report.bars}
    assert kept["WebCodecs, audio after video, worst minute"] is late
    assert kept["WebCodecs, audio before video, worst minute"] is early


def test_the_sources_own_skew_is_subtracted() -> None:
    report = Report(200, [viewing("mse", {0: 0.2}, apart=0.13)], skew=100, lasted=200)
    assert report.apart(report.viewings[0], (SETTLE, 200)).p50 == pytest.approx(22, abs=12)


def test_a_page_that_ended_early_misses_its_bars() -> None:
    report = Report(1_800, [Viewing("webcodecs", error="crashed")], lasted=1_800)
    assert not any(bar.kept for bar in report.bars)
    json.dumps(report.as_json(), allow_nan=False)


def test_growth_is_the_slope_of_memory_use() -> None:
    growth = Growth.of([(at, 50 + at / 60) for at in range(0, 1_800, 15)])
    assert growth.per_hour == pytest.approx(60)
    assert not growth.bar("memory", 10).kept
    assert math.isnan(Growth.of([]).last)


def test_collected_garbage_is_no_growth() -> None:
    assert (
        Growth.of([(at, 70 + at % 120 / 2.4) for at in range(10, 1_800, 15)]).bar("memory", 10).kept
    )


def test_an_ended_process_has_no_memory() -> None:
    assert math.isnan(own(1 << 30))
