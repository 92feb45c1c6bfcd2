"""The clip that every creator sends in a loop. It is encoded and cut into RTP payloads once, before
the test.
"""

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import PictureType, VideoFrame

SECONDS, GOP = 4, 2
"""Duration of the clip (`SECONDS`), and interval between two of its IDRs (`GOP`), in seconds. The
server requests an IDR from a browser at the same interval.
"""
PAYLOAD_MAX = 1_150
"""Maximum size of an RTP payload, bytes. With headers and the SRTP tag, the packets are about as
large as the packets of browsers.
"""
SOUND_RATE, SOUND_SAMPLES, SOUND_BPS = 48_000, 960, 64_000
FU_A, STAP_A, SPS, PPS, IDR, AUD = 28, 24, 7, 8, 5, 9

Array = np.ndarray[Any, np.dtype[Any]]


class ClipError(Exception):
    """Raised if FFmpeg cannot encode the requested format. The text gives the reason."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A few seconds of media that a creator sends in a loop. The clip has an IDR every `GOP`
    seconds.
    """

    width: int
    height: int
    fps: int
    kbps: float
    """Bitrate of the encoded clip, video and audio together, kbps."""
    frames: tuple[tuple[bytes, ...], ...]
    """The RTP payloads of each access unit."""
    sounds: tuple[bytes, ...]
    """Opus packets of 20 ms each."""

    @property
    def keys(self) -> list[int]:
        """Indexes of the IDRs in `frames`."""
        return list(range(0, len(self.frames), GOP * self.fps))

    def place(self, moment: float) -> tuple[int, int]:
        """Returns the index of the frame, and the index of the audio packet, to send at `moment`
        (seconds). The first pass through the clip starts at moment 0.
        """
        seconds = moment % (len(self.frames) / self.fps)
        return round(seconds * self.fps) % len(self.frames), round(
            seconds * SOUND_RATE / SOUND_SAMPLES
        ) % len(self.sounds)

    def to_json(self) -> dict[str, Any]:
        frames = [
            [base64.b64encode(payload).decode() for payload in frame] for frame in self.frames
        ]
        sounds = [base64.b64encode(sound).decode() for sound in self.sounds]
        return {
            "width": self.width,
            "height": self.height,
            "fps": self.fps,
            "kbps": self.kbps,
            "frames": frames,
            "sounds": sounds,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Clip":
        frames = tuple(
            tuple(base64.b64decode(payload) for payload in frame) for frame in value["frames"]
        )
        sounds = tuple(base64.b64decode(sound) for sound in value["sounds"])
        return cls(value["width"], value["height"], value["fps"], value["kbps"], frames, sounds)


def encode(width: int, height: int, fps: int, kbps: int) -> Clip:
    """Encodes the clip. `kbps`: bitrate of video and audio together. Raises ClipError."""
    try:
        return of_loop(_frames(width, height, fps), _sound(), fps, kbps)
    except (av.FFmpegError, ValueError) as error:
        raise ClipError(
            f"cannot encode {width}x{height} at {kbps} kbps and {fps} fps: {error}"
        ) from error


def video(width: int, height: int, fps: int, kbps: int) -> bytes:
    """Encodes the clip's video at `kbps` as an Annex B byte stream, with one slice in each frame.
    Raises PyAV's errors.
    """
    return b"".join(_encode_frames(_frames(width, height, fps), width, height, fps, kbps))


def of_loop(frames: Iterable[Array], sound: Array, fps: int, kbps: int) -> Clip:
    """Encodes a clip. `frames`: yuv420p planes with height × 3 / 2 rows. `sound`: mono 16-bit
    samples of the same duration. Raises PyAV's errors.
    """
    first, *rest = frames
    height, width = first.shape[0] * 2 // 3, first.shape[1]
    sounds = tuple(_encode_sound(sound))
    units = list(
        _encode_frames([first, *rest], width, height, fps, max(30, kbps - SOUND_BPS // 1_000))
    )
    size = sum(map(len, units)) + sum(map(len, sounds))
    return Clip(
        width,
        height,
        fps,
        size * 8 / 1_000 * fps / len(units),
        tuple(tuple(packetise(unit)) for unit in units),
        sounds,
    )


def _frames(width: int, height: int, fps: int) -> Iterator[Array]:
    luma = np.add.outer(np.arange(height), np.arange(width)) * 2
    dots = np.random.default_rng(1).integers(0, 24, (height, width))
    for number in range(SECONDS * fps):
        planes = np.full((height * 3 // 2, width), 128, np.uint8)
        planes[:height] = 40 + (luma + 5 * number) % 150 + np.roll(dots, 7 * number, axis=1)
        yield planes


def _sound() -> Array:
    times = np.arange(SOUND_RATE * SECONDS) / SOUND_RATE
    tone: Array = (6_000 * np.sin(2 * np.pi * 330 * times) * np.exp(-4 * (times % 1.0))).astype(
        np.int16
    )
    return tone


def _encode_frames(
    frames: Iterable[Array], width: int, height: int, fps: int, kbps: int
) -> Iterator[bytes]:
    codec = av.CodecContext.create("libx264", "w")
    assert isinstance(codec, av.VideoCodecContext)
    codec.width, codec.height, codec.pix_fmt, codec.time_base = (
        width,
        height,
        "yuv420p",
        Fraction(1, fps),
    )
    codec.framerate, codec.bit_rate = Fraction(fps), kbps * 1_000
    # Use filler data (nal-hrd=cbr), so that every second of video has the same size. Use a small
    # buffer to limit the size of IDRs.
    rate = f"vbv-maxrate={kbps}:vbv-bufsize={max(1, kbps // 2)}:nal-hrd=cbr"
    codec.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "profile": "baseline",
        "x264-params": f"{rate}:keyint={GOP * fps}:min-keyint={GOP * fps}:scenecut=0:threads=1",
    }
    for number, planes in enumerate(frames):
        frame = VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts = number
        frame.pict_type = PictureType.NONE
        yield from (bytes(packet) for packet in codec.encode(frame))
    yield from (bytes(packet) for packet in codec.encode(None))


def _encode_sound(tone: Array) -> Iterator[bytes]:
    codec = av.CodecContext.create("libopus", "w")
    assert isinstance(codec, av.AudioCodecContext)
    codec.sample_rate, codec.layout, codec.format, codec.bit_rate = (
        SOUND_RATE,
        "stereo",
        "s16",
        SOUND_BPS,
    )
    codec.options = {"vbr": "off"}
    for start in range(0, len(tone), SOUND_SAMPLES):
        frame = AudioFrame.from_ndarray(
            np.repeat(tone[start : start + SOUND_SAMPLES], 2).reshape(1, -1),
            format="s16",
            layout="stereo",
        )
        frame.sample_rate, frame.pts = SOUND_RATE, start
        for packet in codec.encode(frame):
            yield bytes(packet)


def packetise(unit: bytes) -> Iterator[bytes]:
    """Yields the RTP payloads of an Annex B access unit (RFC 6184). Parameter sets are packed into
    a STAP-A, as browsers do it. Each large NAL unit is split into FU-As.
    """
    nals = [nal for nal in split_annexb(unit) if nal[0] & 0x1F != AUD]
    sets = [nal for nal in nals if nal[0] & 0x1F in (SPS, PPS)]
    if sets:
        yield bytes((0x60 | STAP_A,)) + b"".join(len(nal).to_bytes(2, "big") + nal for nal in sets)
    for nal in nals:
        if nal in sets:
            continue
        if len(nal) <= PAYLOAD_MAX:
            yield nal
        else:
            yield from fragments(nal)


def fragments(nal: bytes) -> Iterator[bytes]:
    """Yields the FU-A payloads of a NAL unit that is longer than PAYLOAD_MAX (RFC 6184 §5.8)."""
    step = PAYLOAD_MAX - 2
    for at in range(1, len(nal), step):
        part = nal[at : at + step]
        place = 0x80 if at == 1 else 0x40 if at + step >= len(nal) else 0
        yield bytes((nal[0] & 0xE0 | FU_A, nal[0] & 0x1F | place)) + part


def split_annexb(unit: bytes) -> list[bytes]:
    """Splits an Annex B byte stream into its NAL units. Start codes have three or four bytes."""
    return [nal for nal in (part.rstrip(b"\0") for part in unit.split(b"\0\0\1")) if nal]
