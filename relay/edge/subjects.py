"""The subjects of messages between nodes. Pure."""


def feed_subject(node: str, epoch: int, room: str) -> str:
    """Returns the subject of the feed of a room. A former owner publishes to another subject, so
    that no edge hears it.
    """
    return f"ml.f.{node}.{epoch}.{room}"


def control_subject(node: str, word: str) -> str:
    """Returns the subject of control messages to a node."""
    return f"ml.n.{node}.{word}"
