"""Which media is deleted so that the rest fits into `--max-media`."""

from collections.abc import Sequence


def surplus(sizes: Sequence[int], total: int, most: int) -> int:
    """Returns how many recordings and clips must be deleted.

    `sizes`: sizes of the recordings and clips that may be deleted, the oldest first, bytes.
    `total`: size of all recordings and clips, also of those that must stay, such as a running
    recording, bytes. `most`: maximum size that may be kept, bytes.
    """
    number = 0
    while total > most and number < len(sizes):
        total -= sizes[number]
        number += 1
    return number
