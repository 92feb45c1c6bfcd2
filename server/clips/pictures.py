"""Makes posters and filmstrips from keyframes, with FFmpeg. Pure. Runs in a confined process."""

from collections.abc import Sequence

import av
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from server.clips.picture_messages import MAX_PREVIEW, POSTER_SIDE, Pictures, fitting

MAX_PIXELS = 3840 * 2176
"""Maximum number of pixels in a keyframe. A larger frame would use too much memory."""
TILE_HEIGHT, MAX_TILE_WIDTH = 160, 480
JPEG_QUANTISER = 5
"""Quantiser of the JPEG files, from 2 (best) to 31."""
WEBP_QUALITY = 80
PREVIEWS = ((480, 60), (480, 35), (360, 20), (240, 5))
"""Maximum side in pixels and quality of a preview. The first preview that has at most MAX_PREVIEW
bytes is taken.
"""


def draw(config: bytes, keyframes: Sequence[bytes], poster: int, filmstrip: bool) -> Pictures:
    """Returns the pictures of some keyframes of one video. Arguments: see
    `picture_messages.request`.

    A keyframe that cannot be decoded gets the picture of the keyframe before or after it.
    """
    large: VideoFrame | None = None
    tiles: list[VideoFrame | None] = []
    size = (0, 0)
    # Scale each frame at once, because many decoded frames would need too much memory.
    for index, data in enumerate(keyframes):
        wanted = filmstrip or index == poster
        frame = _decode(config, data) if wanted else None
        if frame and (large is None or index == poster):
            large = _scale(frame, *_fitting(frame, POSTER_SIDE, POSTER_SIDE))
        if frame and not any(size):
            size = _fitting(frame, MAX_TILE_WIDTH, TILE_HEIGHT)
        tiles.append(_scale(frame, *size) if frame else None)
    if large is None:
        return Pictures(b"", b"", b"", b"", 0, 0)
    strip = _jpeg(_row(_without_gaps(tiles))) if filmstrip else b""
    webp = _webp(large, large.width, large.height, WEBP_QUALITY)
    return Pictures(_jpeg(large), webp, preview_of(large), strip, *(size if filmstrip else (0, 0)))


def _decode(config: bytes, data: bytes) -> VideoFrame | None:
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.extradata = config
    decoder.thread_count = 1
    decoder.options = {"max_pixels": str(MAX_PIXELS)}
    try:
        frames = decoder.decode(av.Packet(data)) + decoder.decode(None)
    except FFmpegError:
        return None
    return frames[0] if frames else None


def _without_gaps(frames: Sequence[VideoFrame | None]) -> list[VideoFrame]:
    """Replaces each missing frame by the frame before it, or else by the first existing frame."""
    last = next((frame for frame in frames if frame), None)
    filled: list[VideoFrame] = []
    for frame in frames:
        last = frame or last
        if last:
            filled.append(last)
    return filled


def _fitting(frame: VideoFrame, width: int, height: int) -> tuple[int, int]:
    return fitting(frame.width, frame.height, width, height)


def _scale(frame: VideoFrame, width: int, height: int) -> VideoFrame:
    """Returns the frame in this size, with full-range colours as in JPEG files."""
    return _converted(frame, width, height, "yuvj420p")


def _converted(frame: VideoFrame, width: int, height: int, pixels: str) -> VideoFrame:
    # A confined worker cannot start threads.
    return frame.reformat(width, height, pixels, threads=1)


def _row(tiles: Sequence[VideoFrame]) -> VideoFrame:
    """Returns a picture of all tiles side by side. The tiles have the same size."""
    width, height = tiles[0].width, tiles[0].height
    row = VideoFrame(width * len(tiles), height, "yuvj420p")
    for number, plane in enumerate(row.planes):
        sources = [tile.planes[number] for tile in tiles]
        pixels = [memoryview(source) for source in sources]
        across = width if number == 0 else width // 2
        padding = bytes(plane.line_size - plane.width)
        lines = [
            b"".join(
                view[y * source.line_size : y * source.line_size + across]
                for view, source in zip(pixels, sources, strict=True)
            )
            + padding
            for y in range(plane.height)
        ]
        plane.update(b"".join(lines).ljust(plane.buffer_size, b"\0"))
    return row


def preview_of(frame: VideoFrame) -> bytes:
    """Returns a small picture of a frame as WebP; empty if even the smallest has too many bytes."""
    for side, quality in PREVIEWS:
        preview = _webp(frame, *_fitting(frame, side, side), quality)
        if len(preview) <= MAX_PREVIEW:
            return preview
    return b""


def _webp(frame: VideoFrame, width: int, height: int, quality: int) -> bytes:
    options = {"quality": str(quality), "compression_level": "2"}
    return _encode(_converted(frame, width, height, "yuv420p"), "libwebp", options)


def _jpeg(frame: VideoFrame) -> bytes:
    quantiser = str(JPEG_QUANTISER)
    return _encode(frame, "mjpeg", {"qmin": quantiser, "qmax": quantiser})


def _encode(frame: VideoFrame, codec: str, options: dict[str, str]) -> bytes:
    encoder = av.CodecContext.create(codec, "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, frame.format.name
    encoder.thread_count = 1
    encoder.options = options
    frame.pts = 0
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])
