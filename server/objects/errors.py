"""The errors of the object store.

ObjectsError             an object cannot be read or written
├── ObjectMissing        there is no object with this key
├── ObjectsFull          the store has no space left
└── ObjectsUnavailable   the store does not answer in time, or too many calls wait for it
"""

import errno
import re

NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FULL = re.compile(
    rf"\(os error ({'|'.join(map(str, NO_SPACE))})\)"
    r"|\b507\b|StorageFull|QuotaExceeded|no free volumes|No writable volumes"
)
"""Texts of errors that mean that a store is full. With local files, a text contains the number of
the error. S3 has no code for a full store, so the expression contains HTTP 507, and texts of MinIO,
Ceph and SeaweedFS.
"""


class ObjectsError(Exception):
    """An object cannot be read or written. The text is one line for the operator's log; clients do
    not get it.
    """


class ObjectMissing(ObjectsError):
    """There is no object with this key."""


class ObjectsFull(ObjectsError):
    """The store has no space left."""


class ObjectsUnavailable(ObjectsError):
    """The store does not answer in time. The same call may succeed a moment later."""


def objects_error(place: str, error: BaseException) -> ObjectsError:
    """Converts an error of obstore or of the file system. The text starts with `place`."""
    text = f"{place}: {_first_line(error)}"
    if isinstance(error, FileNotFoundError):
        return ObjectMissing(text)
    if getattr(error, "errno", None) in NO_SPACE or _FULL.search(str(error)):
        return ObjectsFull(text)
    return ObjectsUnavailable(text)


def _first_line(error: BaseException) -> str:
    """Returns the reason. The further lines of an error of obstore repeat it with details."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__
