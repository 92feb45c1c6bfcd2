"""The ids of people, devices, reports and watch links in requests."""

import re

PATTERN = "[A-Za-z0-9_-]{1,32}"
_ID = re.compile(PATTERN)


def is_id(text: str) -> bool:
    """Whether `text` has the form of the ids that the server makes. Other texts must not reach
    storage, because PostgreSQL refuses some of them.
    """
    return _ID.fullmatch(text) is not None
