"""Stands in for the callbacks of closed objects: they reference no other object, and callers need
not check for None.
"""


def ignore(*_: object) -> None:
    """Does nothing."""
