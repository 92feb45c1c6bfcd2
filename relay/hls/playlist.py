"""The media playlist of a live stream (RFC 8216bis): the listed segments, older segments that can
still be downloaded, and the text of the playlist. Pure.
"""

import gzip
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime

from relay.errors import PlaylistError, RefusalCode
from relay.hls.capture_dates import microseconds
from relay.hls.segmenter import PART_TARGET, SCALE, TARGET_DURATION, Part, SegmentStart

SEGMENTS = 10
"""Usual number of complete segments in the playlist: about 20 s. The playlist has more segments if
some segments are short, for example after a phone was rotated.
"""
LISTED = 3 * TARGET_DURATION * SCALE + SCALE // 1_000
"""Minimum duration of the complete segments in the playlist, in 90 kHz ticks (RFC 8216bis §6.2.2).
1 ms more than required, because the durations in the text are rounded.
"""
RETIRED = 12
"""Minimum number of segments kept after they left the playlist. After a segment has left, clients
must be able to download it for a time equal to the duration of the playlist (RFC 8216bis §6.2.2).
"""
RETAINED = RETIRED * TARGET_DURATION * SCALE
"""Minimum total duration of the segments kept after they left the playlist, in 90 kHz ticks."""
MAX_BYTES = 24 * 1024 * 1024
"""Usual maximum memory of a playlist, bytes: 48 s of a 4 Mbit/s stream. If the memory exceeds this
limit, segments that left the playlist are dropped early, and the playlist lists fewer segments.
"""
SEGMENT_OVERHEAD = 2_000
"""Memory that a segment uses in addition to its parts, bytes. Includes its init segment."""
PART_OVERHEAD = 300
"""Memory that a part uses in addition to its media, bytes."""
PARTS_LISTED = 3 * TARGET_DURATION * SCALE
"""Length of the period at the end of the playlist for which the playlist also lists parts, in 90
kHz ticks (RFC 8216bis §6.2.2). A segment that began earlier has no parts in the playlist.
"""
ADVANCE_LIMIT = 3 * SCALE / PART_TARGET
"""Maximum number of parts by which a request may be ahead of the playlist (RFC 8216bis
§6.2.5.2).
"""
HOLD_BACK = 3 * PART_TARGET
"""Distance that clients keep from the end of the playlist, in 90 kHz ticks. RFC 8216bis §4.4.3.8
requires at least twice the part target, and recommends three times the part target.
"""
PART_EXCESS = 2
"""Time by which the playlist states parts longer than they are, µs. Shaka Player (5.2) compares the
stated beginning of each part with its media. If the difference is not larger than at the part
before, rounding can make Shaka Player reset the buffer, which drops all frames up to the next IDR.
Each segment begins anew.
"""
SKIP_BOUNDARY = 6 * TARGET_DURATION * SCALE
"""Distance from the end of the last complete segment beyond which a delta update leaves segments
out, in 90 kHz ticks: the minimum of RFC 8216bis §4.4.3.8.
"""
VERSION = 9
"""Protocol version of the playlist: delta updates need this version (RFC 8216bis §8)."""


@dataclass(slots=True)
class Segment:
    """A media segment: a sequence of parts."""

    number: int
    """Media sequence number of the segment."""
    start: SegmentStart
    init: int
    """Number of the init segment that the segment needs."""
    parts: list[Part] = field(default_factory=list)
    complete: bool = False
    size: int = SEGMENT_OVERHEAD
    """Memory of the segment, bytes."""

    @property
    def duration(self) -> int:
        return sum(part.duration for part in self.parts)

    @property
    def microseconds(self) -> int:
        """Duration, µs, as the playlist states it."""
        return sum(part.microseconds for part in self.parts)

    @property
    def gap(self) -> bool:
        """Whether the segment consists of gaps only, so that no part can be played."""
        return all(part.gap for part in self.parts)

    @property
    def data(self) -> list[bytes]:
        """The bytes of the segment, part by part."""
        return [part.data for part in self.parts if part.data]


