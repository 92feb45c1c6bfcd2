"""Counts the work that an input asks of a target. One datagram, message or 20 ms tick is a step."""

most = 1_024
"""Maximum number of steps of one input. The fuzzer is slow with long inputs; the meter allows more.
"""
taken = 0


def begin() -> None:
    """Called before a target gets an input."""
    global taken
    taken = 0


def take() -> bool:
    """Counts a step. Returns False if the input has used all its steps."""
    global taken
    taken += 1
    return taken <= most
