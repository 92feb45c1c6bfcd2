"""Parses the notices of viewers (PROTOCOL.md), and limits the number of notices that a viewer may
send. Pure.
"""

import json
from collections.abc import Mapping
from typing import Any

from relay.errors import MessageError

MAX_BYTES = 4_096
"""Maximum size of one notice, bytes."""
PER_SECOND, BURST = 5, 20
"""Maximum number of notices from one viewer: per second, and in one burst. A page sends one report
per second, and two notices of taps per second while its user taps. The page also asks for the
server's time: four times when the page connects, and four times every 10 s.
"""
NUMBER_MAX = 1 << 63


def read_notice(text: str) -> tuple[str, Mapping[str, Any]]:
    """Parses a notice. Returns its type and its fields. Raises MessageError if the notice is
    malformed.
    """
    try:
        notice = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise MessageError("the notice is not JSON") from error
    if not isinstance(notice, dict) or not isinstance(notice.get("type"), str):
        raise MessageError("the notice is not a JSON object with a type")
    return notice["type"], notice


def read_number(notice: Mapping[str, Any], name: str) -> int:
    """Returns the integer part of the number in the field `name` of a notice. Raises MessageError
    if the field is not a number or is out of range.
    """
    try:
        number = int(notice[name])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise MessageError(f"the field {name!r} of the notice is not a number") from error
    if not -NUMBER_MAX <= number < NUMBER_MAX:
        raise MessageError(f"the field {name!r} of the notice is out of range")
    return number


def read_flag(notice: Mapping[str, Any], name: str) -> bool:
    """Returns the field `name` of a notice. Raises MessageError if the field is not true or
    false.
    """
    flag = notice.get(name)
    if not isinstance(flag, bool):
        raise MessageError(f"the field {name!r} of the notice is not true or false")
    return flag


class Allowance:
    """A token bucket for a viewer's notices: `burst` notices at once, then `per_second` notices a
    second. The time `now` is in seconds.
    """

    def __init__(self, now: float, per_second: float = PER_SECOND, burst: int = BURST) -> None:
        self._per_second = per_second
        self._burst = float(burst)
        self._tokens = float(burst)
        self.used_at = now
        """Arrival time of the last notice, accepted or refused, in seconds."""

    def take(self, now: float) -> bool:
        """Takes one token. Returns whether the viewer may send this notice. A refused notice takes
        no token. So even for a viewer that sends too many notices, `per_second` notices a second
        are handled.
        """
        elapsed, self.used_at = now - self.used_at, now
        self._tokens = min(self._burst, self._tokens + elapsed * self._per_second)
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
