"""Stand-ins for the callbacks of a closed object: the closed object then references no other
object, and its code need not check for None.
"""


def ignore(*_: object) -> None:
    """Does nothing."""
