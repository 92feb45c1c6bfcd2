"""The frames of a publisher since the last frame at which decoding can start. Pure."""

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
    """Frames in decoding order. If a frame exceeds a limit, all frames are dropped: without the
    first frame, the others cannot be decoded. The Gop then stays empty until `begin`.
    """

    __slots__ = ("_frames", "_size", "open")

    def __init__(self) -> None:
        self.open = False
        """Whether no frame has been dropped since `begin`."""
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

    def add(self, frame: EncodedFrame) -> bool:
        """Keeps the next frame. Returns False if the frame has been dropped."""
        if not self.open:
            return False
        frames, size = self._frames, self._size + len(frame.unit.data)
        late = bool(frames) and frame.arrived - frames[0].arrived > MAX_SECONDS
        if late or size > MAX_BYTES or len(frames) >= MAX_FRAMES:
            self.clear()
            return False
        frames.append(frame)
        self._size = size
        return True

    def pop(self) -> EncodedFrame:
        """Removes and returns the first frame. Raises IndexError if there is none."""
        frame = self._frames.popleft()
        self._size -= len(frame.unit.data)
        return frame

    def frames(self) -> list[EncodedFrame]:
        return list(self._frames)
