"""Segments of a replay with the Opus packets of the recording."""

import io

import av
import numpy as np

from relay.media.opus import SILENCE
from relay.sample import Sample
from server.recordings.replay_opus import opus_init, opus_samples
from server.recordings.replay_segment import replay_segment
from tests.fixtures.media import opus_packets, sound_sample
from tests.fixtures.recorded import SECOND, recorded

START = 240_000
"""Beginning of the sound, 48 kHz ticks."""


def tone(seconds: float, start: int = START) -> list[Sample]:
    packets = opus_packets(round(50 * seconds), hertz=440)
    return [sound_sample(start + n * 960, data=packet) for n, packet in enumerate(packets)]


def times(samples: list[Sample]) -> list[tuple[int, int]]:
    return [(sample.dts, sample.duration) for sample in samples]


def test_the_packets_of_segments_are_those_of_the_recording() -> None:
    samples = tone(3)
    cuts = (5 * SECOND, 5_777_777, 6_500_000, 8 * SECOND)
    parts = [opus_samples(samples, *cut) for cut in zip(cuts, cuts[1:], strict=False)]
    assert [sample for part in parts for sample in part] == samples


def test_missing_audio_is_silence_and_later_audio_is_at_its_time() -> None:
    samples = [each for each in tone(2, START + 7) if not 264_000 <= each.dts < 288_100]
    found = opus_samples(samples, 4_900_000, 7_200_000)
    silent = [each for each in found if each.data == SILENCE]
    assert len(found) - len(silent) == len(samples) and len(silent) == 5 + 26 + 9
    assert {each.dts for each in samples} <= {each.dts for each in found}
    ends = [at + duration for at, duration in times(found)]
    assert ends[:-1] == [at for at, _ in times(found)][1:]
    assert 0 <= 7.2 * 48_000 - ends[-1] < 960
    assert len(opus_samples([], 0, SECOND)) == 50


def test_packets_that_overlap() -> None:
    first, second, third = tone(0.06)
    late = sound_sample(second.dts + 100, data=second.data)
    assert times(opus_samples([first, second, late, third], 5 * SECOND, 5_060_000)) == times(
        [first, second, third]
    )
    early = sound_sample(second.dts - 100, data=second.data)
    assert times(opus_samples([first, early], 5 * SECOND, 5_039_000)) == [
        (first.dts, 860),
        (early.dts, 960),
    ]


def test_short_packets_in_the_wrong_order() -> None:
    """A packet whose duration would be negative cannot be written."""
    samples = [sound_sample(START + at, duration=120) for at in (0, 120, 60, 240)]
    found = opus_samples(samples, 5 * SECOND, 5_007_500)
    assert times(found) == [(START, 120), (START + 120, 120), (START + 240, 120)]


def test_a_segment_plays() -> None:
    stored = next(recorded(1))
    data = opus_init(stored.init) + replay_segment(
        [], opus_samples(tone(1), 5_000_000, 6_000_000), 1
    )
    with av.open(io.BytesIO(data), "r", format="mp4") as container:
        frames = list(container.decode(audio=0))
    sound = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    assert len(sound) == 48_000 and np.abs(sound).max() > 0.1
