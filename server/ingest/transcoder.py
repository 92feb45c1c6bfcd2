"""Pictures that viewers cannot take as they come, made anew as H.264 Constrained Baseline. Pure:
access units in, access units out.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

import av
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame

DECODERS = {"VP8": "vp8", "H264": "h264"}
"""FFmpeg's decoders by the encoding name of RTP."""
MAX_PIXELS = 1920 * 1088
"""Of a picture; a larger one would cost more than a creator's share of the machine."""
QUALITY = "23"
"""x264's constant rate factor; the bitrate is a limit, not a target, so that a small picture costs
little.
"""
LONGEST_GOP = 300
CLOCK = 90_000
LONGEST_FRAME = CLOCK
"""Ticks that a frame lasts at most for the encoder's rate control."""


class TranscoderError(Exception):
    """Pictures that cannot be transcoded, however often they come."""


class BrokenPicture(Exception):
    """This picture cannot be decoded, nor can those that follow until the next key one."""


class EncodedPicture(NamedTuple):
    timestamp: int
    """Of the picture that it was made from."""
    key: bool
    data: bytes
    """NAL units with start codes; a key one has its parameter sets with it."""


class Transcoder:
    """One creator's decoder and encoder. One thread and no look-ahead: what goes in comes out in
    the same call, but for B-frames that wait for their turn.
    """

    def __init__(self, codec: str, bitrate: int) -> None:
        """`codec`: a key of DECODERS. `bitrate`: bit/s that the result has at most, over half a
        second.
        """
        decoder = av.CodecContext.create(DECODERS[codec], "r")
        assert isinstance(decoder, VideoCodecContext)
        decoder.thread_count = 1  # FFmpeg's frame threads hold one picture back each
        decoder.options = {"max_pixels": str(MAX_PIXELS)}
        self._decoder = decoder
        self._bitrate = bitrate
        self._encoder: VideoCodecContext | None = None
        self._wanted = True
        self._last: int | None = None
        self._clock = 0

    def transcode(
        self, timestamp: int, data: bytes, *, key: bool = False, skip: bool = False
    ) -> Iterator[EncodedPicture]:
        """Takes the next access unit: VP8 as it is, H.264 with start codes. `timestamp`: 90 kHz
        ticks, given back with the result.

        `key` asks for an IDR; `skip` decodes only, since the pictures that follow depend on it.
        Raises BrokenPicture, TranscoderError.
        """
        self._wanted = self._wanted or key
        packet = av.Packet(data)
        packet.pts = timestamp
        try:
            frames = self._decoder.decode(packet)
        except FFmpegError as error:
            raise BrokenPicture(str(error)) from error
        for frame in frames:
            if not skip:
                yield from self._encode(frame)

    def _encode(self, frame: VideoFrame) -> Iterator[EncodedPicture]:
        # 4:2:0 has no odd sizes; and cameras that give other formats than that, or ten bits, are
        # brought to it.
        width, height = frame.width & ~1, frame.height & ~1
        timestamp = frame.pts if frame.pts is not None else 0
        if not width or not height:
            raise TranscoderError(f"a picture of {frame.width}×{frame.height} cannot be encoded")
        if (frame.width, frame.height, frame.format.name) != (width, height, "yuv420p"):
            frame = frame.reformat(width, height, "yuv420p")
        encoder = self._encoder
        if encoder is None or (encoder.width, encoder.height) != (width, height):
            encoder = self._encoder = _encoder(width, height, self._bitrate)
            self._wanted = True
        frame.pts, frame.time_base = self._tick(timestamp), encoder.time_base
        frame.pict_type = PictureType.I if self._wanted else PictureType.NONE
        self._wanted = False
        for packet in encoder.encode(frame):
            yield EncodedPicture(timestamp, packet.is_keyframe, bytes(packet))

    def _tick(self, timestamp: int) -> int:
        """The encoder's own time, which ascends even where a sender's timestamps jump."""
        if self._last is not None:
            step = timestamp - self._last
            self._clock += step if 0 < step <= LONGEST_FRAME else CLOCK // 30
        self._last = timestamp
        return self._clock


def _encoder(width: int, height: int, bitrate: int) -> VideoCodecContext:
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, CLOCK), Fraction(30)
    # Half a second of buffer keeps an IDR small enough not to hold up what follows it.
    encoder.options = {
        "preset": "superfast",
        "tune": "zerolatency",
        "profile": "baseline",
        "crf": QUALITY,
        "maxrate": str(bitrate),
        "bufsize": str(bitrate // 2),
        "g": str(LONGEST_GOP),
        "forced-idr": "1",
        "x264-params": "threads=1:scenecut=0",
    }
    return encoder
