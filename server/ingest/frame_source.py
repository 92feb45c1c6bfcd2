"""The interface of frame sources, which forward a publisher's H.264 frames unchanged or transcode
the publisher's video.
"""

from typing import Protocol

from relay.rtc.receive.reassembly import EncodedFrame


class FrameOutput(Protocol):
    """Receives the results of a frame source. The frame source calls the methods synchronously."""

    def publish_frame(self, frame: EncodedFrame) -> None:
        """Takes the next H.264 frame. Frames are in decoding order, which is also presentation
        order.
        """

    def request_keyframe(self) -> None:
        """Asks the publisher for a keyframe."""

    def transcode(self, frame: EncodedFrame, shown: list[EncodedFrame]) -> None:
        """Replaces the source with a transcoding source, because `frame` is out of presentation
        order. `shown`: the parameter sets, then the frames before `frame`, from a keyframe on, all
        of which were published. There are only the parameter sets if the frames are not known.
        """

    def receive_recovery_point(self, frame: EncodedFrame) -> None:
        """Takes a recovery point of an encoder that sends no keyframes. Replaces the source with a
        transcoding source if there is a transcoder.
        """

    def source_failed(self, reason: str) -> None:
        """Reports that the source has failed and produces no more frames. Called once."""


class FrameSource(Protocol):
    """Forwards or transcodes the frames of one publisher. Call `deliver_to` first, then `receive`
    for each frame. `close` is valid at any time.
    """

    def deliver_to(self, output: FrameOutput) -> None:
        """Makes `output` the receiver of all further results. Results before the first call of
        this method are dropped.
        """

    def receive(self, frame: EncodedFrame) -> None:
        """Takes the publisher's next access unit in decoding order: a frame, or only parameter
        sets.
        """

    def request_keyframe(self) -> None:
        """Makes the source produce a keyframe as soon as possible."""

    def check(self, now: float) -> float:
        """Makes the source fail if it hangs. Returns the time of the next check. `now`: time from
        `time.monotonic`, seconds.
        """

    async def close(self) -> None:
        """Releases all resources. After `close` has been called, the source makes no calls to its
        output.
        """


class _Discard:
    """The output of a frame source before `deliver_to` and after `close`. Drops all results."""

    def publish_frame(self, frame: EncodedFrame) -> None: ...

    def request_keyframe(self) -> None: ...

    def transcode(self, frame: EncodedFrame, shown: list[EncodedFrame]) -> None: ...

    def receive_recovery_point(self, frame: EncodedFrame) -> None: ...

    def source_failed(self, reason: str) -> None: ...


DISCARD: FrameOutput = _Discard()
