"""Reads an LL-HLS media playlist (RFC 8216bis §4.4). Pure."""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

_ATTRIBUTE = re.compile(r'([A-Z-]+)=("[^"]*"|[^",]*)')


class PlaylistUnreadable(ValueError):
    """Raised if the text is not a media playlist that the viewer can play at low latency."""


@dataclass(frozen=True, slots=True)
class Part:
    """A partial segment of an LL-HLS playlist."""

    segment: int
    """Media sequence number of the segment to which the part belongs."""
    index: int
    uri: str
    independent: bool
    gap: bool
    """Whether the part has no media (`GAP=YES`). A player must not request this part."""
    duration: float
    """Duration of the part, seconds."""
    ends: float | None
    """Capture time at the end of the part, µs since the Unix epoch. None if the playlist has no
    date.
    """

    @property
    def place(self) -> tuple[int, int]:
        return self.segment, self.index


@dataclass(frozen=True, slots=True)
class Playlist:
    parts: tuple[Part, ...]
    """The parts that the playlist lists, oldest first."""
    coming: tuple[int, int]
    """Segment number and part index of the next part, which the playlist does not list yet."""
    init: str
    """URI of the newest init segment."""
    hold_back: float
    """Minimum distance between the playback position and the end of the playlist, seconds
    (`PART-HOLD-BACK`).
    """
    ended: bool

    def start(self) -> tuple[Part, ...]:
        """Returns the parts that a player loads when it joins. They begin with the newest
        independent part that starts at least `hold_back` before the end of the playlist.
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
        """Whether this playlist continues an earlier playlist without a missing part. `coming`: the
        next part announced by the earlier playlist. The server may have published this part as the
        first part of the next segment.
        """
        new = self.since(coming)
        return not new or new[0].place in (coming, (coming[0] + 1, 0))


@lru_cache(64)
def read_playlist(text: str) -> Playlist:
    """Parses a playlist. Caches the result, because all viewers of a room receive the same text.
    Raises PlaylistUnreadable.
    """
    if not text.startswith("#EXTM3U"):
        raise PlaylistUnreadable("no playlist")
    reader = _Reader()
    try:
        for line in text.splitlines():
            reader.take(line)
    except ValueError as error:
        raise PlaylistUnreadable(f"unreadable playlist: {error}") from error
    if not reader.hold_back or not reader.init:
        raise PlaylistUnreadable("the playlist has no parts")
    return Playlist(
        tuple(reader.parts),
        (reader.segment, reader.index),
        reader.init,
        reader.hold_back,
        reader.ended,
    )


def read_variant(text: str) -> str:
    """Returns the URI of the first variant in a multivariant playlist. Raises
    PlaylistUnreadable.
    """
    found = next((line for line in text.splitlines() if line and not line.startswith("#")), "")
    if not text.startswith("#EXTM3U") or not found:
        raise PlaylistUnreadable("no playlist")
    return found


class _Reader:
    """A parser for playlists. It takes one line at a time."""

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
