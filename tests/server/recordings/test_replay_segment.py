"""Segments of a replay: AAC that is encoded in pieces, and video without holes."""

import io
from collections.abc import Sequence

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from relay.hls.aac_encoder import AacEncoder
from relay.media.aac import FRAME, OpusPacket
from relay.media.bmff_reader import read_fragment
from relay.sample import Sample, Track
from server.recordings.replay_segment import (
    WARM,
    aac_samples,
    audio_job,
    frames_between,
    frames_shown,
    replay_init,
    replay_segment,
    silence_for,
)
from tests.fixtures.media import decode_opus, opus_packets, sound_sample, video_sample
from tests.fixtures.recorded import SECOND, recorded, tracks_of

TONE = 440


def encode(packets: Sequence[OpusPacket]) -> list[list[bytes]]:
    """Encodes the packets of a job, as the confined worker does."""
    encoder, encoded = AacEncoder(), []
    for packet in packets:
        if packet.restart is not None:
            encoder.restart()
        encoded.append(encoder.encode(packet.data, packet.duration))
    return encoded


def tone(seconds: float, start: int) -> list[Sample]:
    """A tone without a gap. `start`: 48 kHz ticks."""
    packets = opus_packets(round(50 * seconds), hertz=TONE)
    return [sound_sample(start + n * 960, data=packet) for n, packet in enumerate(packets)]


def made(samples: Sequence[Sample], start: int, end: int) -> list[Sample]:
    job = audio_job(frames_between(start, end), samples)
    return aac_samples(job, encode(job.packets))


def wave(samples: Sequence[Sample]) -> NDArray[np.float32]:
    """Decodes AAC frames that follow each other. Returns the left channel."""
    first = next(recorded(1))
    data = replay_init(first.init) + replay_segment([], samples, 1)
    with av.open(io.BytesIO(data), "r", format="mp4") as container:
        frames: list[AudioFrame] = list(container.decode(audio=0))
    return np.concatenate([frame.to_ndarray()[0] for frame in frames])


@pytest.mark.parametrize("offset", [0, 7, 480, 1_000])
def test_joints_have_no_click_and_times_are_exact(offset: int) -> None:
    """Segments that are encoded on their own sound like one recording: the tone goes on without a
    jump, and the sound at each time is that of a recording that was encoded at once.
    """
    start = 240_000 + offset
    samples = tone(5, start)
    cuts = [round((start / 48_000 + second) * SECOND) for second in (0.5, 1.6, 2.9, 4.2)]
    parts = [made(samples, *cut) for cut in zip(cuts, cuts[1:], strict=False)]
    joined = [sample for part in parts for sample in part]
    assert [sample.dts for sample in joined] == [
        frame * FRAME for frame in frames_between(cuts[0], cuts[-1])
    ]
    whole = made(samples, cuts[0], cuts[-1])
    pieces, once = wave(joined), wave(whole)
    assert len(pieces) == len(once)
    # The first frame has no previous frame with which it overlaps.
    assert np.abs(pieces - once)[2 * FRAME :].max() < 0.02
    steps = np.abs(np.diff(pieces[2 * FRAME :]))
    assert steps.max() < 1.3 * np.abs(np.diff(once[2 * FRAME :])).max()
    assert 0.1 < np.abs(pieces).max() < 1


def test_the_sound_is_at_its_time() -> None:
    """Each sample of the sound has the time that it had in the live."""
    start = 240_000
    samples = tone(3, start)
    heard = wave(made(samples, 5_500_000, 7_000_000))[2 * FRAME :]
    begin = (frames_between(5_500_000, 7_000_000)[0] + 2) * FRAME - start
    original = decode_opus([sample.data for sample in samples])[0][begin : begin + len(heard)]
    assert np.abs(heard - original).max() < 0.01, "a shift by one sample gives 0.014"


def test_sound_that_begins_within_a_segment() -> None:
    start = 264_000
    heard = wave(made(tone(1, start), 5 * SECOND, 6_300_000))
    first = frames_between(5 * SECOND, 6_300_000)[0] * FRAME
    began = first + int(np.argmax(np.abs(heard) > 0.05))
    assert 0 <= began - start < 0.04 * 48_000


def test_missing_audio_is_silence() -> None:
    samples = tone(3, 240_000)
    lost = [each for each in samples if not 288_000 <= each.dts < 312_000]
    heard = made(lost, 5_500_000, 7_000_000)
    assert len(heard) == len(frames_between(5_500_000, 7_000_000))
    levels = wave(heard)
    base = frames_between(5_500_000, 7_000_000)[0] * FRAME
    assert np.abs(levels[291_000 - base : 309_000 - base]).max() < 0.01
    assert np.abs(levels[316_000 - base : 330_000 - base]).max() > 0.1
    assert len(made([], 0, 2 * SECOND)) == len(frames_between(0, 2 * SECOND))


def test_the_beginning_of_media_time() -> None:
    assert [each.dts for each in made(tone(1, 0), 0, SECOND)] == [
        frame * FRAME for frame in range(47)
    ]


def test_silence_in_place_of_packets_that_the_encoder_refuses() -> None:
    job = audio_job(frames_between(5 * SECOND, 6 * SECOND), tone(2, 230_000))
    found = aac_samples(job, encode(silence_for(job)))
    assert len(found) == len(job.frames)
    assert np.abs(wave(found)[2 * FRAME :]).max() < 0.01


def test_few_packets_are_encoded_besides_those_of_the_segment() -> None:
    job = audio_job(frames_between(9 * SECOND, 10 * SECOND), tone(12, 240_000))
    seconds = sum(packet.duration for packet in job.packets) / 48_000
    assert seconds < 1 + (WARM + 4) * FRAME / 48_000 + 0.4


def test_a_segment_has_the_video_as_it_was() -> None:
    segment = next(recorded(1))
    stored = read_fragment(segment.data, tracks_of(segment))
    frames = [sample for sample in stored if sample.track is Track.VIDEO]
    sounds = made(segment.samples[30:], segment.media_time, segment.media_time + SECOND)
    data = replay_init(segment.init) + replay_segment(frames, sounds, 7)
    with av.open(io.BytesIO(data), "r", format="mp4") as container:
        assert [stream.codec.name for stream in container.streams] == ["h264", "aac"]
        packets = [packet for packet in container.demux(video=0) if packet.size]
    assert [bytes(packet) for packet in packets] == [frame.data for frame in frames]
    assert [packet.dts for packet in packets] == [frame.dts for frame in frames]


def test_the_first_frame_fills_the_begin_of_the_segment() -> None:
    frames = [video_sample(9_000, key=True).lasting(3_000), video_sample(12_000).lasting(3_000)]
    shown = frames_shown(frames, [], 50_000, 166_667)
    assert [(each.dts, each.pts, each.duration) for each in shown] == [
        (4_500, 4_500, 7_500),
        (12_000, 12_000, 3_000),
    ]
    assert frames_shown(frames, [], 100_000, 166_667) == frames


def test_a_segment_without_frames_shows_the_last_keyframe() -> None:
    earlier = [video_sample(0, key=True), video_sample(3_000)]
    (shown,) = frames_shown([], earlier, 100_000, 300_000)
    assert (shown.data, shown.key) == (earlier[0].data, True)
    assert (shown.dts, shown.duration) == (9_000, 18_000)
    assert frames_shown([], [], 0, 9) == []
