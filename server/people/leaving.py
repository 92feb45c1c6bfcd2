"""The deletion of a person: it can be undone for some days, and is then permanent. Pure."""

from enum import Enum


class Account(Enum):
    """State of the stored data of a person."""

    ACTIVE = "no deletion is asked for"
    LEAVING = "will be deleted at a known time; until then the person can undo this"
    DELETED = "everything that names the person is deleted, or is being deleted"


def account(delete_at: float | None, now: float) -> Account:
    """Returns the state of a stored person. `delete_at`: time of the deletion, None if the person
    has not asked for a deletion. Times are Unix seconds.
    """
    if delete_at is None:
        return Account.ACTIVE
    return Account.LEAVING if now < delete_at else Account.DELETED


def time_of_deletion(known: float | None, now: float, delay: float) -> float:
    """Returns the time of deletion for a person who asks for the deletion now. A second request
    does not postpone the deletion. `known`: the time from an earlier request, if any. `delay`:
    seconds.
    """
    return now + delay if known is None else known
