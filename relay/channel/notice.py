"""Parses viewers' notices (PROTOCOL.md) and limits their rate. Pure."""

import json
from collections.abc import Mapping
from typing import Any

from relay.errors import MessageError

MAX_BYTES = 4_096
"""Maximum size of one notice, bytes."""
PER_SECOND = 20
"""Number of notices that a viewer may send per second."""
NUMBER_MAX = 1 << 63


def read_notice(text: str) -> tuple[str, Mapping[str, Any]]:
    """Returns the type of a notice, and the parsed notice. Raises MessageError."""
    try:
        notice = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MessageError("the notice is not JSON") from error
    if not isinstance(notice, dict) or not isinstance(notice.get("type"), str):
        raise MessageError("the notice is not a JSON object with a type")
    return notice["type"], notice


def read_number(notice: Mapping[str, Any], name: str) -> int:
    """Returns a number of a notice without its fraction. Raises MessageError."""
    try:
        number = int(notice[name])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise MessageError(f"the notice has no number {name!r}") from error
    if not -NUMBER_MAX <= number < NUMBER_MAX:
        raise MessageError(f"{name!r} of the notice is out of range")
    return number


class Allowance:
    """A token bucket for a viewer's notices: `PER_SECOND` notices at once, then `PER_SECOND`
    notices a second. `now` is in seconds.
    """

    def __init__(self, now: float) -> None:
        self._tokens = float(PER_SECOND)
        self.used_at = now
        """When the last notice arrived."""

    def take(self, now: float) -> bool:
        """Takes one token. Returns whether the viewer may send this notice."""
        elapsed, self.used_at = now - self.used_at, now
        self._tokens = min(PER_SECOND, self._tokens + elapsed * PER_SECOND) - 1
        return self._tokens >= 0
