"""The callback of an object that was closed, so that it refers to no other object and no caller
checks for None.
"""


def ignore(*_: object) -> None:
    """Does nothing."""
