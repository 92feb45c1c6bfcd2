"""The media playlist of a live stream: what is in it, what is still downloadable, and its text (RFC
8216bis). Pure.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime

from relay.errors import PlaylistError, RefusalCode
from relay.hls.segmenter import PART_TARGET, SCALE, TARGET_DURATION, Opening, Part
from relay.sample import TrackInfo

SEGMENTS = 10
"""Complete segments listed: some 20 s. More where some are short, as at each turn of a phone."""
LISTED = 3 * TARGET_DURATION * SCALE
"""No segment leaves the list while what stays would be shorter (§6.2.2)."""
RETIRED = 12
"""Segments kept behind the list: §6.2.2 wants each downloadable for as long again as the playlist
is, from when it appeared.
"""
RETAINED = RETIRED * TARGET_DURATION * SCALE
"""More of them where they are shorter than this together."""
PARTS_LISTED = 3 * TARGET_DURATION * SCALE
"""Parts are listed up to this far from the end (§6.2.2)."""
ADVANCE_LIMIT = 3 * SCALE / PART_TARGET
"""How many parts ahead may be asked for (§6.2.5.2)."""
HOLD_BACK = 3 * PART_TARGET
"""How far from the end clients play (§4.4.3.8: at least twice, better three times the part
target).
"""
FRAME_RATES = (30, 60, 120)
"""What creators' cameras are asked for; a phone in the dark gives less than it says."""
LEVEL = 0x2A
"""H.264 level 4.2, the highest that creators' browsers were seen to send: a variant's CODECS cannot
change when the level does.
"""


@dataclass(slots=True)
class Segment:
    """A media segment; its parts are its bytes."""

    number: int
    """Media sequence number."""
    opening: Opening
    init: int
    """Number of its init segment."""
    parts: list[Part] = field(default_factory=list)
    complete: bool = False

    @property
    def duration(self) -> int:
        return sum(part.duration for part in self.parts)

    @property
    def gap(self) -> bool:
        """Nothing of it can be played."""
        return all(part.gap for part in self.parts)

    @property
    def data(self) -> bytes:
        return b"".join(part.data for part in self.parts)


