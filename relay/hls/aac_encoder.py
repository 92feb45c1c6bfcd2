"""Encodes Opus packets as AAC-LC with FFmpeg. Runs in a confined process."""

import av
from av.audio.codeccontext import AudioCodecContext
from av.error import FFmpegError

from relay.media.aac import BITRATE
from relay.media.opus import RATE, SILENCE, SILENCE_TICKS


class AacEncoder:
    """Decodes Opus packets and encodes the audio as AAC. Encoding takes about 2 % of a core. The
    coder `fast` takes half of that, but adds noise in quiet parts of the spectrum.
    """

    def __init__(self, coder: str = "twoloop") -> None:
        """`coder`: an `aac_coder` of FFmpeg."""
        self._coder = coder
        self._decoder: AudioCodecContext
        self._encoder: AudioCodecContext
        self._primed = False
        self.restart()

    def restart(self) -> None:
        """Starts again with a new decoder and a new encoder."""
        self._decoder, self._encoder = _decoder(), _encoder(self._coder)
        self._primed = False

    def encode(self, packet: bytes, duration: int) -> list[bytes]:
        """Returns the AAC frames that an Opus packet completes. `duration`: 48 kHz ticks.

        A damaged packet is replaced by silence of the same duration, so that later packets keep
        their times.
        """
        try:
            decoded = self._decoder.decode(av.Packet(packet))
        except FFmpegError:
            decoded = [
                frame
                for _ in range(duration // SILENCE_TICKS)
                for frame in self._decoder.decode(av.Packet(SILENCE))
            ]
        frames: list[bytes] = []
        for audio in decoded:
            audio.pts = None
            frames += [bytes(frame) for frame in self._encoder.encode(audio)]
        if frames and not self._primed:
            # Drop the first frame. It is the priming frame, which decoders need only at the
            # beginning of a stream.
            self._primed = True
            del frames[0]
        return frames


def _decoder() -> AudioCodecContext:
    decoder = av.CodecContext.create("libopus", "r")
    assert isinstance(decoder, AudioCodecContext)
    decoder.sample_rate, decoder.layout = RATE, "stereo"
    return decoder


def _encoder(coder: str) -> AudioCodecContext:
    encoder = av.CodecContext.create("aac", "w")
    assert isinstance(encoder, AudioCodecContext)
    encoder.sample_rate, encoder.layout = RATE, "stereo"
    encoder.format, encoder.bit_rate = "fltp", BITRATE
    encoder.options = {"aac_coder": coder}
    return encoder
