"""Forwards a publisher's H.264 frames unchanged."""

from math import inf

from relay.errors import BitstreamError
from relay.media import h264
from relay.media.h264 import AccessUnit
from relay.rtc.receive.reassembly import EncodedFrame
from server.ingest.frame_source import DISCARD, FrameOutput
from server.ingest.gop import Gop

REORDERED = 90_000
"""Limit that separates B-frames from timestamp jumps, RTP ticks. If a timestamp steps back by less
than this limit, the frame is a B-frame.
"""


class PassthroughSource:
    """A FrameSource that forwards frames without copying. At the first B-frame, it requests a
    transcoder: B-frames would delay every viewer, and WebRTC viewers cannot show B-frames. At the
    first recovery point of an encoder that sends no keyframes, it requests a transcoder too: no
    browser starts decoding there (ENTRY_POINTS.md).

    If the video may contain B-frames, the source keeps the current GOP for the transcoder. The
    profile and the picture order of browsers' video rule B-frames out.
    """

    def __init__(self) -> None:
        self._output: FrameOutput = DISCARD
        self._newest = 0
        """RTP timestamp of the newest frame."""
        self._sps = self._pps = b""
        self._reorders = False
        """Whether the SPS allows B-frames."""
        self._gop = Gop()

    def deliver_to(self, output: FrameOutput) -> None:
        self._output = output

    def receive(self, frame: EncodedFrame) -> None:
        unit = frame.unit
        if unit.sps or unit.pps:
            self._note_parameters(unit)
        if frame.entry and not unit.key:
            self._note(frame)
            # The parameter sets may have arrived with the IDR only. The transcoder needs them too.
            unit.sps, unit.pps = self._sps, self._pps
            self._output.receive_recovery_point(frame)
        elif unit.key or not 0 < self._newest - frame.timestamp < REORDERED:
            self._note(frame)
            self._output.publish_frame(frame)
        else:
            self._output.transcode(frame, self._shown(frame))

    def _note_parameters(self, unit: AccessUnit) -> None:
        self._sps, self._pps = unit.sps or self._sps, unit.pps or self._pps
        try:
            self._reorders = h264.parse_sps(self._sps).reorders
        except BitstreamError:
            self._reorders = False
        if not self._reorders:
            self._gop.clear()

    def _note(self, frame: EncodedFrame) -> None:
        self._newest = frame.timestamp
        if self._reorders:
            if frame.unit.key:
                self._gop.begin()
            self._gop.add(frame)

    def _shown(self, frame: EncodedFrame) -> list[EncodedFrame]:
        """Returns the parameter sets and the frames of the current GOP before `frame`."""
        frames = self._gop.frames()
        self._gop.clear()
        first = frames[0] if frames else frame
        # The parameter sets may have arrived only once, before the keyframe or in another GOP.
        parameters = AccessUnit(b"", self._sps, self._pps, False, False)
        return [EncodedFrame(first.timestamp, parameters, first.arrived), *frames]

    def request_keyframe(self) -> None:
        self._output.request_keyframe()

    def check(self, now: float) -> float:
        """Does nothing: this source cannot hang."""
        return inf

    async def close(self) -> None:
        self._output = DISCARD
