"""Which media is deleted so that the rest fits into `--max-media`."""

from collections.abc import Sequence


def surplus(sizes: Sequence[int], total: int, most: int) -> int:
    """Returns how many recordings and clips must be deleted.

    `sizes`: bytes of those that may be deleted, the oldest first; `total`: bytes of all, also of
    those that must stay, such as a running recording; `most`: the bytes that may be kept.
    """
    number = 0
    while total > most and number < len(sizes):
        total -= sizes[number]
        number += 1
    return number
