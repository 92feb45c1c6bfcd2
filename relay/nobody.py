"""The listener that stands where a callback was let go of, so that a closed session holds nobody and nobody asks whether one is there."""


def nobody(*_: object) -> None:
    """Takes what a callback would be told, and does nothing with it."""
