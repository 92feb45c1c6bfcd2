"""The interface through which a publisher's session delivers media. Pure."""

from math import inf
from typing import Protocol

from relay.rtc.receive.reassembly import EncodedFrame
from relay.rtc.receive.rtcp import SenderReport
from relay.rtc.rtp import RtpPacket
from relay.sample import Track


class Sink(Protocol):
    """Receives the media of a session. Its methods are called synchronously and in order.

    `now` is in seconds of `time.monotonic`, because uvloop's own clock has a resolution of 1 ms and
    does not advance while callbacks run.
    """

    def receive_frame(self, frame: EncodedFrame) -> None: ...

    def receive_audio(self, packet: RtpPacket, now: float) -> None: ...

    def receive_report(self, track: Track, report: SenderReport, now: float) -> None: ...

    def receive_source(self, track: Track) -> None:
        """Takes note that the SSRC of a track has changed. New timestamps are unrelated to earlier
        timestamps.
        """

    def tick(self, now: float) -> float:
        """Does the sink's periodic work. Returns the time at which the sink next has work to do.
        The session calls this method at the first tick after this time, or earlier. Ticks are 20 ms
        apart.
        """


class _Discard:
    """Discards all media. Sessions use this sink before `deliver_to` and after `close`."""

    def receive_frame(self, frame: EncodedFrame) -> None: ...

    def receive_audio(self, packet: RtpPacket, now: float) -> None: ...

    def receive_report(self, track: Track, report: SenderReport, now: float) -> None: ...

    def receive_source(self, track: Track) -> None: ...

    def tick(self, now: float) -> float:
        return inf


DISCARD: Sink = _Discard()
