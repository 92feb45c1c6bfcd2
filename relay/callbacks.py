"""The function `ignore`, which replaces the callbacks that an object stores. The object stores
`ignore` when it is closed. So the closed object references no owner, and need not check whether a
callback is None.
"""


def ignore(*_: object) -> None:
    """Accepts any arguments and does nothing."""
