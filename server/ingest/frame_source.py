"""A frame source passes a publisher's H.264 frames to the stream unchanged or transcodes them."""

from typing import Protocol

from relay.rtc.receive.reassembly import EncodedFrame


class FrameOutput(Protocol):
    """Receives the results of a source. Called synchronously."""

    def publish_frame(self, frame: EncodedFrame) -> None:
        """The next H.264 frame; frames are in decoding order, which is also presentation order."""

    def request_keyframe(self) -> None:
        """Asks the publisher for a keyframe."""

    def transcode(self, frame: EncodedFrame) -> None:
        """Replaces a source whose frames are out of presentation order; `frame` is the first of
        them.
        """

    def source_failed(self, reason: str) -> None:
        """The source produces no more frames. Called once."""


class FrameSource(Protocol):
    """Call `deliver_to` first, then `receive` for each frame. `close` is valid at any time."""

    def deliver_to(self, output: FrameOutput) -> None:
        """Sends results to `output` from now on; results before this call are dropped."""

    def receive(self, frame: EncodedFrame) -> None:
        """Takes the publisher's next frame in decoding order, or its parameter sets alone."""

    def request_keyframe(self) -> None:
        """Makes the next frame a keyframe as soon as possible."""

    def check(self, now: float) -> None:
        """Detects a source that hangs. Call it periodically with `time.monotonic` seconds."""

    async def close(self) -> None:
        """Releases everything. The output is not called after this call starts."""


class _Discard:
    """The output of a source that has no output yet, or that is closed."""

    def publish_frame(self, frame: EncodedFrame) -> None: ...

    def request_keyframe(self) -> None: ...

    def transcode(self, frame: EncodedFrame) -> None: ...

    def source_failed(self, reason: str) -> None: ...


DISCARD: FrameOutput = _Discard()
