"""Opus to AAC-LC, for players of HLS: Apple's take no Opus. FFmpeg does the work; here the
timestamps are kept.
"""

import av
from av.audio.codeccontext import AudioCodecContext
from av.error import FFmpegError

from relay.media.opus import RATE, SILENCE, SILENCE_TICKS
from relay.sample import Sample, Track, TrackInfo

FRAME = 1_024
"""Ticks (48 kHz) of an AAC frame."""
LOOKAHEAD = 2 * FRAME
"""Ticks that the encoder must have heard beyond the end of a frame before it gives it out."""
BITRATE = 128_000
RESTART = RATE
"""Ticks: a longer hole is not filled with silence, the encoder starts anew behind it."""

TRACK = TrackInfo(Track.AUDIO, "mp4a.40.2", bytes((0x11, 0x90)), channels=2)
"""AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1): AAC-LC, 48 kHz, stereo."""


class AacTranscoder:
    """Opus packets in, AAC frames out, end to end on one grid of 1,024 ticks.

    The frames come as much later as the encoder looks ahead; what they hold is at the media time
    they say. Takes about 2 % of a core.
    """

    def __init__(self) -> None:
        self.edge: int | None = None
        """Up to where frames have been given out, in ticks; None before the first sound."""
        self._decoder: AudioCodecContext | None = None
        self._encoder: AudioCodecContext | None = None
        self._next = 0
        self._primed = False

    def receive(self, sounds: list[Sample]) -> list[Sample]:
        """AAC frames that these Opus packets complete. Holes become silence; what overlaps is left
        out.
        """
        frames: list[Sample] = []
        for sound in sounds:
            if self.edge is None or sound.dts - self._next > RESTART:
                self._begin(sound.dts)
            if sound.dts - self._next <= -SILENCE_TICKS:
                continue
            frames += self._silence(sound.dts, sound)
            frames += self._transcode(sound.data, sound.duration, sound)
        return frames

    def fill(self, until: int, like: Sample) -> list[Sample]:
        """Silence up to `until` (ticks), where no sound comes. `like` tells the epoch."""
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
            heard = self._decoder.decode(av.Packet(packet))
        except FFmpegError:
            # A damaged packet must not shift all that follow.
            heard = [
                frame
                for _ in range(duration // SILENCE_TICKS)
                for frame in self._decoder.decode(av.Packet(SILENCE))
            ]
        for sound in heard:
            sound.pts = None
            for encoded in self._encoder.encode(sound):
                # the frame before the first sound, which the decoder of a player needs at the very
                # beginning only
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
    encoder.sample_rate, encoder.layout, encoder.format, encoder.bit_rate = (
        RATE,
        "stereo",
        "fltp",
        BITRATE,
    )
    return encoder