class Playlist:
    """Grows part by part. `first` numbers its first segment; `name` is in every address, so that
    none ever means another thing.
    """

    def __init__(self, name: str, first: int) -> None:
        self.ended = False
        self.name = name
        self._next = first
        # Numbers must never fall, also where another playlist of the same stream goes before: both
        # begin with one that grows with media time.
        self._discontinuities = first
        self._segments: deque[Segment] = deque()
        self._retired: deque[Segment] = deque()
        self._inits: dict[int, bytes] = {}
        self._text = ""

    def __bool__(self) -> bool:
        """There is a complete segment to play: players that know no parts give up on a list without
        one.
        """
        return any(segment.complete and not segment.gap for segment in self._segments)

    def add(self, part: Part) -> None:
        """The next part. Older segments leave the list."""
        if part.opening:
            self._begin(part.opening)
        segment = self._segments[-1]
        segment.parts.append(part)
        segment.complete = part.last
        while (
            len(self._segments) > SEGMENTS + 1
            and sum(listed.duration for listed in list(self._segments)[1:-1]) >= LISTED
        ):
            self._retire()
        self._text = ""

    def end(self) -> None:
        """Nothing follows (`EXT-X-ENDLIST`)."""
        if self._segments:
            self._segments[-1].complete = True
        self.ended = True
        self._text = ""

    def _begin(self, opening: Opening) -> None:
        if self._segments:
            self._segments[-1].complete = True
        newest = max(self._inits, default=-1)
        if self._inits.get(newest) != opening.init:
            newest += 1
            self._inits[newest] = opening.init
        self._segments.append(Segment(self._next, opening, newest))
        self._next += 1

    def _retire(self) -> None:
        gone = self._segments.popleft()
        self._retired.append(gone)
        while (
            len(self._retired) > RETIRED
            and sum(kept.duration for kept in self._retired) - self._retired[0].duration >= RETAINED
        ):
            self._retired.popleft()
        self._discontinuities += gone.opening.discontinuity
        for number in [number for number in self._inits if number < self._retired[0].init]:
            del self._inits[number]

    # Blocking reload (§6.2.5.2)

    @property
    def position(self) -> tuple[int, int]:
        """Media sequence number and part index of the next part: what the preload hint names."""
        if not self._segments:
            return self._next, 0
        newest = self._segments[-1]
        return (self._next, 0) if newest.complete else (newest.number, len(newest.parts))

    def contains(self, number: int, part: int) -> bool:
        """Whether the playlist has come to that part. A part behind the last of its segment is the
        first of the next.
        """
        found = self._find(number)
        if found and found.complete and part >= len(found.parts):
            number, part = number + 1, 0
        return (number, part) < self.position or self.ended

    def require_near(self, number: int, part: int) -> None:
        """Raises PlaylistError (400) for what is too far in the future to be waited for."""
        at, index = self.position
        # Before its last part a segment may end at any time: the fewest parts that can lie between
        # count.
        ahead = part - index if number == at else part
        latest = at - 1  # the last complete one
        if not self.ended and (number > latest + 2 or (number >= at and ahead + 1 > ADVANCE_LIMIT)):
            raise PlaylistError(
                400,
                RefusalCode.TOO_FAR_AHEAD,
                (
                    f"_HLS_msn={number}, _HLS_part={part} is too far ahead: the next part is "
                    f"{index} of segment {at}"
                ),
            )

    # Media

    def init(self, number: int) -> bytes | None:
        return self._inits.get(number)

    def segment(self, number: int) -> bytes | None:
        """The bytes of a complete segment; None where there is none, or it is a gap."""
        found = self._find(number)
        return found.data or None if found and found.complete else None

    def part(self, number: int, index: int) -> bytes | None:
        """The bytes of a part; None where there is none yet or any more, or it is a gap."""
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
    def text(self) -> str:
        """The playlist as it is now."""
        self._text = self._text or "\n".join(self._lines()) + "\n"
        return self._text

    def _lines(self) -> list[str]:
        lines = [
            "#EXTM3U",
            "#EXT-X-VERSION:6",
            f"#EXT-X-TARGETDURATION:{TARGET_DURATION}",
            f"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={HOLD_BACK / SCALE:.5f}",
            f"#EXT-X-PART-INF:PART-TARGET={PART_TARGET / SCALE:.5f}",
            f"#EXT-X-MEDIA-SEQUENCE:{self._segments[0].number if self._segments else self._next}",
            f"#EXT-X-DISCONTINUITY-SEQUENCE:{self._discontinuities}",
        ]
        init = None
        left = sum(segment.duration for segment in self._segments)
        for segment in self._segments:
            lines += self._segment_lines(
                segment, segment.init != init, left <= PARTS_LISTED + segment.duration
            )
            init, left = segment.init, left - segment.duration
        if self.ended:
            return [*lines, "#EXT-X-ENDLIST"]
        number, index = self.position
        return [*lines, f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{self.name}/{number}.{index}.m4s"']

    def _segment_lines(self, segment: Segment, new_init: bool, parts_listed: bool) -> list[str]:
        lines = ["#EXT-X-DISCONTINUITY"] if segment.opening.discontinuity else []
        if new_init:
            lines.append(f'#EXT-X-MAP:URI="{self.name}/{segment.init}.mp4"')
        lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{_date(segment.opening.date)}")
        if parts_listed:
            lines += [
                self._part_line(segment, index, part) for index, part in enumerate(segment.parts)
            ]
        if segment.complete:
            lines += ["#EXT-X-GAP"] if segment.gap else []
            lines += [
                f"#EXTINF:{segment.duration / SCALE:.5f},",
                f"{self.name}/{segment.number}.m4s",
            ]
        return lines

    def _part_line(self, segment: Segment, index: int, part: Part) -> str:
        flags = ",INDEPENDENT=YES" if part.independent else ",GAP=YES" if part.gap else ""
        uri = f"{self.name}/{segment.number}.{index}.m4s"
        return f'#EXT-X-PART:DURATION={part.duration / SCALE:.5f},URI="{uri}"{flags}'


def multivariant(
    media: str, picture: TrackInfo, sound: TrackInfo, bandwidth: int, fps: float
) -> str:
    """The multivariant playlist: one variant, sound and picture in one.

    `media`: address of the media playlist; `bandwidth`: bit/s, at its highest; `fps`: what was
    measured, of which the next usual rate is the highest.
    """
    rate = next((rate for rate in FRAME_RATES if fps <= 1.05 * rate), FRAME_RATES[-1])
    profile, level = picture.codec[:-2], int(picture.codec[-2:], 16)
    codecs = f"{profile}{max(level, LEVEL):02X},{sound.codec}"
    size = f"{picture.width}x{picture.height}"
    attributes = f'BANDWIDTH={bandwidth},CODECS="{codecs}",RESOLUTION={size},FRAME-RATE={rate:.3f}'
    return f"#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-STREAM-INF:{attributes}\n{media}\n"


def _date(microseconds: int) -> str:
    moment = datetime.fromtimestamp(microseconds // 1_000_000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{microseconds // 1_000 % 1_000:03}Z"
