"""What a stream keeps of its past: samples, bounded in time and in bytes."""

from collections import deque
from collections.abc import Iterator

from relay.sample import Sample, Track


class Window:
    """The last samples of a stream, in the order of publishing.

    Bounded twice: nothing older than `seconds` of media time before the newest sample, and no more than `max_bytes` of payload.
    """

    def __init__(self, seconds: float, max_bytes: int) -> None:
        self._span = round(seconds * 1_000_000)
        self._max_bytes = max_bytes
        self._samples: deque[Sample] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._samples)

    def __iter__(self) -> Iterator[Sample]:
        return iter(self._samples)

    @property
    def size(self) -> int:
        """Bytes of payload held."""
        return self._bytes

    def append(self, sample: Sample) -> None:
        """Adds the newest sample and lets go of the oldest ones."""
        self._samples.append(sample)
        self._bytes += len(sample.data)
        horizon = sample.media_time - self._span
        while self._bytes > self._max_bytes or self._samples[0].media_time < horizon:
            self._bytes -= len(self._samples.popleft().data)
            if not self._samples:  # one sample larger than the whole bound
                return

    def since(self, media_time: int) -> list[Sample]:
        """Samples from the last video keyframe at or before `media_time` (µs) on; from the first keyframe held where there is none that early.

        Empty while no keyframe is held. This is the cut that a clip, a playlist or a late joiner starts from.
        """
        start: int | None = None
        for index, sample in enumerate(self._samples):
            if sample.track is Track.VIDEO and sample.key:
                if start is not None and sample.media_time > media_time:
                    break
                start = index
        return [] if start is None else [sample for index, sample in enumerate(self._samples) if index >= start]

    def clear(self) -> None:
        self._samples.clear()
        self._bytes = 0
