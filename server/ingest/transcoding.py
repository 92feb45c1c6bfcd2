"""Writes the requests to one transcoder and interprets the transcoder's answers. Pure: takes
frames, answers and `now` (seconds), returns requests.
"""

from collections import OrderedDict, deque
from enum import Enum, auto
from math import inf

from relay.media import h264
from relay.rtc.receive.reassembly import EncodedFrame
from server.ingest.gop import Gop
from server.ingest.takeover import Takeover
from server.ingest.transcoder_messages import REQUEST, Kind, RequestFlag

BEHIND = 4
BEHIND_FOR = 0.13
"""If BEHIND requests are in flight, the first one for BEHIND_FOR seconds, the worker is too slow to
encode all frames. New frames are then only decoded. Many frames may arrive at once, for example
after an interruption of the network, so the number alone proves nothing.
"""
SLOW = 12
SLOW_FOR = 0.35
"""If SLOW requests are in flight, the first one for SLOW_FOR seconds, further frames are dropped
until the next keyframe.
"""
MAX_IN_FLIGHT = 60
"""Maximum number of requests in flight. Further frames are dropped until the next keyframe."""
STUCK = 5.0
"""Maximum seconds that the worker may take to answer; a slower worker is killed."""
KEYFRAME_INTERVAL = 0.3
"""Minimum seconds between two keyframes made at the request of viewers."""
MAX_CRASHES = 3
"""Number of times that the worker may crash within CRASH_PERIOD; the next crash ends the
transcoding.
"""
CRASH_PERIOD = 60.0
CATCH_UP = 1.0
"""Time that a new worker gets to encode all frames that waited for it, seconds. Of the frames that
arrive later and still have to wait, most are only decoded.
"""
SPARSE = 0.25
"""Time between two of these frames that are encoded all the same, so that viewers see no longer
pause, seconds.
"""
JUMP = 90_000
"""If a timestamp is at least this much older than another one, the timestamps have jumped, RTP
ticks.
"""


class State(Enum):
    STARTING = auto()
    """The worker process is not ready yet."""
    WAITING = auto()
    """The worker needs a keyframe before it can decode any other frame."""
    RUNNING = auto()
    LOST = auto()
    """The worker process has ended; no more frames follow."""
    CLOSED = auto()


class Event(Enum):
    READY = auto()
    KEYFRAME = auto()
    """A keyframe of the publisher has arrived, and the worker is not overloaded."""
    OVERLOADED = auto()
    """A frame has arrived while SLOW or MAX_IN_FLIGHT requests are in flight."""
    BROKEN = auto()
    """The worker could not decode a frame."""
    CRASHED = auto()
    """The worker has ended unexpectedly, and a new worker is being started."""
    LOST = auto()
    CLOSED = auto()


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.STARTING, Event.READY): State.WAITING,
    (State.STARTING, Event.LOST): State.LOST,
    (State.STARTING, Event.CLOSED): State.CLOSED,
    (State.WAITING, Event.KEYFRAME): State.RUNNING,
    (State.WAITING, Event.CRASHED): State.STARTING,
    (State.WAITING, Event.LOST): State.LOST,
    (State.WAITING, Event.CLOSED): State.CLOSED,
    (State.RUNNING, Event.OVERLOADED): State.WAITING,
    (State.RUNNING, Event.BROKEN): State.WAITING,
    (State.RUNNING, Event.CRASHED): State.STARTING,
    (State.RUNNING, Event.LOST): State.LOST,
    (State.RUNNING, Event.CLOSED): State.CLOSED,
    (State.LOST, Event.CLOSED): State.CLOSED,
}
"""The next state for each pair of state and event. A pair that is not listed changes nothing."""


