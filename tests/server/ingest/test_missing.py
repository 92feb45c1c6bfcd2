"""What viewers miss, and the cause that a creator reads."""

from dataclasses import replace
from typing import Any

import pytest

from server.ingest.missing import (
    PATIENCE,
    SOUND_PATIENCE,
    Arrivals,
    MissingNews,
    find_missing,
)

FINE = Arrivals(session=60.0, picture=0.03, video=0.03, sound=0.02, sound_offered=True)
BLANK = replace(FINE, picture=None)


@pytest.mark.parametrize(
    ("arrivals", "changes", "code", "words"),
    [
        (BLANK, {"video": None, "sound": None}, "no_packets", "pass UDP to this server"),
        (BLANK, {"video": None}, "no_video", "add a video source"),
        (FINE, {"picture": 9.0, "video": 9.0}, "no_video", "add a video source"),
        (FINE, {"picture": 9.0, "video": 9.0, "sound": 9.0}, "no_packets", "no packets"),
        (
            BLANK,
            {"video": None, "unknown_payloads": (45, 97)},
            "unknown_payload",
            "payload types 45, 97, which are not in the SDP answer: choose H.264",
        ),
        (
            BLANK,
            {"undecodable": 90, "requests": 13},
            "no_keyframe",
            "no keyframe has arrived although it was requested 13 times: set the keyframe interval",
        ),
        (
            BLANK,
            {"undecodable": 90, "requests": 2, "parameters_error": "not an SPS"},
            "no_parameters",
            "(not an SPS): let the encoder repeat SPS and PPS",
        ),
        (
            BLANK,
            {"undecodable": 90, "requests": 9, "refusal": "all are taken: try again later"},
            "no_transcoder",
            "all are taken: try again later; or switch off intra refresh",
        ),
        (FINE, {"refusal": "no"}, "no_transcoder", "switch off intra refresh"),
        (BLANK, {"undecoded": 1.0}, "not_decoded", "choose H.264 without B-frames"),
        (FINE, {"picture": 4.0, "undecoded": 1.0}, "not_decoded", "has not decoded"),
        (FINE, {"undecoded": PATIENCE}, "not_decoded", "has not decoded"),
        (BLANK, {"lost": 40}, "no_complete_frame", "(40 packets lost): lower the bitrate"),
        (FINE, {"picture": 4.0}, "no_complete_frame", "find a better network"),
    ],
)
def test_causes_of_a_missing_picture(
    arrivals: Arrivals, changes: dict[str, Any], code: str, words: str
) -> None:
    """One cause at a time, with what to change."""
    (missing,) = find_missing(replace(arrivals, **changes))
    assert (missing.what, missing.code) == ("picture", code)
    assert words in missing.text
    assert missing.requests == (13 if code == "no_keyframe" else 0)


def test_a_picture_gets_time_to_come() -> None:
    late = replace(BLANK, video=None)
    assert find_missing(replace(late, session=PATIENCE - 0.1)) == []
    assert find_missing(replace(late, session=PATIENCE)) != []
    assert find_missing(FINE) == []
    assert find_missing(replace(FINE, undecoded=PATIENCE - 0.1)) == []


def test_sound_that_was_offered() -> None:
    """A missing picture matters more."""
    silent = replace(FINE, sound=None)
    assert [missing.code for missing in find_missing(silent)] == ["no_sound"]
    assert find_missing(replace(silent, sound=SOUND_PATIENCE))[0].what == "sound"
    assert find_missing(replace(silent, sound=SOUND_PATIENCE - 0.1)) == []
    assert find_missing(replace(silent, session=SOUND_PATIENCE - 0.1)) == []
    assert find_missing(replace(silent, sound_offered=False)) == []
    assert find_missing(replace(silent, picture=9.0))[0].what == "picture"


def test_each_cause_is_news_once() -> None:
    news = MissingNews()
    silent, dark = find_missing(replace(FINE, sound=None)), find_missing(BLANK)
    assert news.take([]) == []
    assert news.take(silent) == silent and news.take(silent) == []
    assert news.take(dark) == dark and news.take([*silent, *dark]) == []