class Playlist:
    """The media playlist of one rendition, which grows part by part.

    `first`: number of the first segment. `name`: name of the rendition in every URL, so that the
    content of a URL never changes. `max_bytes`: maximum memory. The playlist uses more memory only
    if RFC 8216bis §6.2.2 does not allow a shorter playlist.
    """

    def __init__(self, name: str, first: int, max_bytes: int = MAX_BYTES) -> None:
        self.ended = False
        self.name = name
        self._next = first
        # A later playlist of the same stream must not have smaller numbers. So both counters
        # (segments and discontinuities) start with `first`, which grows with media time.
        self._discontinuities = first
        self._segments: deque[Segment] = deque()
        self._retired: deque[Segment] = deque()
        self._inits: dict[int, bytes] = {}
        self._revision = 0
        self._bodies: dict[tuple[bool, bool], bytes] = {}
        """The present texts: whether each is a delta update, and whether it is compressed."""
        self._max_bytes = max_bytes
        self._bytes = 0

    @property
    def size(self) -> int:
        """Memory of all segments, including those that left the playlist, bytes."""
        return self._bytes

    def limit(self, max_bytes: int) -> None:
        """Changes the maximum memory, and drops segments that exceed the new limit."""
        self._max_bytes = max_bytes
        self._trim()
        self._change()

    def __bool__(self) -> bool:
        """Whether the playlist has a complete segment that can be played. Players that do not
        support parts cannot start without a complete segment.
        """
        return any(segment.complete and not segment.gap for segment in self._segments)

    def add(self, part: Part) -> None:
        """Appends a part and removes old segments from the playlist."""
        if part.start:
            self._begin(part.start)
        segment = self._segments[-1]
        segment.parts.append(part)
        segment.complete = part.last
        size = PART_OVERHEAD + len(part.data)
        segment.size += size
        self._bytes += size
        while len(self._segments) > SEGMENTS + 1 and self._may_retire():
            self._retire()
        self._trim()
        self._change()

    def end(self) -> None:
        """Marks the playlist as complete (`EXT-X-ENDLIST`)."""
        if self._segments:
            self._segments[-1].complete = True
        self.ended = True
        self._change()

    def _begin(self, start: SegmentStart) -> None:
        if self._segments:
            self._segments[-1].complete = True
        newest = max(self._inits, default=-1)
        if self._inits.get(newest) != start.init:
            newest += 1
            self._inits[newest] = start.init
        self._segments.append(Segment(self._next, start, newest))
        self._bytes += SEGMENT_OVERHEAD
        self._next += 1

    def _may_retire(self) -> bool:
        """Whether the oldest segment may leave the playlist: the remaining complete segments must
        be long enough without it.
        """
        return sum(listed.duration for listed in list(self._segments)[1:-1]) >= LISTED

    def _trim(self) -> None:
        while self._bytes > self._max_bytes and (self._retired or self._may_retire()):
            if not self._retired:
                self._retire()
            self._drop_oldest()

    def _retire(self) -> None:
        gone = self._segments.popleft()
        self._retired.append(gone)
        while (
            len(self._retired) > RETIRED
            and sum(kept.duration for kept in self._retired) - self._retired[0].duration >= RETAINED
        ):
            self._drop_oldest()
        self._discontinuities += gone.start.discontinuity

    def _drop_oldest(self) -> None:
        """Drops the oldest segment that has left the playlist. Also drops the init segments that
        only the dropped segment needed.
        """
        self._bytes -= self._retired.popleft().size
        oldest = next(iter(self._retired or self._segments)).init
        for number in [number for number in self._inits if number < oldest]:
            del self._inits[number]

    # Blocking playlist reload (RFC 8216bis §6.2.5.2)

    @property
    def position(self) -> tuple[int, int]:
        """Media sequence number and part index of the next part, which the preload hint
        announces.
        """
        if not self._segments:
            return self._next, 0
        newest = self._segments[-1]
        return (self._next, 0) if newest.complete else (newest.number, len(newest.parts))

    def contains(self, number: int, part: int) -> bool:
        """Whether the playlist has reached the given part. An index after the last part of a
        complete segment means the first part of the next segment.
        """
        found = self._find(number)
        if found and found.complete and part >= len(found.parts):
            number, part = number + 1, 0
        return (number, part) < self.position or self.ended

    def require_near(self, number: int, part: int) -> None:
        """Raises PlaylistError (400) if a requested part is too far ahead of the playlist."""
        at, index = self.position
        # A segment may end after any part, so the number of missing parts is unknown. `ahead` is
        # the minimum number of parts that must be added before the requested part.
        ahead = part - index if number == at else part
        latest = at - 1  # the last complete segment
        if not self.ended and (number > latest + 2 or (number >= at and ahead + 1 > ADVANCE_LIMIT)):
            raise PlaylistError(
                400,
                RefusalCode.TOO_FAR_AHEAD,
                (
                    f"_HLS_msn={number}, _HLS_part={part} is too far ahead: the next part is "
                    f"part {index} of segment {at}"
                ),
            )

    # Media

    def init(self, number: int) -> bytes | None:
        return self._inits.get(number)

    def segment(self, number: int) -> list[bytes] | None:
        """Returns the bytes of a complete segment, part by part; None if the segment does not
        exist or is a gap.
        """
        found = self._find(number)
        return found.data or None if found and found.complete else None

    def part(self, number: int, index: int) -> bytes | None:
        """Returns the bytes of a part; None if the part does not exist yet, is no longer kept, or
        is a gap.
        """
        found = self._find(number)
        return found.parts[index].data or None if found and index < len(found.parts) else None

    def _find(self, number: int) -> Segment | None:
        return next(
            (
                segment
                for held in (self._segments, self._retired)
                for segment in held
                if segment.number == number
            ),
            None,
        )

    # Text

    @property
    def tag(self) -> str:
        """Identifies the present state of the playlist: no other state has this tag."""
        return f"{self.name}-{self._revision}"

    @property
    def text(self) -> str:
        """The present text of the whole playlist."""
        return self.body().decode()

    def body(self, *, delta: bool = False, zipped: bool = False) -> bytes:
        """Returns the present text. Until the playlist changes, all requests get the same bytes.
        `delta`: whether the text is a delta update (RFC 8216bis §6.2.5.1); `zipped`: whether it is
        compressed with gzip.
        """
        body = self._bodies.get((delta, zipped))
        if body is None:
            if zipped:
                body = gzip.compress(self.body(delta=delta), 5, mtime=0)
            else:
                body = "\n".join([*self._lines(self._skipped if delta else 0), ""]).encode()
            self._bodies[delta, zipped] = body
        return body

    def delta_serves(self, number: int | None) -> bool:
        """Whether a client that needs the segments from `number` on, None if this is unknown, finds
        all of them in a delta update.
        """
        kept = self._segments[self._skipped].number if self._segments else self._next
        return not self.ended and (number is None or number >= kept)

    @property
    def _skipped(self) -> int:
        """Number of segments that a delta update leaves out."""
        behind = sum(segment.duration for segment in self._segments if segment.complete)
        for number, segment in enumerate(self._segments):
            behind -= segment.duration
            if behind <= SKIP_BOUNDARY:
                return number
        return 0

    def _change(self) -> None:
        """Drops the cached texts, because the playlist has changed."""
        self._revision += 1
        self._bodies.clear()

    def _lines(self, skipped: int) -> list[str]:
        """Returns the lines of the playlist, without its first `skipped` segments."""
        control = (
            f"CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL={SKIP_BOUNDARY / SCALE:.1f},"
            f"PART-HOLD-BACK={_seconds(microseconds(HOLD_BACK) + 3 * PART_EXCESS)}"
        )
        lines = [
            "#EXTM3U",
            f"#EXT-X-VERSION:{VERSION}",
            f"#EXT-X-TARGETDURATION:{TARGET_DURATION}",
            f"#EXT-X-SERVER-CONTROL:{control}",
            f"#EXT-X-PART-INF:PART-TARGET={_seconds(microseconds(PART_TARGET) + PART_EXCESS)}",
            f"#EXT-X-MEDIA-SEQUENCE:{self._segments[0].number if self._segments else self._next}",
            f"#EXT-X-DISCONTINUITY-SEQUENCE:{self._discontinuities}",
        ]
        if skipped:
            lines.append(f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}")
        init = None
        left = sum(segment.duration for segment in self._segments)
        for number, segment in enumerate(self._segments):
            if number >= skipped:
                lines += self._segment_lines(segment, segment.init != init, left <= PARTS_LISTED)
                init = segment.init  # Shaka Player needs EXT-X-MAP in a delta update, too
            left -= segment.duration
        if self.ended:
            return [*lines, "#EXT-X-ENDLIST"]
        number, index = self.position
        return [*lines, f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{self.name}/{number}.{index}.m4s"']

    def _segment_lines(self, segment: Segment, new_init: bool, parts_listed: bool) -> list[str]:
        lines = ["#EXT-X-DISCONTINUITY"] if segment.start.discontinuity else []
        if new_init:
            lines.append(f'#EXT-X-MAP:URI="{self.name}/{segment.init}.mp4"')
        lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{_date(segment.start.date)}")
        if parts_listed:
            lines += [
                self._part_line(segment, index, part) for index, part in enumerate(segment.parts)
            ]
        if segment.complete:
            lines += ["#EXT-X-GAP"] if segment.gap else []
            lines += [
                f"#EXTINF:{_seconds(segment.microseconds)},",
                f"{self.name}/{segment.number}.m4s",
            ]
        return lines

    def _part_line(self, segment: Segment, index: int, part: Part) -> str:
        flags = ",INDEPENDENT=YES" if part.independent else ",GAP=YES" if part.gap else ""
        uri = f"{self.name}/{segment.number}.{index}.m4s"
        duration = _seconds(part.microseconds + PART_EXCESS)
        return f'#EXT-X-PART:DURATION={duration},URI="{uri}"{flags}'


def _date(unix: int) -> str:
    """`unix`: µs since the Unix epoch."""
    moment = datetime.fromtimestamp(unix // 1_000_000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{unix % 1_000_000:06}Z"


def _seconds(duration: int) -> str:
    """`duration`: µs."""
    return f"{duration // 1_000_000}.{duration % 1_000_000:06}"
