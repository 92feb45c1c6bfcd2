"""Transcodes Opus to AAC-LC with FFmpeg, because Apple's HLS players do not support Opus.

This module computes the timestamps itself, without FFmpeg.
"""

import av
from av.audio.codeccontext import AudioCodecContext
from av.error import FFmpegError

from relay.media.opus import RATE, SILENCE, SILENCE_TICKS
from relay.sample import Sample, Track, TrackInfo

FRAME = 1_024
"""Duration of an AAC frame, in 48 kHz ticks."""
LOOKAHEAD = 2 * FRAME
"""Duration of audio after the end of a frame that the encoder needs to return the frame, in 48 kHz
ticks.
"""
BITRATE = 128_000
RESTART = RATE
"""Duration of a gap in the audio above which the encoder restarts, in 48 kHz ticks. Shorter gaps
are filled with silence.
"""

TRACK = TrackInfo(Track.AUDIO, "mp4a.40.2", bytes((0x11, 0x90)), channels=2)
"""The transcoded audio track: AAC-LC, 48 kHz, stereo. Its config is an AudioSpecificConfig (ISO/IEC
14496-3 §1.6.2.1).
"""


class AacTranscoder:
    """Takes Opus packets and returns contiguous AAC frames of 1,024 ticks.

    The lookahead of the encoder delays the frames, but their timestamps are correct. Transcoding
    takes about 2 % of a core.
    """

    def __init__(self) -> None:
        self.edge: int | None = None
        """End of the last returned AAC frame, in 48 kHz ticks; None before the first Opus
        packet.
        """
        self._decoder: AudioCodecContext | None = None
        self._encoder: AudioCodecContext | None = None
        self._next = 0
        self._primed = False

    def receive(self, packets: list[Sample]) -> list[Sample]:
        """Transcodes Opus packets. Returns the completed AAC frames.

        Gaps between packets become silence; overlapping packets are dropped.
        """
        frames: list[Sample] = []
        for packet in packets:
            if self.edge is None or packet.dts - self._next > RESTART:
                self._begin(packet.dts)
            if packet.dts - self._next <= -SILENCE_TICKS:
                continue
            frames += self._silence(packet.dts, packet)
            frames += self._transcode(packet.data, packet.duration, packet)
        return frames

    def fill(self, until: int, like: Sample) -> list[Sample]:
        """Returns AAC frames of silence up to `until`, in 48 kHz ticks. The epoch, the capture time
        and the publish time of the frames are copied from `like`.
        """
        if self.edge is None or until - self._next > RESTART:
            self._begin(until - FRAME)
        return self._silence(until + LOOKAHEAD + FRAME, like)

    def _begin(self, ticks: int) -> None:
        self._decoder, self._encoder = _decoder(), _encoder()
        self._next = self.edge = ticks
        self._primed = False

    def _silence(self, until: int, like: Sample) -> list[Sample]:
        frames: list[Sample] = []
        while until - self._next >= SILENCE_TICKS:
            frames += self._transcode(SILENCE, SILENCE_TICKS, like)
        return frames

    def _transcode(self, packet: bytes, duration: int, like: Sample) -> list[Sample]:
        assert self._decoder is not None and self._encoder is not None and self.edge is not None
        self._next += duration
        frames: list[Sample] = []
        try:
            decoded = self._decoder.decode(av.Packet(packet))
        except FFmpegError:
            # Replace the damaged packet with silence of the same duration, so that later packets
            # keep their times.
            decoded = [
                frame
                for _ in range(duration // SILENCE_TICKS)
                for frame in self._decoder.decode(av.Packet(SILENCE))
            ]
        for audio in decoded:
            audio.pts = None
            for encoded in self._encoder.encode(audio):
                # Drop the first frame. It is the priming frame, which decoders need only at the
                # beginning of a stream.
                if not self._primed:
                    self._primed = True
                    continue
                frames.append(
                    Sample(
                        Track.AUDIO,
                        self.edge,
                        self.edge,
                        bytes(encoded),
                        True,
                        False,
                        FRAME,
                        like.capture,
                        like.publish,
                        like.epoch,
                    )
                )
                self.edge += FRAME
        return frames


def _decoder() -> AudioCodecContext:
    decoder = av.CodecContext.create("libopus", "r")
    assert isinstance(decoder, AudioCodecContext)
    decoder.sample_rate, decoder.layout = RATE, "stereo"
    return decoder


def _encoder() -> AudioCodecContext:
    encoder = av.CodecContext.create("aac", "w")
    assert isinstance(encoder, AudioCodecContext)
    encoder.sample_rate, encoder.layout = RATE, "stereo"
    encoder.format, encoder.bit_rate = "fltp", BITRATE
    return encoder
