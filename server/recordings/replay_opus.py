"""Makes a segment of a replay from stored segments for players that play Opus: the video and the
audio as they are. Nothing is encoded, so a jump to any moment needs no encoder. Pure.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from relay.media import opus
from relay.media.bmff import init_segment
from relay.media.bmff_reader import read_init
from relay.media.opus import RATE, SILENCE, SILENCE_TICKS
from relay.sample import Sample, Track

OVERLAP = SILENCE_TICKS // 2
"""Time by which a packet may begin before the end of the previous packet, 48 kHz ticks."""


def opus_init(init: bytes) -> bytes:
    """Returns the init segment of a piece with Opus, also for a piece without audio: all segments
    have audio. `init`: the stored init segment. Raises BitstreamError.
    """
    tracks = read_init(init)
    video = [info for info in tracks if info.track is Track.VIDEO]
    audio = [info for info in tracks if info.track is Track.AUDIO]
    return init_segment(*video, *(audio or [opus.track_info()]))


def opus_samples(samples: Iterable[Sample], start: int, end: int) -> list[Sample]:
    """Returns Opus packets from the media time `start` to `end`, µs, without a gap. `samples`: the
    Opus samples of the recording around this time, in order. Missing audio becomes silence.
    """
    begin, stop = (-(-time * RATE // 1_000_000) for time in (start, end))
    at, found = begin, list[Sample]()
    for sample in samples:
        # Also a short packet must begin after the previous packet.
        earliest = max(begin, at - OVERLAP, found[-1].dts + 1 if found else begin)
        if not earliest <= sample.dts < stop:
            continue
        found += _silence(at, sample.dts)
        found.append(sample)
        at = sample.dts + sample.duration
    return _joined(found + _silence(at, stop))


def _silence(begin: int, end: int) -> list[Sample]:
    """Returns packets of silence that fill a time, except for less than one packet."""
    count = max(0, end - begin) // SILENCE_TICKS
    return [_packet(begin + n * SILENCE_TICKS, SILENCE, SILENCE_TICKS) for n in range(count)]


def _joined(samples: Sequence[Sample]) -> list[Sample]:
    """Returns the samples, each of which lasts until the next sample begins: in a fragment, only
    the first sample has a time.
    """
    joined = [
        sample
        if sample.dts + sample.duration == after.dts
        else _packet(sample.dts, sample.data, after.dts - sample.dts)
        for sample, after in pairwise(samples)
    ]
    return [*joined, *samples[-1:]]


def _packet(at: int, data: bytes, duration: int) -> Sample:
    return Sample(Track.AUDIO, at, at, data, True, False, duration, 0, 0, 0)
