"""Finds out why a publisher's picture or sound is missing, and what to change. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

PATIENCE: Final = 3.0
"""Time without a picture after which the picture counts as missing, seconds."""
SOUND_PATIENCE: Final = 5.0
"""Time without an audio packet after which the offered sound counts as missing, seconds."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What has arrived from a publisher. All times are in seconds before now; None means never."""

    session: float
    """Time since the session has begun."""
    picture: float | None = None
    """Time since the last picture for viewers."""
    undecoded: float | None = None
    """Time since the first complete frame at which decoding can start, of those that came after the
    last keyframe for viewers. None if there is no such frame.
    """
    video: float | None = None
    """Time since the last video packet."""
    sound: float | None = None
    """Time since the last audio packet."""
    sound_offered: bool = False
    unknown_payloads: tuple[int, ...] = ()
    """RTP payload types of packets that the SDP answer does not contain."""
    undecodable: int = 0
    """Number of complete frames dropped because no keyframe precedes them."""
    requests: int = 0
    """Number of keyframe requests without an answer."""
    lost: int = 0
    """Number of video packets that were lost for good."""
    parameters_error: str = ""
    """Why the latest keyframe has no usable SPS and PPS."""
    refusal: str = ""
    """Why the server does not transcode a video without keyframes."""


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that viewers miss."""

    what: str
    """`picture` or `sound`."""
    code: str
    requests: int
    """Number of keyframe requests without an answer; 0 unless the code is `no_keyframe`."""
    text: str
    """The cause, and after a colon what to change."""


_KEYFRAME = "no_keyframe"
_CAUSES: tuple[tuple[str, Callable[[Arrivals], bool], str], ...] = (
    (
        "unknown_payload",
        lambda it: it.video is None and bool(it.unknown_payloads),
        "the encoder sends the RTP payload types {payloads}, which are not in the SDP answer: "
        "choose H.264 without further layers or error correction",
    ),
    (
        "no_video",
        lambda it: not _recent(it.video) and _recent(it.sound),
        "sound arrives but no video: switch on the camera or add a video source in the encoder",
    ),
    (
        "no_packets",
        lambda it: not _recent(it.video),
        "no packets arrive although the connection was made: start the stream in the encoder, and "
        "let its network pass UDP to this server",
    ),
    (
        "no_parameters",
        lambda it: bool(it.parameters_error),
        "the keyframes have no usable codec parameters ({error}): let the encoder repeat SPS and "
        "PPS before each keyframe",
    ),
    (
        "no_transcoder",
        lambda it: bool(it.refusal),
        "the encoder sends recovery points in the place of keyframes, and {refusal}; or switch off "
        "intra refresh in the encoder",
    ),
    (
        _KEYFRAME,
        lambda it: it.undecodable > 0 and it.requests > 0,
        "no keyframe has arrived although it was requested {requests} times: set the keyframe "
        "interval of the encoder to 1 s or 2 s, and switch off intra refresh",
    ),
    (
        "not_decoded",
        lambda it: it.undecoded is not None,
        "the server has not decoded the video yet: if this lasts, choose H.264 without B-frames "
        "and with at most 1920 × 1080 pixels in the encoder",
    ),
    (
        "no_complete_frame",
        lambda it: True,
        "video packets arrive but no complete frame ({lost} packets lost): lower the bitrate of "
        "the encoder, or find a better network",
    ),
)
"""Code, condition and text of each cause of a missing picture. The first true condition counts."""


class MissingNews:
    """Finds the causes that were not reported before, so that a session logs each cause once."""

    def __init__(self) -> None:
        self._codes: set[str] = set()

    def take(self, missing: list[Missing]) -> list[Missing]:
        news = [item for item in missing if item.code not in self._codes]
        self._codes.update(item.code for item in news)
        return news


def find_missing(arrivals: Arrivals) -> list[Missing]:
    """Returns what is missing: the picture, or the sound, or nothing. If an encoder sends no
    keyframes and there is no transcoder, or the transcoder decodes nothing, viewers who join miss
    the picture.
    """
    without = arrivals.session if arrivals.picture is None else arrivals.picture
    if max(without, arrivals.undecoded or 0.0) >= PATIENCE or arrivals.refusal:
        return [_missing_picture(arrivals)]
    silent = arrivals.session if arrivals.sound is None else arrivals.sound
    if arrivals.sound_offered and silent >= SOUND_PATIENCE:
        return [
            Missing(
                "sound",
                "no_sound",
                0,
                "no sound arrives although it was offered: switch on the microphone or choose an "
                "audio source in the encoder",
            )
        ]
    return []


def _missing_picture(arrivals: Arrivals) -> Missing:
    code, _, text = next(cause for cause in _CAUSES if cause[1](arrivals))
    return Missing(
        "picture",
        code,
        arrivals.requests if code == _KEYFRAME else 0,
        text.format(
            payloads=", ".join(map(str, arrivals.unknown_payloads)),
            error=arrivals.parameters_error,
            refusal=arrivals.refusal,
            requests=arrivals.requests,
            lost=arrivals.lost,
        ),
    )


def _recent(age: float | None) -> bool:
    return age is not None and age < PATIENCE