class Transcoding:
    """One publisher's transcoding. For each frame, call `forwards` and then `request`. For each
    answer of the worker, call `receive_answer` and then `waiting_requests`.
    """

    def __init__(self, codec: str, takeover: Takeover | None = None) -> None:
        """`codec`: a key of `transcoder.DECODERS`."""
        self.state = State.STARTING
        self.dropped = 0
        """Number of frames dropped because the worker was not ready or too slow."""
        self._annexb = codec == "H264"
        self._sps = self._pps = b""
        self._last_keyframe = -inf
        self._keyframe_at = -inf
        """The first frame that arrives after this time (seconds) becomes a keyframe; infinite while
        no viewer needs a keyframe.
        """
        self._in_flight: deque[float] = deque()
        """Times at which the requests in flight were sent, seconds."""
        self._answered = 0.0
        self._encoded = -inf
        """Arrival of the newest frame that was sent to be encoded, seconds."""
        self._arrivals: OrderedDict[int, float] = OrderedDict()
        self._crashes: deque[float] = deque(maxlen=MAX_CRASHES)
        """Times of the latest crashes, seconds."""
        self._waiting = Gop()
        """Frames of a takeover that wait for the worker, and the frames that follow."""
        self._catch_up_until = inf
        self._forwarding = False
        """Whether viewers get the publisher's own frames until the worker decodes pictures."""
        self._shown: int | None = None
        """Newest RTP timestamp among the frames that viewers got before the takeover."""
        if takeover is not None:
            self._forwarding = takeover.forwarding
            if takeover.decodable:
                self._waiting.begin()
            for frame in takeover.shown:
                self._note_shown(frame)
                self._keep(frame)

    def happen(self, event: Event) -> bool:
        """Applies an event. Returns whether the event changed the state."""
        after = TRANSITIONS.get((self.state, event))
        if after is None:
            return False
        self.state = after
        return True

    @property
    def needs_keyframe(self) -> bool:
        """Whether the worker needs a keyframe from the publisher and has time to decode it."""
        return self.state is State.WAITING and len(self._in_flight) < BEHIND

    def stuck(self, now: float) -> bool:
        """Whether the worker has taken too long to answer a request."""
        return bool(self._in_flight) and now - self._answered > STUCK

    def crash(self, now: float) -> bool:
        """Records that the worker has crashed. Returns whether a new worker may replace the crashed
        worker. Returns False if the crashed worker was never ready, or after too many crashes.
        """
        often = len(self._crashes) == MAX_CRASHES and now - self._crashes[0] < CRASH_PERIOD
        if often or not self.happen(Event.CRASHED):
            return False
        self._crashes.append(now)
        self._in_flight.clear()
        self._arrivals.clear()
        self._waiting.clear()
        return True

    def request_keyframe(self) -> None:
        """Requests a keyframe from the encoder. Two requested keyframes are at least
        KEYFRAME_INTERVAL apart.
        """
        self._keyframe_at = min(self._keyframe_at, self._last_keyframe + KEYFRAME_INTERVAL)

    def forwards(self, frame: EncodedFrame) -> bool:
        """Whether viewers must get the publisher's next frame unchanged, because the worker has not
        decoded a picture yet.
        """
        if not self._forwarding:
            return False
        if frame.broken or (frame.unit.data and self._was_shown(frame)):
            self._forwarding = False  # a viewer's decoder could not show the frame
            return False
        self._note_shown(frame)
        return True

    def request(self, frame: EncodedFrame) -> bytes:
        """Returns the request to send to the worker for the publisher's next frame in decoding
        order. The result is empty if the frame is dropped, waits, or contains only parameter sets.
        """
        if self._waiting.open and (self._waiting or self.state is State.STARTING):
            self.dropped += self._keep(frame)
            if not self._waiting:
                self.happen(Event.OVERLOADED)
            return b""
        return self._request(frame, frame.arrived)

    def waiting_requests(self) -> bytes:
        """Returns requests for the frames that wait, as many as the worker can take now."""
        requests: list[bytes] = []
        if self.state in (State.WAITING, State.RUNNING):
            while self._waiting and len(self._in_flight) < BEHIND:
                frame = self._waiting.pop()
                late = self._catch_up_until < frame.arrived < self._encoded + SPARSE
                requests.append(self._request(frame, self._answered, late=late))
        return b"".join(requests)

    def _request(self, frame: EncodedFrame, now: float, *, late: bool = False) -> bytes:
        unit = frame.unit
        self._note_parameters(frame)
        if not unit.data:
            return b""
        if self._waits(SLOW, SLOW_FOR, now) or len(self._in_flight) >= MAX_IN_FLIGHT:
            self.happen(Event.OVERLOADED)
        elif frame.entry:
            self.happen(Event.KEYFRAME)
        if self.state is not State.RUNNING:
            self.dropped += 1
            return b""
        skip = late or self._waits(BEHIND, BEHIND_FOR, now)
        flags = RequestFlag.SKIP if skip else RequestFlag.NONE
        if not skip:
            self._encoded = frame.arrived
        if self._was_shown(frame):
            flags |= RequestFlag.SHOWN
        elif frame.entry or frame.arrived >= self._keyframe_at:
            # An entry of the publisher is encoded as a keyframe, so that the GOPs for viewers are
            # not longer than the publisher's GOPs.
            flags |= RequestFlag.KEYFRAME
            self._keyframe_at = inf
            self._last_keyframe = frame.arrived
        data = unit.data
        if self._annexb:
            data = _annexb([self._sps, self._pps] if frame.entry else [], data)
        self._note_request(frame, now)
        return REQUEST.pack(len(data), frame.timestamp, flags) + data

    def receive_answer(
        self, kind: Kind, timestamp: int, data: bytes, now: float
    ) -> EncodedFrame | None:
        """Handles any answer except FAILED. If the answer contains a frame, returns this frame with
        the arrival time of the original frame.
        """
        self._answered = now
        match kind:
            case Kind.FRAME | Kind.KEYFRAME:
                self._forwarding = False
                unit = h264.access_unit(h264.split_annexb(data))
                return EncodedFrame(timestamp, unit, self._arrivals.pop(timestamp, now))
            case Kind.READY:
                self.happen(Event.READY)
                self._catch_up_until = now + CATCH_UP
            case Kind.DECODED:
                self._forwarding = False
            case Kind.DONE | Kind.BROKEN:
                # A worker under the control of an attacker may send more answers than requests.
                if self._in_flight:
                    self._in_flight.popleft()
                if kind is Kind.BROKEN:
                    self.happen(Event.BROKEN)
        return None

    def _keep(self, frame: EncodedFrame) -> int:
        """Lets a frame wait. Returns the number of frames that were dropped for it."""
        dropped = self._waiting.add(frame)
        for each in dropped:
            self._note_parameters(each)
        return len(dropped)

    def _note_parameters(self, frame: EncodedFrame) -> None:
        unit = frame.unit
        self._sps, self._pps = unit.sps or self._sps, unit.pps or self._pps

    def _note_shown(self, frame: EncodedFrame) -> None:
        if frame.unit.data and (
            self._shown is None or frame.entry or frame.timestamp > self._shown
        ):
            self._shown = frame.timestamp

    def _was_shown(self, frame: EncodedFrame) -> bool:
        return self._shown is not None and 0 <= self._shown - frame.timestamp < JUMP

    def _waits(self, count: int, seconds: float, now: float) -> bool:
        """Whether `count` requests are in flight, the first one for `seconds`."""
        return len(self._in_flight) >= count and now - self._in_flight[0] >= seconds

    def _note_request(self, frame: EncodedFrame, now: float) -> None:
        self._arrivals[frame.timestamp] = frame.arrived
        if len(self._arrivals) > 2 * MAX_IN_FLIGHT:
            self._arrivals.popitem(last=False)
        if not self._in_flight:
            # A frame of a takeover may have arrived long before the worker was ready.
            self._answered = max(self._answered, frame.arrived)
        self._in_flight.append(now)


def _annexb(parameter_sets: list[bytes], data: bytes) -> bytes:
    """Converts an access unit to Annex B: the parameter sets, then the NAL units, each after a
    start code.
    """
    parts = [*parameter_sets]
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        parts.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return b"".join(b"\0\0\0\1" + part for part in parts)
