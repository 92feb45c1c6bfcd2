"""Stand-ins for the callbacks of closed objects. They reference no other object, and callers need
not check for None.
"""


def ignore(*_: object) -> None:
    """Does nothing."""
