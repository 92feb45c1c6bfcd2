"""Prepares Opus packets for an AAC-LC encoder, and computes the media times of the AAC frames.
Pure. Apple's HLS players do not support Opus.

The encoder runs in a confined process (relay/hls/aac_worker.py). This module computes the times
outside that process, so that a fault in the process cannot change them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from relay.media.opus import (
    RATE,
    SHORT_SILENCE,
    SHORT_SILENCE_TICKS,
    SILENCE,
    SILENCE_TICKS,
)
from relay.sample import Sample, Track, TrackInfo

FRAME = 1_024
"""Duration of an AAC frame, in 48 kHz ticks."""
LOOKAHEAD = 2 * FRAME
"""Duration of the audio that must follow the end of a frame before the encoder returns the frame,
in 48 kHz ticks.
"""
BITRATE = 128_000
RESTART = RATE
"""Maximum duration of a gap that is filled with silence, in 48 kHz ticks. After a longer gap, the
encoder restarts.
"""

TRACK = TrackInfo(Track.AUDIO, "mp4a.40.2", bytes((0x11, 0x90)), channels=2)
"""The transcoded audio track: AAC-LC, 48 kHz, stereo. Its config is an AudioSpecificConfig (ISO/IEC
14496-3 §1.6.2.1).
"""


@dataclass(frozen=True, slots=True)
class OpusPacket:
    """A packet for the encoder."""

    data: bytes
    duration: int
    """Duration in 48 kHz ticks."""
    like: Sample
    """The sample from which the AAC frames of this packet take their epoch, capture time and
    publish time.
    """
    restart: int | None = None
    """Media time of the packet (48 kHz ticks) if the encoder must restart before this packet; None
    otherwise.
    """


class AacTimeline:
    """Computes the media times of contiguous AAC frames of 1,024 ticks.

    Encode the packets that `packets`, `fill` and `replace` return, and pass the resulting AAC
    frames to `frames` in the same order. The lookahead of the encoder delays the frames, but their
    timestamps are correct.
    """

    def __init__(self) -> None:
        self.edge: int | None = None
        """End of the last returned AAC frame, in 48 kHz ticks; None before the first Opus
        packet.
        """
        self._next: int | None = None
        self._restart: int | None = None

    def packets(self, samples: Iterable[Sample]) -> Iterator[OpusPacket]:
        """Yields the packets to encode for these Opus samples.

        Gaps between packets become silence; overlapping packets are dropped.
        """
        for sample in samples:
            if self._next is None or sample.dts - self._next > RESTART:
                self._begin(sample.dts)
            assert self._next is not None
            if sample.dts - self._next > -SILENCE_TICKS:
                yield from self._silence(sample.dts, sample)
                yield self._packet(sample.data, sample.duration, sample)

    def fill(self, until: int, like: Sample) -> Iterator[OpusPacket]:
        """Yields packets of silence until their AAC frames reach `until` (48 kHz ticks)."""
        if self._next is None or until - self._next > RESTART:
            self._begin(until - FRAME)
        yield from self._silence(until + LOOKAHEAD + FRAME, like)

    def replace(self, lost: list[OpusPacket]) -> list[OpusPacket]:
        """Returns the packets of silence that a new encoder gets instead of the packets in `lost`.
        `lost`: the packets (at least one) whose AAC frames the old encoder did not return.
        """
        like = lost[-1].like
        begin = next((packet.restart for packet in lost if packet.restart is not None), self.edge)
        until = self._next
        assert begin is not None and until is not None
        self._begin(begin)
        packets = list(self._silence(until, like))
        # Fill the rest with shorter packets. Otherwise all later audio would be up to 20 ms early.
        rest = (until - begin) % SILENCE_TICKS // SHORT_SILENCE_TICKS
        return packets + [
            self._packet(SHORT_SILENCE, SHORT_SILENCE_TICKS, like) for _ in range(rest)
        ]

    def frames(self, packet: OpusPacket, encoded: Iterable[bytes]) -> Iterator[Sample]:
        """Yields the AAC frames that the encoder returned for a packet."""
        if packet.restart is not None:
            self.edge = packet.restart
        assert self.edge is not None and self._next is not None
        for data in encoded:
            if self.edge >= self._next:  # audio that no packet contains: a faulty encoder
                return
            like = packet.like
            yield Sample(
                Track.AUDIO,
                self.edge,
                self.edge,
                data,
                True,
                False,
                FRAME,
                like.capture,
                like.publish,
                like.epoch,
            )
            self.edge += FRAME

    def _begin(self, ticks: int) -> None:
        self._next = self._restart = ticks

    def _silence(self, until: int, like: Sample) -> Iterator[OpusPacket]:
        assert self._next is not None
        while until - self._next >= SILENCE_TICKS:
            yield self._packet(SILENCE, SILENCE_TICKS, like)

    def _packet(self, data: bytes, duration: int, like: Sample) -> OpusPacket:
        assert self._next is not None
        restart, self._restart = self._restart, None
        self._next += duration
        return OpusPacket(data, duration, like, restart)
