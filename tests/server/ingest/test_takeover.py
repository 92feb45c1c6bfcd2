"""A transcoder that takes over in the middle of real x264 video misses no picture."""

import pytest

from relay.media import h264
from relay.rtc.receive.reassembly import EncodedFrame
from server.ingest.gop import MAX_FRAMES, MAX_SECONDS
from server.ingest.passthrough_source import PassthroughSource
from server.ingest.takeover import Takeover
from server.ingest.transcoder import Transcoder
from server.ingest.transcoder_messages import ANSWER, REQUEST, Kind, RequestFlag
from server.ingest.transcoder_worker import answers_to
from server.ingest.transcoding import BEHIND, CATCH_UP, State, Transcoding
from tests.fixtures import media
from tests.fixtures.encoder import B_FRAMES, INTRA_REFRESH
from tests.server.ingest.test_passthrough_source import Output


class Takeovers(Output):
    """A transcoder in this process, which starts at the takeover and is ready `late` frames later
    (FrameOutput).
    """

    def __init__(self, late: int = 0) -> None:
        super().__init__()
        self.transcoding: Transcoding | None = None
        self.encoded: list[EncodedFrame] = []
        self.now = 0.0
        self._late = late
        self._worker = Transcoder("H264", 2_500_000)

    def transcode(self, frame: EncodedFrame, shown: list[EncodedFrame]) -> None:
        assert all(kept.timestamp in self.published for kept in shown if kept.unit.data)
        self._start(Takeover(tuple(shown)))

    def receive_recovery_point(self, frame: EncodedFrame) -> None:
        self._start(Takeover(forwarding=not frame.broken))

    def _start(self, takeover: Takeover | None) -> None:
        self.transcoding = Transcoding("H264", takeover)

    def pass_on(self, frame: EncodedFrame) -> None:
        assert self.transcoding
        self.now = frame.arrived
        if self.transcoding.forwards(frame):
            self.publish_frame(frame)
        self._run(self.transcoding.request(frame))
        if self.transcoding.state is State.STARTING:
            self._late -= 1
            if self._late < 0:
                self.transcoding.receive_answer(Kind.READY, 0, b"", self.now)
                self._run(self.transcoding.waiting_requests())

    def _run(self, requests: bytes) -> None:
        """The worker answers each request before it reads the next one."""
        assert self.transcoding
        while requests:
            size, timestamp, flags = REQUEST.unpack_from(requests)
            end = REQUEST.size + size
            data, requests = requests[REQUEST.size : end], requests[end:]
            for answer in answers_to(self._worker, timestamp, data, RequestFlag(flags)):
                length, at, kind = ANSWER.unpack_from(answer)
                payload = answer[ANSWER.size :]
                assert len(payload) == length
                frame = self.transcoding.receive_answer(Kind(kind), at, payload, self.now)
                if frame:
                    self.encoded.append(frame)
            requests += self.transcoding.waiting_requests()


def play(output: Takeovers, frames: list[EncodedFrame]) -> None:
    source = PassthroughSource()
    source.deliver_to(output)
    for frame in frames:
        if output.transcoding is None:
            source.receive(frame)
        if output.transcoding is not None:
            output.pass_on(frame)


def b_frames(count: int) -> list[EncodedFrame]:
    """Parameter sets in an access unit of their own, as OBS sends them, then the video."""
    units = media.access_units(64, 48, count, gop=300, profile="high", options=B_FRAMES)
    order = media.presentation_order(units)
    made = [h264.access_unit(unit) for unit in units]
    first = made[0]
    parameters = h264.AccessUnit(b"", first.sps, first.pps, False, False)
    first.sps = first.pps = b""
    return [EncodedFrame(0, parameters, 0.0)] + [
        EncodedFrame(order[index] * 3_000, unit, index / 30) for index, unit in enumerate(made)
    ]


