"""What a viewer likes to watch: tags, creators and moods, with a half-life. Pure.

A taste believes that how well a viewer likes an item is the sum of what the viewer likes about its
tags, its creator and its mood. Each belief has a mean and a number of views that support it. A view
corrects the beliefs about the item by the difference from what they predicted; beliefs with little
support are corrected most (a Kalman filter whose beliefs are independent of each other).
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import log
from typing import Any, Self

HALF_LIFE = 14 * 86_400.0
"""Seconds after which what was watched counts half."""
MAX_BYTES = 2_048
"""Maximum size of the JSON text of a person with a row."""
MAX_GUEST_BYTES = 1_024
"""Maximum size of the JSON text that a guest's browser keeps."""
SKIP = 3.0
"""A view of fewer seconds is a skip."""
STAY = 8.0
"""A view of at least so many seconds is a stay."""
MAX_TAGS, MAX_CREATORS = 60, 40
"""Maximum numbers of tags and creators that are kept."""
MAX_KEY = 64
"""Maximum length of a tag or an id, characters."""
PARTS = ("night", "morning", "afternoon", "evening")
"""Parts of a day, six hours each."""
MOODS = ("calm", "loud", "funny", "learn", "create")
LIMITS = {"t": MAX_TAGS, "c": MAX_CREATORS, "m": len(MOODS) * (len(PARTS) + 1)}
"""Maximum number of beliefs about tags, creators, moods."""
MAX_MEAN = 3.0
"""Maximum size of a mean."""
LEAST, MOST = -1.0, 1.6
"""Least and most that one view says."""
PRIOR = {"t": 0.12, "c": 0.4, "m": 0.05}
"""Variance of what viewers like about a tag, a creator, a mood."""
NOISE = 0.9
"""Variance of one view around how well the viewer likes the item."""
USUAL = -0.3
"""What a view of an item says on average, if nothing is known."""
_MAX_COUNT = 1_000.0
_DECAY_AFTER = 3_600.0
_FUTURE = 300.0
"""Seconds by which a time may lie in the future, because clocks differ."""


@dataclass(slots=True)
class _Part:
    """A belief."""

    count: float
    """Number of views that support it."""
    mean: float


_Parts = dict[str, _Part]


def liking(seconds: float) -> float:
    """Returns what a view of so many seconds says, from LEAST to MOST."""
    if seconds < SKIP:
        return LEAST
    if seconds < STAY:
        return -0.3
    return min(MOST, 0.1 + 0.5 * log(seconds / STAY))


