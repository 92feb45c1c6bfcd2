"""Log records as lines of JSON, for programs that collect logs."""

import json
import logging
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache

MESSAGE_MOST, EXCEPTION_MOST, FIELD_MOST = 4_000, 10_000, 200
"""Bytes of JSON of a message, of an exception, and of each other field. A line has less than
16 KiB: collectors of container logs split longer ones.
"""
CUT = "…"

FIELDS = {"room": "room", "stream": "room", "channel": "room", "session": "session"}
"""The word before a placeholder of a message, and the field that it fills. A stream and a channel
have the name of their room.
"""
_PLACEHOLDER = re.compile(r"(?:(?P<word>\w+) )?%(?P<kind>[-#0 +]*\d*(?:\.\d+)?[a-zA-Z]|%)")


class JsonFormatter(logging.Formatter):
    """Writes a record as one line: a JSON object with `time` (UTC), `level`, `logger`, `message`
    and, where known, `node`, `room`, `session` (its number in the room) and `exception`.

    The room and the session are the arguments of the message that follow these words, so that
    `logger.info("room %s: session %d connected", name, number)` has both fields.
    """

    def __init__(self, node: str | None = None) -> None:
        super().__init__()
        self._node = node

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, str | int] = {
            "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": _head(record.name, FIELD_MOST),
            "message": _head(record.getMessage(), MESSAGE_MOST),
        }
        if self._node is not None:
            line["node"] = self._node
        line.update(_fields(record))
        trace = self.formatException(record.exc_info) if record.exc_info else record.exc_text
        if trace:
            line["exception"] = _tail(trace, EXCEPTION_MOST)
        return json.dumps(line)


def _fields(record: logging.LogRecord) -> Iterator[tuple[str, str | int]]:
    if not isinstance(record.msg, str) or not record.args or isinstance(record.args, Mapping):
        return
    for name, place in _places(record.msg):
        value = record.args[place]
        yield name, value if isinstance(value, int) else _head(str(value), FIELD_MOST)


@lru_cache(maxsize=1_024)
def _places(template: str) -> tuple[tuple[str, int], ...]:
    """Returns the fields of a message, each with the number of the argument that fills it."""
    placeholders = [
        found["word"] for found in _PLACEHOLDER.finditer(template) if found["kind"] != "%"
    ]
    return tuple((FIELDS[word], place) for place, word in enumerate(placeholders) if word in FIELDS)


def _head(text: str, most: int) -> str:
    """Returns the beginning of the text that has at most `most` bytes as JSON."""
    return text if _fits(text, most) else text[: _length(text, most)] + CUT


def _tail(text: str, most: int) -> str:
    """Returns the end of the text: the end of a traceback has the error."""
    if _fits(text, most):
        return text
    backwards = text[: -most - 1 : -1]
    return CUT + backwards[: _length(backwards, most)][::-1]


def _fits(text: str, most: int) -> bool:
    return len(text) <= most and len(json.dumps(text)) <= most


def _length(text: str, most: int) -> int:
    """Returns how many characters fit together with CUT."""
    return (
        bisect_right(
            range(min(len(text), most) + 1),
            most,
            key=lambda length: len(json.dumps(text[:length] + CUT)),
        )
        - 1
    )
