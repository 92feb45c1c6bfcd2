"""The audio of a clip begins and ends with the picture, whatever packets the live has."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.hls.aac_encoder import AacEncoder
from relay.media.aac import FRAME, TRACK
from relay.media.progressive import Run, progressive_mp4
from relay.sample import Sample
from server.clips.cut import Cut
from server.clips.sound import PACKETS, SoundPlan, plan_sound
from tests.fixtures import live_samples as live
from tests.fixtures.media import decode_opus, decode_sounds, sound_sample

S = 48_000


def clip(audio: Sequence[Sample], start: float = 20.0, seconds: float = 6.0) -> Cut:
    video = live.video(seconds, start=start)
    return Cut(live.track(), video, audio, video[0].pts + round(seconds * 90_000))


def encoded(plan: SoundPlan) -> list[Sample]:
    """Returns the audio. Each block is encoded alone."""
    frames: list[bytes] = []
    for block in plan.blocks:
        encoder = AacEncoder()
        packets = [*block.before, *block.packets, *block.after]
        found = [frame for p in packets for frame in encoder.encode(p.data, p.duration)]
        frames += found[block.skip : block.skip + block.count]
    return plan.samples(frames)


def loud(plan: SoundPlan) -> tuple[list[float], list[float]]:
    """Returns when the decoded file is loud, and when the Opus packets are loud: the first and the
    last moment, in s of the file.
    """
    samples = encoded(plan)
    assert len(samples) == plan.count
    frames = decode_sounds(progressive_mp4([Run(TRACK, samples, plan.end)]))
    assert all(frame.pts == index * FRAME for index, frame in enumerate(frames))
    aac = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    packets = [packet.data for block in plan.blocks for packet in block.packets]
    early = plan.skip if plan.blocks[0].before else plan.blocks[0].skip
    opus = decode_opus(packets)[0, early * FRAME :][: plan.end - plan.start]
    found = [np.flatnonzero(np.abs(wave) > 0.1) / S for wave in (aac, opus)]
    return [found[0][0], found[0][-1]], [found[1][0], found[1][-1]]


@pytest.mark.parametrize("start", [20.0, 20.01, 20.0333, 20.7])
def test_a_tone_stays_at_its_media_time(start: float) -> None:
    """Both ends of the audio are within 11 ms of the picture."""
    audio = live.sound(20, tone=lambda at: 21.0 <= at < 22.0 or 24.5 <= at < 25.5)
    cut = clip(audio, start)
    plan = plan_sound(cut)
    assert plan
    assert abs(plan.start / S - cut.start_ticks / 90_000) < 0.011
    assert plan.end - plan.start == 6 * S
    aac, opus = loud(plan)
    assert aac == pytest.approx(opus, abs=0.005)
    assert opus == pytest.approx([21 - start, 25.5 - start], abs=0.07), (
        "the encoder's first packets"
    )


def test_a_clip_without_audio() -> None:
    """The clip has no audio, also if the live has audio before and after the clip."""
    assert plan_sound(clip([])) is None
    around = [*live.sound(9.9), *live.sound(1, start=26.1)]
    assert plan_sound(clip(around)) is None


def test_audio_that_begins_late_and_pauses() -> None:
    """Silence replaces the missing audio. The other audio keeps its time."""
    audio = [*live.sound(1.5, start=22.003), *live.sound(0.5, start=25.004)]
    plan = plan_sound(clip(audio))
    assert plan
    aac, opus = loud(plan)
    assert aac == pytest.approx(opus, abs=0.005)
    assert opus == pytest.approx([2.003, 5.504], abs=0.06)
    assert abs(plan.start - 20 * S) <= FRAME / 2


def test_the_end_of_a_live() -> None:
    """After the last packet, the encoder gets silence, and the audio is complete."""
    plan = plan_sound(clip(live.sound(16)))
    assert plan
    assert loud(plan)[0][1] == pytest.approx(6.0, abs=0.011)


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(-2_000, 60_000), st.sampled_from([120, 480, 960, 2_880])),
        min_size=1,
        max_size=40,
    ),
    st.integers(0, 90_000),
)
def test_any_packets(steps: list[tuple[int, int]], late: int) -> None:
    """The packets for the encoder have no gap longer than 2.5 ms and no long overlap, and suffice
    for all AAC frames.
    """
    at = 19 * S
    audio: list[Sample] = []
    for step, duration in steps:
        at += step
        data = bytes((0xF8, 0xFF, len(audio)))  # The data differs for each packet.
        audio.append(sound_sample(at, data=data, duration=duration))
        at += duration
    audio.sort(key=lambda sample: sample.dts)
    cut = clip(audio, 20 + late / 90_000)
    plan = plan_sound(cut)
    if plan is None:
        return
    assert abs(plan.start - cut.start_ticks * 8 / 15) <= FRAME / 2 + 1
    for block in plan.blocks:
        packets = [*block.before, *block.packets, *block.after]
        total = sum(packet.duration for packet in packets)
        assert total >= (block.skip + block.count + 2) * FRAME, "all frames come out"
    assert plan.skip + plan.count <= sum(block.count for block in plan.blocks)
    first = plan.blocks[0]
    begin = plan.start - (plan.skip if first.before else first.skip) * FRAME
    packets = [packet for block in plan.blocks for packet in block.packets]
    begins = np.cumsum([begin, *(packet.duration for packet in packets)]).tolist()
    known = {id(sample.data): sample.dts for sample in audio}
    for at, packet in zip(begins, packets, strict=False):
        assert id(packet.data) not in known or abs(known[id(packet.data)] - at) <= 960


def test_clips_of_the_same_moments_share_blocks() -> None:
    """The clips share all blocks that are whole in both clips, whatever the ends of the clips."""
    audio = [sound_sample(n * 960, data=bytes((0xF8, *n.to_bytes(2, "big")))) for n in range(3_000)]
    one, other = plan_sound(clip(audio, 20, 10)), plan_sound(clip(audio, 23.4, 10))
    assert one and other
    shared = {block.key for block in one.blocks} & {block.key for block in other.blocks}
    assert len(shared) == (30 - 23.4) * 50 // PACKETS + 1
    assert len({block.key for block in one.blocks}) == len(one.blocks)
