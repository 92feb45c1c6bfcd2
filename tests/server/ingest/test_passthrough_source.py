"""H.264 is passed on until its frames are out of order."""

import pytest

from relay.media import h264
from relay.media.h264 import AccessUnit
from relay.rtc.receive.reassembly import EncodedFrame
from server.ingest.gop import MAX_FRAMES
from server.ingest.passthrough_source import REORDERED, PassthroughSource
from tests.fixtures import media


class Output:
    """Records what a source does (FrameOutput)."""

    def __init__(self) -> None:
        self.published: list[int] = []
        self.reordered: list[int] = []
        self.recovered: list[int] = []
        self.shown: list[EncodedFrame] = []
        self.keyframe_requests = 0

    def publish_frame(self, frame: EncodedFrame) -> None:
        self.published.append(frame.timestamp)

    def request_keyframe(self) -> None:
        self.keyframe_requests += 1

    def transcode(self, frame: EncodedFrame, shown: list[EncodedFrame]) -> None:
        self.reordered.append(frame.timestamp)
        self.shown = shown

    def receive_recovery_point(self, frame: EncodedFrame) -> None:
        self.recovered.append(frame.timestamp)

    def source_failed(self, reason: str) -> None:
        raise AssertionError(reason)


def frame(timestamp: int, *, key: bool = False) -> EncodedFrame:
    return EncodedFrame(timestamp, AccessUnit(b"x", b"", b"", key, False), 0.0)


async def test_frames_in_order_are_published() -> None:
    """Repeated timestamps and jumps far back are not B-frames: an encoder has restarted."""
    output, source = Output(), PassthroughSource()
    source.deliver_to(output)
    timestamps = [0, 3_000, 3_000, 500_000, 500_000 - REORDERED]
    for timestamp in timestamps:
        source.receive(frame(timestamp))
    assert (output.published, output.reordered) == (timestamps, [])


@pytest.mark.parametrize("earlier", [1, REORDERED - 1])
async def test_a_frame_before_the_newest_one_is_a_b_frame(earlier: int) -> None:
    """A keyframe is none, since it starts a new order."""
    output, source = Output(), PassthroughSource()
    source.deliver_to(output)
    source.receive(frame(200_000))
    source.receive(frame(200_000 - earlier))
    source.receive(frame(200_000 - earlier, key=True))
    assert (output.published, output.reordered) == (
        [200_000, 200_000 - earlier],
        [200_000 - earlier],
    )


async def test_viewers_get_keyframes_from_the_publisher() -> None:
    """A closed source passes nothing on."""
    output, source = Output(), PassthroughSource()
    source.receive(frame(0))
    source.deliver_to(output)
    source.request_keyframe()
    await source.close()
    source.request_keyframe()
    source.receive(frame(3_000))
    assert (output.published, output.keyframe_requests) == ([], 1)


async def test_recovery_points_in_the_place_of_keyframes() -> None:
    """Other recovery points are frames like all others."""
    output, source = Output(), PassthroughSource()
    source.deliver_to(output)
    unit = AccessUnit(b"x", b"", b"", False, False, True)
    source.receive(EncodedFrame(0, unit, 0.0))
    source.receive(EncodedFrame(3_000, unit, 0.0, True))
    assert (output.published, output.recovered) == ([0], [3_000])


@pytest.mark.parametrize(("profile", "kept"), [("baseline", 1), ("high", 4)])
async def test_frames_are_kept_where_b_frames_are_possible(profile: str, kept: int) -> None:
    """Parameter sets, and for High the keyframe and what followed it."""
    options = (("bf", "2"), ("tune", "film")) if profile == "high" else ()
    unit = h264.access_unit(media.access_units(64, 48, 1, profile=profile, options=options)[0])
    output, source = Output(), PassthroughSource()
    source.deliver_to(output)
    source.receive(frame(0))
    source.receive(EncodedFrame(0, AccessUnit(b"", unit.sps, unit.pps, False, False), 0.0))
    for number in range(3):
        source.receive(frame(9_000 * (number + 1), key=not number))
    source.receive(frame(15_000))
    assert output.reordered == [15_000] and len(output.shown) == kept
    assert output.shown[0].unit.sps == unit.sps


async def test_a_gop_beyond_the_limit_is_not_kept() -> None:
    """The transcoder gets the parameter sets and waits for the next keyframe."""
    options = (("bf", "2"), ("tune", "film"))
    unit = h264.access_unit(media.access_units(64, 48, 1, profile="high", options=options)[0])
    output, source = Output(), PassthroughSource()
    source.deliver_to(output)
    source.receive(EncodedFrame(0, unit, 0.0))
    for number in range(1, MAX_FRAMES + 1):
        source.receive(frame(number * 3_000))
    source.receive(frame(MAX_FRAMES * 3_000 - 1_500))
    assert output.reordered
    (parameters,) = output.shown
    assert (parameters.unit.sps, parameters.unit.data) == (unit.sps, b"")
