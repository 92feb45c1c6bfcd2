"""Reads the notice `taps` of a viewer (relay/PROTOCOL.md). Pure; times in µs of media time.

A room gets thousands of these notices a second, so the parser makes no object for a notice.
"""

from collections.abc import Mapping
from typing import Any

from relay.errors import MessageError

EMOJI = ("heart", "fire", "laugh", "wow", "clap", "cry")
"""The reactions, in the order in which counts are kept."""
BINS = 5
"""Maximum number of bins in a notice."""
BIN = 100_000
"""Duration of a bin, µs."""
MAX_PER_BIN = 5
"""Maximum number of taps in a bin. Further taps do not count: no hand taps 50 times a second."""
SECONDS_BACK = 90
"""Maximum distance of a tap from the live edge, seconds: viewers may jump back as far as this. A
tap with an earlier media time counts at this distance.
"""

Taps = list[tuple[int, int, int]]
"""Taps as (media time in µs, index in EMOJI, number of taps). The taps of an emoji in a notice have
at most two entries: one for each second of media time.
"""

_INDEX = {name: index for index, name in enumerate(EMOJI)}
_SECOND = 1_000_000
_BACK = SECONDS_BACK * _SECOND


def read_taps(notice: Mapping[str, Any], seen: int, edge: int) -> Taps:
    """Returns the taps in a notice. Unknown emoji are ignored.

    `seen`: media time that the viewer was seeing, for a notice without `media_time`. `edge`: the
    live edge. The first bin begins at the media time of the notice. If this time is not within the
    90 s before `edge`, the nearest time in these 90 s replaces it. Raises MessageError if the
    notice does not follow PROTOCOL.md.
    """
    counts = notice.get("counts")
    at = notice.get("media_time", seen)
    if type(counts) is not dict or type(at) is not int:
        raise MessageError("the notice has no counts or no media time")
    at = min(max(at, edge - _BACK, 0), edge)
    left = _SECOND - at % _SECOND
    taps: Taps = []
    for name, bins in counts.items():
        index = _INDEX.get(name)
        if index is None:
            continue
        if type(bins) is not list or len(bins) > BINS:
            raise MessageError(f"the counts of an emoji are not a list of at most {BINS} numbers")
        first = later = begin = 0
        for number in bins:
            if type(number) is not int or number < 0:
                raise MessageError("a count is not an integer, or is negative")
            if begin < left:
                first += min(number, MAX_PER_BIN)
            else:
                later += min(number, MAX_PER_BIN)
            begin += BIN
        if first:
            taps.append((at, index, first))
        if later:
            taps.append((min(at + left, edge), index, later))
    return taps
