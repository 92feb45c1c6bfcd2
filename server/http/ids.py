"""The ids of people, devices, reports and watch links in requests."""

import re

PATTERN = "[A-Za-z0-9_-]{1,32}"
_ID = re.compile(PATTERN)


def is_id(text: str) -> bool:
    """Whether the server can have made this id. Storage is not searched for other texts, and
    PostgreSQL refuses some of them.
    """
    return _ID.fullmatch(text) is not None
