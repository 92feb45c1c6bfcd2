"""The caption of a clip: the rules for what a person writes, and the text track that players show
(WebVTT). Pure.

Players show the lines of a caption one after another, longer lines for a longer time.
"""

from itertools import accumulate, pairwise

from server.social.message_text import clean_text

MAX_LENGTH = 300
"""Maximum length of a caption, characters."""
MAX_LINES = 8
SHORT = 10
"""Characters that are added to the length of each line, so that short lines can be read too."""
MEDIA_TYPE = "text/vtt; charset=utf-8"

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def read_caption(value: str) -> str:
    """Returns the caption to store: lines without control characters and without empty lines.
    Raises ValueError.
    """
    # A longer text is refused anyway, so its characters are not worth the work.
    lines = [clean_text(line) for line in value[: 4 * MAX_LENGTH].splitlines()]
    text = "\n".join(filter(None, lines))
    if len(value) > 4 * MAX_LENGTH or len(text) > MAX_LENGTH:
        raise ValueError(f"a caption has at most {MAX_LENGTH} characters")
    if text.count("\n") >= MAX_LINES:
        raise ValueError(f"a caption has at most {MAX_LINES} lines")
    return text


def text_track(caption: str, duration: int) -> str:
    """Returns the caption as WebVTT, for a clip of this duration (µs)."""
    lines = caption.splitlines()
    ends = accumulate((len(line) + SHORT for line in lines), initial=0)
    total = sum(len(line) + SHORT for line in lines)
    times = pairwise(_time(duration * end // max(1, total)) for end in ends)
    cues = [
        f"{start} --> {end}\n{line.translate(_ESCAPES)}\n"
        for (start, end), line in zip(times, lines, strict=True)
    ]
    return "\n".join(["WEBVTT\n", *cues])


def _time(at: int) -> str:
    """Returns a time (µs) as minutes, seconds and milliseconds (WebVTT §4.1)."""
    seconds, milliseconds = divmod(at // 1_000, 1_000)
    return f"{seconds // 60:02}:{seconds % 60:02}.{milliseconds:03}"
