"""The frames of a publisher from a frame on at which decoding can start. Pure."""

from collections import deque
from typing import Final

from relay.rtc.receive.reassembly import EncodedFrame

MAX_FRAMES: Final = 300
"""Maximum number of frames that a Gop keeps."""
MAX_BYTES: Final = 4 << 20
"""Maximum bytes of the frames that a Gop keeps."""
MAX_SECONDS: Final = 5.0
"""Maximum time between the arrivals of the first and the last frame of a Gop, seconds."""


class Gop:
    """Frames in decoding order. If a frame exceeds a limit, the first frames are dropped up to the
    next one at which decoding can start. Without such a frame, all frames are dropped, and the Gop
    stays empty until `begin`.
    """

    __slots__ = ("_frames", "_size", "open")

    def __init__(self) -> None:
        self.open = False
        """Whether frames are kept: false before `begin` and after all frames were dropped."""
        self._frames: deque[EncodedFrame] = deque()
        self._size = 0

    def __len__(self) -> int:
        return len(self._frames)

    def begin(self) -> None:
        """Drops all frames. The next frame is the first of a new GOP."""
        self.clear()
        self.open = True

    def clear(self) -> None:
        """Drops all frames, and drops further frames until `begin`."""
        self._frames.clear()
        self._size = 0
        self.open = False

    def add(self, frame: EncodedFrame) -> list[EncodedFrame]:
        """Keeps the next frame. Returns the frames that have been dropped."""
        if not self.open:
            return [frame]
        self._frames.append(frame)
        self._size += len(frame.unit.data)
        dropped: list[EncodedFrame] = []
        while self._frames and self._exceeds(frame.arrived):
            dropped.append(self.pop())
            while self._frames and not self._frames[0].entry:
                dropped.append(self.pop())
            self.open = bool(self._frames)
        return dropped

    def _exceeds(self, now: float) -> bool:
        frames = self._frames
        late = now - frames[0].arrived > MAX_SECONDS
        return late or self._size > MAX_BYTES or len(frames) > MAX_FRAMES

    def pop(self) -> EncodedFrame:
        """Removes and returns the first frame. Raises IndexError if there is none."""
        frame = self._frames.popleft()
        self._size -= len(frame.unit.data)
        return frame

    def frames(self) -> list[EncodedFrame]:
        return list(self._frames)
