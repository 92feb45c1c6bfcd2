"""Takes the samples of a stream for a recording. A recording does nothing else in the call stack of
the media.
"""

from collections import deque
from collections.abc import Iterator

from relay.sample import Sample, TrackInfo

MAX_BYTES = 16 << 20
"""Maximum size of the samples that wait, bytes. The window of the stream has the same samples, so
waiting samples usually need no additional memory.
"""
OVERHEAD = 100
"""Memory that a waiting sample uses in addition to its data, bytes."""


class Lost:
    """Marks the place of samples that were dropped because too many samples waited."""


LOST = Lost()

Item = Sample | TrackInfo | Lost


class Intake:
    """A queue of samples, limited in bytes. Implements SampleReader. If the queue is full, all
    waiting samples are dropped, and `LOST` takes their place.
    """

    __slots__ = ("_bytes", "_items", "lost")

    def __init__(self) -> None:
        self.lost = 0
        """Number of dropped samples."""
        self._items: deque[Item] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._items)

    @property
    def size(self) -> int:
        """Memory of the waiting samples, bytes."""
        return self._bytes

    # SampleReader

    def receive_track(self, info: TrackInfo) -> None:
        self._items.append(info)

    def receive_sample(self, sample: Sample) -> None:
        self._items.append(sample)
        self._bytes += OVERHEAD + len(sample.data)
        if self._bytes > MAX_BYTES:
            self.drop()

    def end(self) -> None:
        """Does nothing: the room ends the recorder."""

    # The recorder

    def take(self, most: int) -> Iterator[Item]:
        """Removes and yields the oldest items, at most `most` items."""
        for _ in range(min(most, len(self._items))):
            item = self._items.popleft()
            if isinstance(item, Sample):
                self._bytes -= OVERHEAD + len(item.data)
            yield item

    def drop(self) -> None:
        """Drops all waiting samples. Keeps the newest tracks."""
        tracks = {item.track: item for item in self._items if isinstance(item, TrackInfo)}
        self.lost += sum(1 for item in self._items if isinstance(item, Sample))
        self._items.clear()
        self._items.extend([*tracks.values(), LOST])
        self._bytes = 0
