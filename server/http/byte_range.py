"""The Range header of a request for a file (RFC 9110 §14). Pure."""

import re

_SPEC = re.compile(r"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*")


class BadRange(Exception):
    """The range contains no byte of the file, or is malformed."""


def read_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Returns the first byte of the range, and the byte after its last byte. Returns None if the
    whole file is to be sent: without a header, for a unit other than bytes, and for several ranges
    (RFC 9110 §14.2 allows this). Raises BadRange.
    """
    if header is None or not header.startswith("bytes=") or "," in header:
        return None
    found = _SPEC.fullmatch(header)
    if found is None or found.groups() == ("", ""):
        raise BadRange
    first, last = found.groups()
    if not first:  # the last bytes of the file
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
    if not 0 <= start < end:
        raise BadRange
    return start, end
