"""The refusals of requests for clips."""

import logging

from relay.errors import Refusal, RefusalCode
from server.clips.cut import CutProblem, CutRefused
from server.clips.maker import ClipFailed
from server.errors import (
    Conflict,
    Forbidden,
    Gone,
    NotFound,
    TooManyRequests,
    Unavailable,
    Unprocessable,
)

logger = logging.getLogger(__name__)

PROBLEMS: dict[CutProblem, tuple[type[Unprocessable | Gone], RefusalCode]] = {
    CutProblem.TOO_SHORT: (Unprocessable, RefusalCode.CLIP_TOO_SHORT),
    CutProblem.TOO_LONG: (Unprocessable, RefusalCode.CLIP_TOO_LONG),
    CutProblem.GONE: (Gone, RefusalCode.MOMENT_GONE),
}
RETRY = 5.0
"""Seconds after which a clip that could not be made may be tried again."""
RETRY_LIVE = 600.0
"""Seconds after which a person may try again if a live has enough clips."""


def refused_cut(refusal: CutRefused) -> Refusal:
    kind, code = PROBLEMS[refusal.problem]
    return kind(code, str(refusal))


def not_made(clip: str, error: ClipFailed) -> Refusal:
    logger.warning("clip %s: %s", clip, error)
    return Unavailable(
        RefusalCode.CLIP_NOT_MADE, "the clip cannot be made at the moment: try again", RETRY
    )


def too_many_of_live() -> Refusal:
    return TooManyRequests(RefusalCode.TOO_MANY_CLIPS, "this live has enough clips", RETRY_LIVE)


def no_clip() -> Refusal:
    return NotFound(RefusalCode.CLIP_NOT_FOUND, "there is no such clip")


def no_file() -> Refusal:
    return NotFound(RefusalCode.CLIP_NOT_FOUND, "this clip has no such file")


def finished() -> Refusal:
    return Conflict(RefusalCode.CLIP_FINISHED, "the clip is finished already: make a new clip")


def listed_word() -> Refusal:
    return Unprocessable(
        RefusalCode.BAD_CLIP, "the title or the caption has a word that the creator does not allow"
    )


def clips_off() -> Refusal:
    return Forbidden(RefusalCode.CLIPS_OFF, "the creator does not allow clips of this live")


def clipper_only() -> Refusal:
    return Forbidden(
        RefusalCode.CLIPPER_ONLY, "only the person who made the clip, or the creator, may do this"
    )


def creator_only() -> Refusal:
    return Forbidden(RefusalCode.CREATOR_ONLY, "only the creator of the live may do this")
