"""Plans the AAC audio of a clip. Pure.

The audio is encoded in blocks: 16 Opus packets of 960 ticks are as long as 15 AAC frames of 1,024
ticks. The blocks of a live begin at fixed media times, so clips of the same moments share encoded
blocks: the clips of many viewers, and a draft and its final clip. An encoder begins one block
early, and needs some packets after the last block.

The audio of the file begins with the AAC frame that is nearest to the first video frame, at most
512 ticks (11 ms) away. The last frame gets a shorter duration, so that the audio is as long as the
video. Packets that do not follow each other in steps of 960 ticks are encoded as one block,
which begins exactly with the first video frame.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat

from relay.media.aac import FRAME, LOOKAHEAD, OpusPacket
from relay.media.opus import SHORT_SILENCE, SHORT_SILENCE_TICKS, SILENCE, SILENCE_TICKS
from relay.sample import AUDIO, AUDIO_RATE, VIDEO_RATE, Sample
from server.clips.cut import Cut

PACKETS, FRAMES = 16, 15
"""Number of Opus packets and number of AAC frames in a block."""
AFTER = 4
"""Number of Opus packets that the encoder needs after a block."""
WARM_UP = 4 * FRAME
"""Audio that an Opus decoder needs until its output is right, 48 kHz ticks (RFC 7845 §4.6)."""

BlockKey = tuple[bytes, ...]
"""All packets on which the AAC frames of a block depend."""


@dataclass(frozen=True, slots=True)
class Block:
    """A part of the audio that is encoded as a whole."""

    before: Sequence[OpusPacket]
    """The packets with which the encoder begins, unless the encoder continues from the previous
    block.
    """
    packets: Sequence[OpusPacket]
    after: Sequence[OpusPacket]
    """The packets that the encoder needs after the block, unless the encoder continues with another
    block.
    """
    skip: int
    """Number of AAC frames of `before`."""
    count: int
    """Number of AAC frames of the block."""

    @property
    def key(self) -> BlockKey:
        return tuple(p.data for part in (self.before, self.packets, self.after) for p in part)


@dataclass(frozen=True, slots=True)
class SoundPlan:
    """The blocks to encode, and which of their AAC frames belong to the clip."""

    blocks: Sequence[Block]
    skip: int
    """Number of AAC frames in the blocks before the first frame of the clip."""
    start: int
    """Media time of the first AAC frame of the clip, 48 kHz ticks."""
    end: int
    """Media time at which the audio of the clip ends, 48 kHz ticks."""

    @property
    def count(self) -> int:
        """Number of AAC frames in the clip."""
        return -(-(self.end - self.start) // FRAME)

    def samples(self, frames: Sequence[bytes]) -> list[Sample]:
        """Returns the audio of the clip. `frames`: the AAC frames of all blocks."""
        chosen = frames[self.skip : self.skip + self.count]
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
    first = cut.audio[0]
    phase = first.dts % SILENCE_TICKS
    for sample in cut.audio:
        if sample.duration != SILENCE_TICKS or sample.dts % SILENCE_TICKS != phase:
            return _irregular(cut, start, end)
    return _regular(cut, start, end, phase)


def _regular(cut: Cut, start: int, end: int, phase: int) -> SoundPlan:
    """Returns the plan for packets in steps of 960 ticks. `phase`: remainder of their media times
    divided by 960.
    """
    like = cut.video[0]
    known = {
        sample.dts // SILENCE_TICKS: OpusPacket(sample.data, SILENCE_TICKS, like)
        for sample in cut.audio
    }
    first = (start - phase + FRAME // 2) // FRAME
    until = first + -(-(end - start) // FRAME)
    blocks = [
        _block(known, number, OpusPacket(SILENCE, SILENCE_TICKS, like))
        for number in range(first // FRAMES, -(-until // FRAMES))
    ]
    begin = phase + first * FRAME
    return SoundPlan(blocks, first % FRAMES, begin, begin + end - start)


def _block(known: Mapping[int, OpusPacket], number: int, silence: OpusPacket) -> Block:
    begin = number * PACKETS
    before, packets, after = (
        [known.get(index, silence) for index in range(first, until)]
        for first, until in (
            (begin - PACKETS, begin),
            (begin, begin + PACKETS),
            (begin + PACKETS, begin + PACKETS + AFTER),
        )
    )
    return Block(before, packets, after, FRAMES, FRAMES)


def _irregular(cut: Cut, start: int, end: int) -> SoundPlan:
    """Returns a plan with one block that begins exactly at `start`."""
    count = -(-(end - start) // FRAME)
    begin, like = start - WARM_UP, cut.video[0]
    until = start + count * FRAME + LOOKAHEAD + FRAME
    packets = list(_packets(cut.audio, begin, until, like))
    return SoundPlan([Block([], packets, [], WARM_UP // FRAME, count)], 0, start, end)


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
