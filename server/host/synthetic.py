"""Publishes a synthetic video with audio: `python -m server.host.synthetic WHIP_URL`.

Reads the creator key from standard input. The video shows a running clock. The audio has one
note a second. FFmpeg's WHIP muxer sends both tracks. The publisher is a separate process, to keep
the encoder out of the server. The process ends on SIGTERM or when standard input is closed.
"""

import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import av.filter
from av.audio.frame import AudioFrame
from av.container import OutputContainer
from av.video.frame import PictureType, VideoFrame

from server.host.lan import self_signed

WIDTH, HEIGHT, RATE = 540, 960, 30
BITRATE = 1_500_000
SOUND_RATE = 48_000

VIDEO = (
    f"gradients=size={WIDTH}x{HEIGHT}:rate={RATE}:speed=0.012:nb_colors=4:"
    "c0=0x2b1055:c1=0xd53a9d:c2=0x7597de:c3=0x0b1a3a:type=linear,format=yuv420p"
)
AUDIO = (
    "aevalsrc=0.25*exp(-6*mod(t\\,1))*sin(2*PI*t*(440+110*mod(floor(t)\\,4)))"
    f":sample_rate={SOUND_RATE},asetnsamples=960,aformat=channel_layouts=stereo"
)

# The seven segments of a digit:
#   a
# f   b
#   g
# e   c
#   d
SEGMENTS = {
    "0": "abcdef",
    "1": "bc",
    "2": "abged",
    "3": "abgcd",
    "4": "fgbc",
    "5": "afgcd",
    "6": "afgedc",
    "7": "abc",
    "8": "abcdefg",
    "9": "abcdfg",
}
DIGIT_WIDTH, DIGIT_HEIGHT, STROKE = 28, 52, 7
DIGIT_STEP, POINT_STEP = DIGIT_WIDTH + 10, 18
"""Distance from the start of a digit (DIGIT_STEP) or separator (POINT_STEP) to the start of the
next character, pixels. The whole clock fits on a phone that crops the sides of the video.
"""


def main() -> None:
    url = sys.argv[1]
    key = sys.stdin.readline().strip()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        certificate, private = self_signed(Path(folder), ["127.0.0.1"])
        # Without this certificate, FFmpeg would create a certificate with the curve P-224, which
        # OpenSSL refuses in a handshake.
        options = {"authorization": key, "cert_file": str(certificate), "key_file": str(private)}
        with av.open(url, "w", format="whip", options=options) as container:
            publish(container)


def publish(container: OutputContainer) -> None:
    """Encodes and sends video and audio in real time. Raises a PyAV error when the WHIP
    connection ends.
    """
    video = container.add_stream("libx264", rate=RATE)
    video.width, video.height, video.pix_fmt, video.bit_rate = WIDTH, HEIGHT, "yuv420p", BITRATE
    # One IDR a second: FFmpeg's WHIP muxer ignores keyframe requests.
    video.options = {
        "preset": "veryfast",
        "tune": "zerolatency",
        "profile": "baseline",
        "g": str(RATE),
        "keyint_min": str(RATE),
        "bf": "0",
    }
    video.codec_context.time_base = Fraction(1, RATE)
    audio = container.add_stream("libopus", rate=SOUND_RATE, layout="stereo")
    audio.bit_rate = 64_000
    frames, sounds = _source(VIDEO), _source(AUDIO)
    began = time.monotonic()
    heard = 0
    for index, frame in enumerate(frames):
        assert isinstance(frame, VideoFrame)
        _wait_until(began + index / RATE)
        draw_clock(frame, time.time())
        frame.pts, frame.time_base = index, Fraction(1, RATE)
        # The filter marks every frame as an intra frame. Without this line, the encoder would
        # encode only intra frames.
        frame.pict_type = PictureType.NONE
        container.mux(video.encode(frame))
        while heard / SOUND_RATE <= index / RATE:
            sound = next(sounds)
            assert isinstance(sound, AudioFrame)
            sound.pts, sound.time_base = heard, Fraction(1, SOUND_RATE)
            heard += sound.samples
            container.mux(audio.encode(sound))


def draw_clock(frame: VideoFrame, now: float) -> None:
    """Draws the time of day with a resolution of 10 ms. Below the time, draws a bar that grows
    during each second. Changes only the luma plane.
    """
    moment = time.localtime(now)
    text = f"{moment.tm_hour:02}:{moment.tm_min:02}:{moment.tm_sec:02}.{int(now % 1 * 100):02}"
    plane = frame.planes[0]
    pixels = memoryview(plane).cast("B")
    width = (
        sum(DIGIT_STEP if character.isdigit() else POINT_STEP for character in text)
        - DIGIT_STEP
        + DIGIT_WIDTH
    )
    left = (frame.width - width) // 2
    top = frame.height // 2 - DIGIT_HEIGHT // 2
    for character in text:
        if character.isdigit():
            for segment in SEGMENTS[character]:
                _fill(pixels, plane.line_size, *_segment(segment, left, top))
            left += DIGIT_STEP
        else:
            for y in (
                (top + DIGIT_HEIGHT // 3, top + 2 * DIGIT_HEIGHT // 3)
                if character == ":"
                else (top + DIGIT_HEIGHT - STROKE,)
            ):
                _fill(pixels, plane.line_size, left, y, STROKE, STROKE)
            left += POINT_STEP
    _fill(
        pixels,
        plane.line_size,
        (frame.width - width) // 2,
        top + DIGIT_HEIGHT + 28,
        max(1, round(width * (now % 1))),
        4,
    )


def _segment(name: str, left: int, top: int) -> tuple[int, int, int, int]:
    middle, right, half = (
        top + (DIGIT_HEIGHT - STROKE) // 2,
        left + DIGIT_WIDTH - STROKE,
        DIGIT_HEIGHT // 2,
    )
    return {
        "a": (left, top, DIGIT_WIDTH, STROKE),
        "b": (right, top, STROKE, half),
        "c": (right, top + half, STROKE, half),
        "d": (left, top + DIGIT_HEIGHT - STROKE, DIGIT_WIDTH, STROKE),
        "e": (left, top + half, STROKE, half),
        "f": (left, top, STROKE, half),
        "g": (left, middle, DIGIT_WIDTH, STROKE),
    }[name]


def _fill(pixels: memoryview, stride: int, left: int, top: int, width: int, height: int) -> None:
    white = b"\xeb" * width
    for start in range(top * stride + left, (top + height) * stride + left, stride):
        pixels[start : start + width] = white


def _source(description: str) -> Iterator[VideoFrame | AudioFrame]:
    graph = av.filter.Graph()
    *filters, last = [part.partition("=") for part in _split(description)]
    nodes = [graph.add(name, arguments) for name, _, arguments in [*filters, last]]
    sink = graph.add("buffersink" if "aevalsrc" not in description else "abuffersink")
    for before, after in zip(nodes, [*nodes[1:], sink], strict=True):
        before.link_to(after)
    graph.configure()
    while True:
        frame = graph.pull()
        assert isinstance(frame, VideoFrame | AudioFrame)
        yield frame


def _split(description: str) -> list[str]:
    """Splits a filter chain at its commas. An escaped comma does not separate filters, but is part
    of an expression.
    """
    return [part.replace("\0", "\\,") for part in description.replace("\\,", "\0").split(",")]


def _wait_until(moment: float) -> None:
    left = moment - time.monotonic()
    if left > 0:
        time.sleep(left)


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
