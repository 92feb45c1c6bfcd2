"""Transcodes video to H.264 Constrained Baseline if viewers cannot decode the publisher's video.
Pure: takes access units, returns access units.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

import av
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame

DECODERS = {"VP8": "vp8", "H264": "h264"}
"""Names of FFmpeg's decoders, by RTP encoding name."""
MAX_PIXELS = 1920 * 1088
"""Maximum number of pixels in a frame. A larger frame would use more CPU time and memory than one
publisher may use.
"""
QUALITY = "23"
"""x264's constant rate factor (CRF). The bitrate setting is only an upper limit, and simple content
needs fewer bits.
"""
LONGEST_GOP = 300
CLOCK = 90_000
LONGEST_FRAME = CLOCK
"""Maximum duration of a frame in the encoder's rate control, ticks. A longer timestamp step is a
jump.
"""


class TranscoderError(Exception):
    """The video cannot be transcoded at all."""


class BrokenFrame(Exception):
    """Neither this frame nor any later frame before the next keyframe can be decoded."""


class TranscodedFrame(NamedTuple):
    timestamp: int
    """RTP timestamp of the original frame, ticks."""
    key: bool
    data: bytes
    """NAL units with start codes; a keyframe includes its parameter sets. Empty if viewers have
    already seen the picture.
    """


class Transcoder:
    """One publisher's decoder and encoder. Decoder and encoder use one thread and no look-ahead, so
    each call of `transcode` returns the transcoded frame at once. B-frames are an exception: their
    results come later, in presentation order.
    """

    def __init__(self, codec: str, bitrate: int) -> None:
        """`codec`: a key of DECODERS. `bitrate`: maximum bitrate, averaged over half a second,
        bit/s.
        """
        decoder = av.CodecContext.create(DECODERS[codec], "r")
        assert isinstance(decoder, VideoCodecContext)
        decoder.thread_count = 1  # each of FFmpeg's frame threads would add a delay of one frame
        decoder.options = {"max_pixels": str(MAX_PIXELS)}
        self._decoder = decoder
        self._bitrate = bitrate
        self._encoder: VideoCodecContext | None = None
        self._keyframe_next = True
        self._shown: int | None = None
        """Newest timestamp that viewers have seen; None once later pictures have followed."""
        self._last: int | None = None
        self._clock = 0

    def transcode(
        self,
        timestamp: int,
        data: bytes,
        *,
        key: bool = False,
        skip: bool = False,
        shown: bool = False,
    ) -> Iterator[TranscodedFrame]:
        """Takes the next access unit (VP8 unchanged, H.264 with start codes) and returns the
        transcoded frames. `timestamp`: 90 kHz ticks, returned with the transcoded frame.

        If `key` is true, the result is an IDR. If `skip` is true, the frame is only decoded,
        because later frames depend on this frame. If `shown` is true, viewers have already seen
        this frame or a later one, and pictures up to `timestamp` are not encoded again. Raises
        BrokenFrame, TranscoderError.
        """
        if shown:
            self._shown = timestamp if self._shown is None else max(self._shown, timestamp)
        self._keyframe_next = self._keyframe_next or key
        packet = av.Packet(data)
        packet.pts = timestamp
        try:
            frames = self._decoder.decode(packet)
        except FFmpegError as error:
            raise BrokenFrame(str(error)) from error
        for frame in frames:
            if self._was_shown(frame):
                yield TranscodedFrame(frame.pts or 0, False, b"")
            elif not skip:
                yield from self._encode(frame)

    def _was_shown(self, frame: VideoFrame) -> bool:
        if self._shown is None or frame.pts is None:
            return False
        if 0 <= self._shown - frame.pts < CLOCK:
            return True
        self._shown = None
        return False

    def _encode(self, frame: VideoFrame) -> Iterator[TranscodedFrame]:
        # The encoder takes only 8-bit 4:2:0 video with even sizes: convert all other formats.
        width, height = frame.width & ~1, frame.height & ~1
        timestamp = frame.pts if frame.pts is not None else 0
        if not width or not height:
            raise TranscoderError(f"a frame of {frame.width}×{frame.height} cannot be encoded")
        if (frame.width, frame.height, frame.format.name) != (width, height, "yuv420p"):
            # The confined process cannot start threads.
            frame = frame.reformat(width, height, "yuv420p", threads=1)
        encoder = self._encoder
        if encoder is None or (encoder.width, encoder.height) != (width, height):
            encoder = self._encoder = _encoder(width, height, self._bitrate)
            self._keyframe_next = True
        frame.pts, frame.time_base = self._tick(timestamp), encoder.time_base
        frame.pict_type = PictureType.I if self._keyframe_next else PictureType.NONE
        self._keyframe_next = False
        for packet in encoder.encode(frame):
            yield TranscodedFrame(timestamp, packet.is_keyframe, bytes(packet))

    def _tick(self, timestamp: int) -> int:
        """Returns the frame's time on the encoder's own clock, in ticks. This clock increases even
        if the publisher's timestamps jump.
        """
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
    # A rate-control buffer of half a second keeps an IDR small, so that it does not delay the next
    # frames.
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
