"""Opus to AAC: the audio stays at its media time."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.media.aac import FRAME, TRACK, AacTranscoder
from relay.media.bmff import init_segment, muxed_fragment
from relay.media.opus import SILENCE
from relay.sample import Sample
from tests.fixtures.media import decode_opus, decode_sounds, opus_packets, sound_sample


def decoded(frames: list[Sample]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """The audio that a player decodes, without the decoder's first frame, which would complete an
    earlier one.
    """
    sounds = decode_sounds(init_segment(TRACK) + muxed_fragment([frames], 0))
    return np.concatenate([sound.to_ndarray()[0] for sound in sounds])


def test_a_tone_stays_at_its_media_time() -> None:
    packets = [*[SILENCE] * 25, *opus_packets(25), *[SILENCE] * 30]
    frames = AacTranscoder().receive(
        [sound_sample(48_000 + n * 960, data=data) for n, data in enumerate(packets)]
    )
    aac, opus = (
        np.flatnonzero(np.abs(decoded(frames)) > 0.1),
        np.flatnonzero(np.abs(decode_opus(packets)[0]) > 0.1),
    )

    assert frames[0].dts == 48_000
    assert abs(aac[0] - opus[0]) < 100 and abs(aac[-1] - opus[-1]) < 500, "the audio is shifted"


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(-3_000, 40_000), st.booleans()), min_size=1, max_size=60))
def test_frames_are_contiguous_for_any_packets(steps: list[tuple[int, bool]]) -> None:
    transcoder, at, frames = AacTranscoder(), 480_000, []
    for hole, damaged in steps:
        at += 960 + (hole if hole % 5 == 0 else 0)
        frames += transcoder.receive(
            [sound_sample(at, data=b"\xfc\x7f\x01" if damaged else SILENCE)]
        )
    assert all(
        after.dts - before.dts == FRAME for before, after in zip(frames, frames[1:], strict=False)
    )
    assert all(frame.data for frame in frames)


def test_the_encoder_restarts_after_a_long_gap() -> None:
    transcoder = AacTranscoder()
    transcoder.receive([sound_sample(n * 960) for n in range(10)])
    later = transcoder.receive([sound_sample(480_000 + n * 960) for n in range(10)])
    assert later[0].dts == 480_000


def test_silence_fills_up_to_a_given_time() -> None:
    transcoder = AacTranscoder()
    like = sound_sample(0)
    frames = transcoder.fill(96_000, like)
    frames += transcoder.fill(100_000, like)
    assert frames[0].dts <= 96_000 and transcoder.edge is not None and transcoder.edge >= 100_000
