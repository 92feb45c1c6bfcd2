"""Reads an LL-HLS media playlist (RFC 8216bis §4.4). Pure."""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

_ATTRIBUTE = re.compile(r'([A-Z-]+)=("[^"]*"|[^",]*)')


class PlaylistUnreadable(ValueError):
    """The text is not a media playlist that this viewer can play at low latency."""


@dataclass(frozen=True, slots=True)
class Part:
    """A partial segment."""

    segment: int
    """Media sequence number of the segment to which the part belongs."""
    index: int
    uri: str
    independent: bool
    gap: bool
    """Whether the part has no media, so that a player must not request it (`GAP=YES`)."""
    duration: float
    """Duration of the part, seconds."""
    ends: float | None
    """Capture time of the part's end, µs since the Unix epoch; None if the playlist has no date."""

    @property
    def place(self) -> tuple[int, int]:
        return self.segment, self.index


@dataclass(frozen=True, slots=True)
class Playlist:
    parts: tuple[Part, ...]
    """The parts that the playlist lists, in order."""
    coming: tuple[int, int]
    """Segment number and index of the next part, which is not listed yet."""
    init: str
    """URI of the newest init segment."""
    hold_back: float
    """Minimum distance of a player from the end of the playlist, seconds (`PART-HOLD-BACK`)."""
    ended: bool

    def start(self) -> tuple[Part, ...]:
        """Returns the parts that a joining player loads, beginning with the last independent part
        that is far enough from the end.
        """
        left, found = 0.0, 0
        for place in range(len(self.parts) - 1, -1, -1):
            left += self.parts[place].duration
            if self.parts[place].independent:
                found = place
                if left >= self.hold_back:
                    break
        return self.parts[found:]

    def since(self, coming: tuple[int, int]) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.place >= coming)

    def follows(self, coming: tuple[int, int]) -> bool:
        """Whether no part is missing between an earlier playlist and this playlist. `coming`: the
        next part of the earlier playlist. That part may have become the first part of the next
        segment.
        """
        new = self.since(coming)
        return not new or new[0].place in (coming, (coming[0] + 1, 0))


@lru_cache(64)
def read_playlist(text: str) -> Playlist:
    """Parses a playlist. The result is cached, because all viewers of a room get the same text.
    Raises PlaylistUnreadable.
    """
    if not text.startswith("#EXTM3U"):
        raise PlaylistUnreadable("no playlist")
    reader = _Reader()
    try:
        for line in text.splitlines():
            reader.take(line)
    except ValueError as error:
        raise PlaylistUnreadable(f"a playlist with {error}") from error
    if not reader.hold_back or not reader.init:
        raise PlaylistUnreadable("a playlist without parts")
    return Playlist(
        tuple(reader.parts),
        (reader.segment, reader.index),
        reader.init,
        reader.hold_back,
        reader.ended,
    )


def read_variant(text: str) -> str:
    """Returns the URI of a multivariant playlist's first variant. Raises PlaylistUnreadable."""
    found = next((line for line in text.splitlines() if line and not line.startswith("#")), "")
    if not text.startswith("#EXTM3U") or not found:
        raise PlaylistUnreadable("no playlist")
    return found


class _Reader:
    """The state of the parser after the lines that it has read."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.segment = self.index = 0
        self.init, self.hold_back, self.ended = "", 0.0, False
        self._date: float | None = None

    def take(self, line: str) -> None:
        tag, _, value = line.partition(":")
        if tag == "#EXT-X-PART":
            self._take_part(_attributes(value))
        elif tag == "#EXT-X-PROGRAM-DATE-TIME":
            self._date = datetime.fromisoformat(value).timestamp() * 1_000_000
        elif tag == "#EXT-X-MEDIA-SEQUENCE":
            self.segment = int(value)
        elif tag == "#EXT-X-MAP":
            self.init = _attributes(value).get("URI", "")
        elif tag == "#EXT-X-SERVER-CONTROL":
            self.hold_back = float(_attributes(value).get("PART-HOLD-BACK", 0))
        elif tag == "#EXT-X-ENDLIST":
            self.ended = True
        elif line and not line.startswith("#"):
            self.segment, self.index, self._date = self.segment + 1, 0, None

    def _take_part(self, attributes: dict[str, str]) -> None:
        duration = float(attributes.get("DURATION", 0))
        if self._date is not None:
            self._date += duration * 1_000_000
        independent, gap = (attributes.get(name) == "YES" for name in ("INDEPENDENT", "GAP"))
        self.parts.append(
            Part(
                self.segment,
                self.index,
                attributes.get("URI", ""),
                independent,
                gap,
                duration,
                self._date,
            )
        )
        self.index += 1


def _attributes(text: str) -> dict[str, str]:
    return {name: value.strip('"') for name, value in _ATTRIBUTE.findall(text)}
