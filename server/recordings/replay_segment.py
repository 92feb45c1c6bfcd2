"""Makes a segment of a replay from stored segments: the video as it is, and the audio as AAC. Pure.

The AAC frames of all segments of a recording form one sequence: frame k begins at the media time k
× 1,024 ticks of 48 kHz. Each segment is encoded on its own. The encoder therefore first gets the
audio before the segment, and the frames of that audio are dropped. The first frame that is kept is
then the same as if the encoder had run from the beginning of the recording. Therefore, joints
between segments have no click.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from relay.media.aac import FRAME, LOOKAHEAD, TRACK, OpusPacket
from relay.media.bmff import init_segment, muxed_fragment
from relay.media.bmff_reader import read_init
from relay.media.opus import (
    RATE,
    SHORT_SILENCE,
    SHORT_SILENCE_TICKS,
    SILENCE,
    SILENCE_TICKS,
)
from relay.sample import VIDEO_RATE, Sample, Track

WARM = 12
"""Number of AAC frames that are encoded and dropped before a segment: 256 ms. The Opus decoder
needs 80 ms until its state no longer depends on earlier packets (RFC 7845 §4.2), and the AAC
encoder some frames more.
"""
_NOTHING = Sample(Track.AUDIO, 0, 0, b"", True, False, 0, 0, 0, 0)
_GRAIN = 8
"""Greatest common divisor of the durations of an AAC frame and of the shortest packet of silence,
48 kHz ticks.
"""
_ALIGNED = FRAME // _GRAIN
"""Number of packets of SHORT_SILENCE whose duration is a multiple of FRAME."""
_PERIOD = _ALIGNED * SHORT_SILENCE_TICKS
_INVERSE = pow(SHORT_SILENCE_TICKS // _GRAIN, -1, _ALIGNED)


@dataclass(frozen=True, slots=True)
class AudioJob:
    """The audio of one segment for the encoder."""

    frames: range
    """The AAC frames of the segment, by their numbers in the recording."""
    packets: Sequence[OpusPacket]
    """The packets for the encoder. The encoder restarts at the first packet."""
    first: int
    """Number of the frame that begins with the first packet."""


def replay_init(init: bytes) -> bytes:
    """Returns the init segment of a piece with AAC. `init`: the stored init segment. Raises
    BitstreamError.
    """
    video = (info for info in read_init(init) if info.track is Track.VIDEO)
    return init_segment(*video, TRACK)


def frames_between(start: int, end: int) -> range:
    """Returns the AAC frames that begin from the media time `start` to before `end`, µs."""
    return range(_frame_from(start), _frame_from(end))


def audio_job(frames: range, samples: Iterable[Sample]) -> AudioJob:
    """Returns the packets from which an encoder makes `frames`. `samples`: the Opus samples of the
    recording around these frames, in order. Missing audio becomes silence.
    """
    begin = (frames.start - WARM) * FRAME
    end = frames.stop * FRAME + LOOKAHEAD + FRAME
    near = [sample for sample in samples if begin <= sample.dts < end]
    start = near[0].dts if near else begin
    # The encoder must begin at a frame of the sequence. Silence before the first sample fills the
    # time from the beginning of a frame.
    short = start // _GRAIN * _INVERSE % _ALIGNED
    short += _ALIGNED * -(-max(0, start - short * SHORT_SILENCE_TICKS - begin) // _PERIOD)
    first = (start - short * SHORT_SILENCE_TICKS) // FRAME
    packets = _silence(short * SHORT_SILENCE_TICKS)
    at = start
    for sample in near:
        if sample.dts <= at - SILENCE_TICKS:
            continue  # This packet overlaps the previous packets.
        gap = (sample.dts - at) // SHORT_SILENCE_TICKS * SHORT_SILENCE_TICKS
        if gap > 0:
            packets += _silence(gap)
            at += gap
        packets.append(OpusPacket(sample.data, sample.duration, sample))
        at += sample.duration
    packets += _silence(max(0, end - at) + SHORT_SILENCE_TICKS)
    head = packets[0]
    packets[0] = OpusPacket(head.data, head.duration, head.like, first * FRAME)
    return AudioJob(frames, packets, first)


def silence_for(job: AudioJob) -> list[OpusPacket]:
    """Returns packets of silence with the durations of the packets of a job, for an encoder that
    cannot encode these packets.
    """
    begin, silence = job.packets[0].restart, _silence(sum(each.duration for each in job.packets))
    return [OpusPacket(SILENCE, SILENCE_TICKS, _NOTHING, begin), *silence]


def aac_samples(job: AudioJob, encoded: Iterable[Iterable[bytes]]) -> list[Sample]:
    """Returns the AAC samples of a segment. `encoded`: the AAC frames that each packet of the job
    completed. Fewer samples are returned if the encoder returned too few frames.
    """
    frames = [frame for completed in encoded for frame in completed]
    skip = job.frames.start - job.first
    return [
        Sample(Track.AUDIO, k * FRAME, k * FRAME, data, True, False, FRAME, 0, 0, 0)
        for k, data in zip(job.frames, frames[skip:], strict=False)
    ]


def frames_shown(
    frames: Sequence[Sample], earlier: Sequence[Sample], start: int, end: int
) -> list[Sample]:
    """Returns frames that fill a segment from `start` to `end` (µs), for players that stop where
    video is missing. The first frame is shown from the start of the segment. Without frames, the
    last keyframe of the `earlier` segment is shown.
    """
    begin, until = (-(-time * VIDEO_RATE // 1_000_000) for time in (start, end))
    if frames:
        first = frames[0]
        return [_moved(first, min(begin, first.dts), first.dts + first.duration), *frames[1:]]
    keys = [frame for frame in earlier if frame.key]
    return [_moved(keys[-1], begin, until)] if keys else []


def replay_segment(video: Sequence[Sample], audio: Sequence[Sample], sequence: int) -> bytes:
    """Returns the segment: one fragment with the video and the AAC samples."""
    return muxed_fragment([video, audio], sequence)


def _moved(frame: Sample, begin: int, end: int) -> Sample:
    """Returns the frame with new times of its beginning and end, 90 kHz ticks."""
    if (frame.dts, frame.duration) == (begin, end - begin):
        return frame
    pts = begin + frame.pts - frame.dts
    return Sample(Track.VIDEO, begin, pts, frame.data, frame.key, False, end - begin, 0, 0, 0)


def _frame_from(media_time: int) -> int:
    """Returns the first AAC frame that begins at `media_time` (µs) or later."""
    return -(-media_time * RATE // (1_000_000 * FRAME))


def _silence(ticks: int) -> list[OpusPacket]:
    """Returns packets of silence with a total duration of `ticks`, rounded down to 2.5 ms."""
    long, rest = divmod(ticks, SILENCE_TICKS)
    packets = [OpusPacket(SILENCE, SILENCE_TICKS, _NOTHING)] * long
    short = OpusPacket(SHORT_SILENCE, SHORT_SILENCE_TICKS, _NOTHING)
    return packets + [short] * (rest // SHORT_SILENCE_TICKS)
