"""Opus to AAC: the audio stays at its media time, whichever packets are lost."""

from collections.abc import Iterable

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.hls.aac_encoder import AacEncoder
from relay.media.aac import FRAME, TRACK, AacTimeline, OpusPacket
from relay.media.bmff import init_segment, muxed_fragment
from relay.media.opus import SILENCE
from relay.sample import Sample
from tests.fixtures.media import decode_opus, decode_sounds, opus_packets, sound_sample


class Transcoder:
    """A timeline and an encoder."""

    def __init__(self) -> None:
        self.timeline = AacTimeline()
        self._encoder = AacEncoder()

    def receive(self, samples: Iterable[Sample]) -> list[Sample]:
        return self.encode(self.timeline.packets(samples))

    def encode(self, packets: Iterable[OpusPacket]) -> list[Sample]:
        frames: list[Sample] = []
        for packet in packets:
            if packet.restart is not None:
                self._encoder.restart()
            encoded = self._encoder.encode(packet.data, packet.duration)
            frames += self.timeline.frames(packet, encoded)
        return frames

    def fail(self, packets: Iterable[OpusPacket]) -> list[Sample]:
        """The encoder and the frames of these packets are lost."""
        lost = list(packets)
        self._encoder = AacEncoder()
        return self.encode(self.timeline.replace(lost))


def decoded(frames: list[Sample]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """The audio that a player decodes, without the decoder's first frame, which only completes an
    earlier frame.
    """
    sounds = decode_sounds(init_segment(TRACK) + muxed_fragment([frames], 0))
    return np.concatenate([sound.to_ndarray()[0] for sound in sounds])


def assert_contiguous(frames: list[Sample]) -> None:
    assert all(
        after.dts - before.dts == FRAME for before, after in zip(frames, frames[1:], strict=False)
    )


def test_a_tone_stays_at_its_media_time() -> None:
    packets = [*[SILENCE] * 25, *opus_packets(25), *[SILENCE] * 30]
    frames = Transcoder().receive(
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
    transcoder, at, frames = Transcoder(), 480_000, []
    for hole, damaged in steps:
        at += 960 + (hole if hole % 5 == 0 else 0)
        frames += transcoder.receive(
            [sound_sample(at, data=b"\xfc\x7f\x01" if damaged else SILENCE)]
        )
    assert_contiguous(frames)
    assert all(frame.data for frame in frames)


def test_the_encoder_restarts_after_a_long_gap() -> None:
    transcoder = Transcoder()
    transcoder.receive([sound_sample(n * 960) for n in range(10)])
    later = transcoder.receive([sound_sample(480_000 + n * 960) for n in range(10)])
    assert later[0].dts == 480_000


def test_silence_fills_up_to_a_given_time() -> None:
    transcoder = Transcoder()
    like = sound_sample(0)
    frames = transcoder.encode(transcoder.timeline.fill(96_000, like))
    frames += transcoder.encode(transcoder.timeline.fill(100_000, like))
    edge = transcoder.timeline.edge
    assert frames[0].dts <= 96_000 and edge is not None and edge >= 100_000


def test_a_lost_encoder_costs_the_sound_of_its_packets_and_no_time() -> None:
    """Silence replaces them. The tone after it is at the same time as without the loss."""
    begins = []
    for fails in (False, True):
        transcoder = Transcoder()
        frames = transcoder.receive([sound_sample(48_000 + n * 960) for n in range(20)])
        lost = transcoder.timeline.packets(sound_sample(48_000 + n * 960) for n in range(20, 37))
        frames += transcoder.fail(lost) if fails else transcoder.encode(lost)
        frames += transcoder.receive(
            sound_sample(48_000 + n * 960, data=data) for n, data in enumerate(opus_packets(50), 37)
        )
        assert_contiguous(frames)
        begins.append(int(np.flatnonzero(np.abs(decoded(frames)) > 0.1)[0]))
    assert abs(begins[0] - begins[1]) < 120


def test_a_lost_first_encoder() -> None:
    transcoder = Transcoder()
    frames = transcoder.fail(transcoder.timeline.packets([sound_sample(n * 960) for n in range(9)]))
    frames += transcoder.receive([sound_sample(n * 960) for n in range(9, 30)])
    assert frames[0].dts == 0 and len(frames) > 20
    assert_contiguous(frames)


def test_a_faulty_encoder_cannot_run_ahead_of_the_audio() -> None:
    timeline = AacTimeline()
    (packet,) = timeline.packets([sound_sample(48_000)])
    assert len(list(timeline.frames(packet, [b"frame"] * 1_000))) == 1
