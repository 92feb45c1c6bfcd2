"""What an error of the store means."""

import errno

import pytest
from obstore.exceptions import GenericError

from server.objects.errors import (
    ObjectMissing,
    ObjectsError,
    ObjectsFull,
    ObjectsUnavailable,
    objects_error,
)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (FileNotFoundError("Object at location a not found"), ObjectMissing),
        (OSError(errno.ENOSPC, "No space left on device"), ObjectsFull),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), ObjectsFull),
        (GenericError("Unable to copy: No space left on device (os error 28)"), ObjectsFull),
        (GenericError("Server returned non-2xx status code: 507 Insufficient"), ObjectsFull),
        (GenericError("<Code>XMinioStorageFull</Code>"), ObjectsFull),
        (OSError(errno.EIO, "Input/output error"), ObjectsUnavailable),
        (GenericError("error sending request (port 28507)"), ObjectsUnavailable),
        (TimeoutError(), ObjectsUnavailable),
        (ValueError("wrong"), ObjectsUnavailable),
    ],
)
def test_the_kind_of_an_error(error: Exception, kind: type[ObjectsError]) -> None:
    assert type(objects_error("/data/media", error)) is kind


def test_the_text_is_one_short_line() -> None:
    """The details of obstore may contain the whole answer of a server."""
    text = str(objects_error("s3://a", GenericError("first\n\nDebug source:\n" + "x" * 9_000)))
    assert text == "s3://a: first"
    assert str(objects_error("s3://a", TimeoutError())) == "s3://a: TimeoutError"
    assert len(str(objects_error("s3://a", GenericError("x" * 9_000)))) < 400
