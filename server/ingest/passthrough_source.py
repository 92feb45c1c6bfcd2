"""Forwards a publisher's H.264 frames unchanged."""

from math import inf

from relay.rtc.receive.reassembly import EncodedFrame
from server.ingest.frame_source import DISCARD, FrameOutput

REORDERED = 90_000
"""Limit that separates B-frames from timestamp jumps, RTP ticks. If a timestamp steps back by less
than this limit, the frame is a B-frame.
"""


class PassthroughSource:
    """A FrameSource that forwards frames without copying. At the first B-frame, it requests a
    transcoder: B-frames would delay every viewer, and WebRTC viewers cannot show B-frames.
    """

    def __init__(self) -> None:
        self._output: FrameOutput = DISCARD
        self._newest = 0
        """RTP timestamp of the newest frame."""

    def deliver_to(self, output: FrameOutput) -> None:
        self._output = output

    def receive(self, frame: EncodedFrame) -> None:
        if frame.unit.key or not 0 < self._newest - frame.timestamp < REORDERED:
            self._newest = frame.timestamp
            self._output.publish_frame(frame)
        else:
            self._output.transcode(frame)

    def request_keyframe(self) -> None:
        self._output.request_keyframe()

    def check(self, now: float) -> float:
        """Does nothing: this source cannot hang."""
        return inf

    async def close(self) -> None:
        self._output = DISCARD