@pytest.mark.parametrize("late", [0, 1, 20])
def test_b_frames(late: int) -> None:
    """Only the B-frames before the last forwarded frame are missing, however late the worker is."""
    output = Takeovers(late)
    play(output, b_frames(45))
    encoded = [frame.timestamp // 3_000 for frame in output.encoded]
    shown = sorted({time // 3_000 for time in output.published}) + encoded
    assert shown[:2] == [0, 3] and shown[1:] == list(range(3, shown[-1] + 1))
    assert shown[-1] >= 40 and output.encoded[0].unit.key
    assert output.encoded[0].arrived > 0, "the arrival is that of the publisher's frame"


def test_b_frames_behind_a_gop_beyond_the_limits() -> None:
    """The transcoder begins at the next keyframe, although the parameter sets came only once."""
    frames = b_frames(12)
    again = [
        EncodedFrame(frame.timestamp + 400_000 * 3_000, frame.unit, frame.arrived + 3.0)
        for frame in frames[1:]
    ]
    late = [
        EncodedFrame(frame.timestamp + 200_000, frame.unit, frame.arrived + MAX_SECONDS + 1.0)
        for frame in frames[3:]
    ]
    output = Takeovers()
    play(output, [*frames[:3], *late, *again])
    assert output.encoded and output.encoded[0].timestamp == again[0].timestamp


def refreshing(count: int) -> list[EncodedFrame]:
    units = media.access_units(64, 48, count, gop=15, profile="high", options=INTRA_REFRESH)
    frames = [
        EncodedFrame(index * 3_000, h264.access_unit(unit), index / 30)
        for index, unit in enumerate(units)
    ]
    points = [index for index, frame in enumerate(frames) if frame.unit.recovery_point]
    assert points == list(range(15, count, 15)), "every frame but the first is a P-frame"
    return frames


@pytest.mark.parametrize("late", [0, 10])
def test_intra_refresh_while_viewers_watch(late: int) -> None:
    """The frames are forwarded until the transcoder has decoded a picture."""
    frames = refreshing(60)
    frames[30] = EncodedFrame(frames[30].timestamp, frames[30].unit, frames[30].arrived, True)
    output = Takeovers(late)
    play(output, frames)
    forwarded, encoded = output.published, [frame.timestamp for frame in output.encoded]
    assert forwarded + encoded == [index * 3_000 for index in range(60)]
    assert 30 < len(forwarded) < 50 and output.encoded[0].unit.key


def test_intra_refresh_behind_a_loss() -> None:
    """Nothing is forwarded. The first picture is a complete one."""
    first, *frames = refreshing(60)[30:]
    output = Takeovers()
    play(output, [EncodedFrame(first.timestamp, first.unit, first.arrived, True, True), *frames])
    assert output.published == [] and output.encoded[0].unit.key
    times = [frame.timestamp // 3_000 for frame in output.encoded]
    assert times == list(range(times[0], 60)) and times[0] < 45


def test_intra_refresh_with_parameter_sets_once() -> None:
    """The recovery points of some encoders have none."""
    frames = refreshing(60)
    for frame in frames[1:]:
        frame.unit.sps = frame.unit.pps = b""
    frames[30] = EncodedFrame(frames[30].timestamp, frames[30].unit, frames[30].arrived, True)
    output = Takeovers()
    play(output, frames)
    assert output.encoded and output.encoded[0].unit.key


def test_a_loss_ends_the_forwarding() -> None:
    frames = refreshing(46)
    transcoding = Transcoding("H264", Takeover(forwarding=True))
    assert transcoding.forwards(frames[15])
    lost = EncodedFrame(frames[45].timestamp, frames[45].unit, frames[45].arrived, True, True)
    assert not transcoding.forwards(lost) and not transcoding.forwards(frames[44])


def test_a_crash_drops_the_frames_that_wait() -> None:
    frames = refreshing(20)
    transcoding = Transcoding("H264", Takeover(tuple(frames[:10])))
    transcoding.receive_answer(Kind.READY, 0, b"", 0.0)
    assert transcoding.waiting_requests() and transcoding.crash(0.0)
    transcoding.receive_answer(Kind.READY, 0, b"", 0.0)
    assert transcoding.waiting_requests() == transcoding.request(frames[10]) == b""
    assert transcoding.needs_keyframe


def test_too_many_frames_that_wait() -> None:
    """All are dropped, and the transcoder waits for the next entry, as after a crash."""
    first, other = refreshing(2)
    frames = [EncodedFrame(number * 3_000, other.unit, 0.0) for number in range(1, MAX_FRAMES)]
    transcoding = Transcoding("H264", Takeover((first, *frames)))
    transcoding.receive_answer(Kind.READY, 0, b"", 0.0)
    assert transcoding.waiting_requests()
    for number in range(BEHIND + 1):
        following = EncodedFrame((MAX_FRAMES + number) * 3_000, other.unit, 0.0)
        assert transcoding.request(following) == b""
    assert transcoding.state is State.WAITING and transcoding.dropped == MAX_FRAMES + 1
    for _ in range(BEHIND):
        transcoding.receive_answer(Kind.DONE, 0, b"", 0.0)
    assert transcoding.waiting_requests() == b"" and transcoding.needs_keyframe


def test_frames_that_wait_do_not_crowd_the_worker() -> None:
    """A worker that does not catch up in time only decodes most of what still waits."""
    frames = refreshing(60)
    transcoding = Transcoding("H264", Takeover(tuple(frames[:2])))
    for frame in frames[2:]:
        assert transcoding.request(frame) == b""
    transcoding.receive_answer(Kind.READY, 0, b"", 1.0 - CATCH_UP)
    flags: list[RequestFlag] = []
    requests = transcoding.waiting_requests()
    while requests:
        sent = 0
        while requests:
            size, _, number = REQUEST.unpack_from(requests)
            flags.append(RequestFlag(number))
            requests = requests[REQUEST.size + size :]
            sent += 1
        assert sent <= BEHIND
        transcoding.receive_answer(Kind.DONE, 0, b"", 2.0)
        requests = transcoding.waiting_requests()
    assert [RequestFlag.SHOWN in flag for flag in flags[:3]] == [True, True, False]
    encoded = [index for index, flag in enumerate(flags) if RequestFlag.SKIP not in flag]
    assert encoded == [*range(31), 38, 46, 54]
