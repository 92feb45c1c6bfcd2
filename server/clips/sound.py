"""Plans the AAC audio of a clip. Pure.

The audio of the file must begin with the first frame and end with the last one, although AAC frames
have 1,024 ticks and Opus packets usually 960. The encoding begins some packets earlier, chosen so
that an AAC frame begins within 32 ticks (0.7 ms) of the first video frame. The frames before it are
left out, and the last frame gets a shorter duration.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, repeat

from relay.media.aac import FRAME, LOOKAHEAD, OpusPacket
from relay.media.opus import SHORT_SILENCE, SHORT_SILENCE_TICKS, SILENCE, SILENCE_TICKS
from relay.sample import AUDIO, AUDIO_RATE, VIDEO_RATE, Sample
from server.clips.cut import LEAD, Cut

WARM_UP = AUDIO_RATE * 8 // 100
"""Audio that an Opus decoder needs until its output is right, 48 kHz ticks (RFC 7845 §4.6)."""


@dataclass(frozen=True, slots=True)
class SoundPlan:
    """The packets to encode, and which of the AAC frames belong to the clip."""

    packets: list[OpusPacket]
    begin: int
    """Media time of the first AAC frame of the encoder, 48 kHz ticks."""
    skip: int
    """Number of AAC frames before the first frame of the clip."""
    end: int
    """Media time at which the audio of the clip ends, 48 kHz ticks."""

    @property
    def start(self) -> int:
        """Media time of the first AAC frame of the clip, 48 kHz ticks."""
        return self.begin + self.skip * FRAME

    @property
    def count(self) -> int:
        """Number of AAC frames in the clip."""
        return -(-(self.end - self.start) // FRAME)

    def samples(self, frames: Sequence[bytes]) -> list[Sample]:
        """Returns the audio of the clip. `frames`: all AAC frames that the encoder returned."""
        chosen = islice(frames, self.skip, self.skip + self.count)
        return [
            Sample(AUDIO, at, at, data, True, False, FRAME, 0, 0, 0)
            for at, data in zip(range(self.start, self.end, FRAME), chosen, strict=False)
        ]


def plan_sound(cut: Cut) -> SoundPlan | None:
    """Returns the plan for the audio of a clip; None if the clip has no audio. Audio that is
    missing becomes silence.
    """
    start, end = _audio_ticks(cut.start_ticks), _audio_ticks(cut.end_ticks)
    if not any(start - sample.duration < sample.dts < end for sample in cut.audio):
        return None
    begin = _begin(cut.audio, start)
    skip = (start - begin + FRAME // 2) // FRAME
    first = begin + skip * FRAME
    # The last frame of the clip must be complete, and the encoder returns it late.
    until = first + -(-(end - first) // FRAME) * FRAME + LOOKAHEAD + FRAME
    return SoundPlan(list(_packets(cut.audio, begin, until, cut.video[0])), begin, skip, end)


def _begin(audio: Sequence[Sample], start: int) -> int:
    """Returns the media time at which the encoding begins, 48 kHz ticks: the begin of a packet for
    which an AAC frame begins as near to `start` as possible.
    """

    def distance(at: int) -> tuple[int, int]:
        return abs((start - at + FRAME // 2) % FRAME - FRAME // 2), start - at

    candidates = [sample.dts for sample in audio if start - LEAD <= sample.dts <= start]
    warm = [at for at in candidates if at <= start - WARM_UP]
    return min(warm or candidates, key=distance, default=start)


def _packets(audio: Sequence[Sample], begin: int, until: int, like: Sample) -> Iterator[OpusPacket]:
    """Yields packets without gaps from `begin` to `until`. Drops packets that overlap others.
    `like`: any sample.
    """
    at = begin
    for sample in audio:
        if begin <= sample.dts < until and sample.dts - at > -SILENCE_TICKS:
            for packet in _silence(sample.dts - at, like):
                yield packet
                at += packet.duration
            yield OpusPacket(sample.data, sample.duration, like)
            at += sample.duration
    yield from _silence(until - at, like)


def _silence(ticks: int, like: Sample) -> Iterator[OpusPacket]:
    """Yields packets of silence that together last `ticks`, rounded down to 2.5 ms."""
    long, rest = divmod(max(0, ticks), SILENCE_TICKS)
    yield from repeat(OpusPacket(SILENCE, SILENCE_TICKS, like), long)
    yield from repeat(
        OpusPacket(SHORT_SILENCE, SHORT_SILENCE_TICKS, like), rest // SHORT_SILENCE_TICKS
    )


def _audio_ticks(ticks: int) -> int:
    """Converts 90 kHz ticks to 48 kHz ticks."""
    return round(ticks * AUDIO_RATE / VIDEO_RATE)
