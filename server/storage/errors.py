"""The errors of storage.

StorageError             the data cannot be read or written
└── StorageUnavailable   the database does not answer, or too many writes wait for it
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa


class StorageError(Exception):
    """The data cannot be read or written. The text of the error is one line, with the directory or
    the database and the reason.
    """


class StorageUnavailable(StorageError):
    """The database does not answer. The same request may succeed a moment later."""


@contextmanager
def storage_errors(place: object) -> Iterator[None]:
    """Converts an error of the database or of the file system to a StorageError. The text of the
    StorageError is one line that starts with `place`.
    """
    try:
        yield
    except sa.exc.SQLAlchemyError as error:
        kind = StorageUnavailable if _is_passing(error) else StorageError
        raise kind(f"{place}: {reason_of(error)}") from error
    except TimeoutError as error:
        raise StorageUnavailable(f"{place}: the database does not answer") from error
    except OSError as error:
        raise StorageError(f"{place}: {error.strerror or error}") from error


def _is_passing(error: sa.exc.SQLAlchemyError) -> bool:
    """Whether the error comes from the state of the database, not from a defective statement."""
    return isinstance(error, (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError))


def reason_of(error: Exception) -> str:
    """Returns one line with the reason of an error, without the statement and its values: the
    values may be texts of people.
    """
    reason = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    lines = [line.strip() for line in str(reason).splitlines()]
    return "; ".join(filter(None, lines)) or type(error).__name__
