"""The playlist of a replay (RFC 8216). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

GAP = 1_000
"""Minimum time between two segments that counts as an interruption, µs. Smaller differences come
from rounding.
"""


@dataclass(frozen=True, slots=True)
class ListedSegment:
    """A segment of a recording. Times in µs."""

    sequence: int
    piece: int
    media_time: int
    duration: int

    @property
    def end(self) -> int:
        return self.media_time + self.duration


def follows(segment: ListedSegment, before: ListedSegment | None) -> bool:
    """Whether a segment continues the previous segment: it belongs to the same piece, and no media
    is missing between them.
    """
    return (
        before is not None
        and segment.piece == before.piece
        and abs(segment.media_time - before.end) < GAP
    )


def playlist(segments: Sequence[ListedSegment], media_zero: float) -> str:
    """Returns the playlist of a complete replay. `segments`: all segments (at least one), in order.
    `media_zero`: the time at which media time was 0, Unix seconds.
    """
    longest = max(segment.duration for segment in segments)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{max(1, round(longest / 1_000_000))}",
        "#EXT-X-PLAYLIST-TYPE:VOD",
    ]
    before: ListedSegment | None = None
    for segment in segments:
        if not follows(segment, before):
            if before is not None:
                lines.append("#EXT-X-DISCONTINUITY")
            lines.append(f'#EXT-X-MAP:URI="{segment.piece}.mp4"')
            lines.append(f"#EXT-X-PROGRAM-DATE-TIME:{_date(media_zero, segment.media_time)}")
        lines.append(f"#EXTINF:{segment.duration / 1_000_000:.6f},")
        lines.append(f"{segment.sequence}.m4s")
        before = segment
    lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"


def _date(media_zero: float, media_time: int) -> str:
    moment = datetime.fromtimestamp(media_zero + media_time / 1_000_000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