@dataclass(slots=True)
class Taste:
    """The taste of one viewer. Mutable; call `watched` once for each item that was seen."""

    _at: float = 0.0
    """When the taste last decayed."""
    _parts: dict[str, _Parts] = field(default_factory=lambda: {"t": {}, "c": {}, "m": {}})
    """Tags, creators, and moods by part of the day."""

    def __bool__(self) -> bool:
        """Whether anything is known."""
        return any(self._parts.values())

    def watched(
        self,
        creator: str,
        tags: Iterable[tuple[str, float]],
        mood: str,
        seconds: float,
        now: float,
        hour: int | None = None,
    ) -> None:
        """Learns from one view that lasted `seconds`. `tags`: the tags of the item and how much
        each counts (kin.py). `hour`: in the viewer's time zone.
        """
        self._decay(now)
        about = [("t", tag, weight) for tag, weight in tags]
        about.append(("c", creator, 1.0))
        if mood in MOODS:
            about.append(("m", _mood_key(mood, hour), 1.0))
        expected, doubt = USUAL, NOISE
        for name, key, weight in about:
            part = self._parts[name].get(key)
            if part is not None:
                expected += weight * part.mean
            doubt += weight * weight * _variance(name, part)
        surprise = (liking(seconds) - expected) / doubt
        for name, key, weight in about:
            self._learn(name, key, weight, surprise)

    def _learn(self, name: str, key: str, weight: float, surprise: float) -> None:
        parts = self._parts[name]
        part = parts.get(key)
        variance = _variance(name, part)
        if part is None:
            if len(key) > MAX_KEY:
                return
            if len(parts) >= LIMITS[name]:
                del parts[min(parts, key=lambda known: abs(parts[known].mean))]
            part = parts[key] = _Part(0.0, 0.0)
        part.mean = max(-MAX_MEAN, min(MAX_MEAN, part.mean + variance * weight * surprise))
        part.count = min(_MAX_COUNT, part.count + weight * weight)

    # What the ranking reads

    def tags(self) -> dict[str, float]:
        """Returns what the viewer likes about each known tag."""
        return {key: part.mean for key, part in self._parts["t"].items()}

    def creators(self) -> dict[str, float]:
        """Returns what the viewer likes about each known creator, besides the tags."""
        return {key: part.mean for key, part in self._parts["c"].items()}

    def moods(self, hour: int | None) -> dict[str, float]:
        """Returns what the viewer likes about each known mood in this part of the day."""
        end = _part(hour)
        parts = self._parts["m"].items()
        return {key[:-1]: part.mean for key, part in parts if key.endswith(end)}

    # JSON

    def to_json(self, limit: int = MAX_BYTES) -> str:
        """Returns the taste as JSON of at most `limit` bytes. Drops the weakest parts if needed."""
        kept = [
            (abs(part.mean) * min(part.count, 4.0), name, key)
            for name, parts in self._parts.items()
            for key, part in parts.items()
        ]
        kept.sort(reverse=True)
        text = self._json(kept)
        while len(text.encode()) > limit and kept:
            # Drop a tenth at a time, so that a large taste needs few attempts.
            del kept[-max(1, len(kept) // 10) :]
            text = self._json(kept)
        return text

    def _json(self, kept: list[tuple[float, str, str]]) -> str:
        value: dict[str, Any] = {"v": 1, "at": round(self._at), "t": {}, "c": {}, "m": {}}
        for _, name, key in kept:
            part = self._parts[name][key]
            value[name][key] = [round(part.count, 2), round(part.mean, 2)]
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str, now: float) -> Self:
        """Returns the taste. Raises ValueError if the text is not a taste: wrong types, numbers out
        of their bounds, too many or too long keys, more than MAX_BYTES, or a time in the future.
        """
        if len(text.encode(errors="replace")) > MAX_BYTES:
            raise ValueError(f"a taste has at most {MAX_BYTES} bytes")
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            raise ValueError("a taste is JSON") from None
        if not isinstance(value, dict) or set(value) != {"v", "at", "t", "c", "m"}:
            raise ValueError("a taste is an object with v, at, t, c and m")
        at = value["at"]
        if value["v"] != 1 or not _number(at) or not 0 <= at <= now + _FUTURE:
            raise ValueError("a taste has v 1, and a time that has passed")
        return cls(float(at), {name: _read(value[name], limit) for name, limit in LIMITS.items()})

    def _decay(self, now: float) -> None:
        """Lets old views count less. Does nothing if the clock went back."""
        passed = now - self._at
        if passed < _DECAY_AFTER:
            return
        factor = 0.5 ** (passed / HALF_LIFE) if self._at else 1.0
        self._at = now
        for parts in self._parts.values():
            for key, part in list(parts.items()):
                part.count *= factor
                part.mean *= factor
                if part.count < 0.05:
                    del parts[key]


def _variance(name: str, part: _Part | None) -> float:
    """Returns how uncertain a belief is."""
    prior = PRIOR[name]
    return prior if part is None else prior / (1 + part.count * prior / NOISE)


def _part(hour: int | None) -> str:
    """Returns the digit of the part of the day; `-` if the hour is unknown."""
    return "-" if hour is None else str(hour % 24 // 6)


def _mood_key(mood: str, hour: int | None) -> str:
    return mood + _part(hour)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e12


def _read(value: object, most: int) -> _Parts:
    if not isinstance(value, dict) or len(value) > most:
        raise ValueError(f"a part of a taste is an object with at most {most} keys")
    parts = {}
    for key, pair in value.items():
        if not 1 <= len(key) <= MAX_KEY or any("\ud800" <= sign <= "\udfff" for sign in key):
            raise ValueError(f"a key of a taste has 1 to {MAX_KEY} characters")
        if not isinstance(pair, list) or len(pair) != 2 or not all(map(_number, pair)):
            raise ValueError("a value of a taste is two numbers")
        count, mean = pair
        if not 0 <= count <= _MAX_COUNT or abs(mean) > MAX_MEAN:
            raise ValueError("a number of a taste is out of its bounds")
        parts[key] = _Part(float(count), float(mean))
    return parts
