"""Writes messages as WebVTT cues. Pure. Times in µs."""

SHOWN_FOR = 5_000_000
"""Time for which a message is shown."""


def begin_track() -> str:
    """Returns the beginning of the file."""
    return "WEBVTT\n\n"


def cue(at: int, name: str, text: str) -> str:
    """Returns the cue of one message that appears at `at`."""
    voice = _escaped(name).replace("&gt;", "")
    return f"{_time(at)} --> {_time(at + SHOWN_FOR)}\n<v {voice}>{_escaped(text)}</v>\n\n"


def _escaped(text: str) -> str:
    """Returns the text as one line without markup."""
    line = " ".join(text.split())
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _time(at: int) -> str:
    milliseconds = max(0, at) // 1_000
    seconds, rest = divmod(milliseconds, 1_000)
    return f"{seconds // 3_600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"
