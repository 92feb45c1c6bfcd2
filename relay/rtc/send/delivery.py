"""Chooses the video frames that a WHEP viewer gets: a state machine. Pure; `now` in seconds."""

from enum import Enum, auto
from typing import Final

from relay.rtc.send.congestion import Congestion


class DeliveryState(Enum):
    """The state of a viewer's video. It determines which frames are sent."""

    NOT_CONNECTED = auto()
    WAITING = auto()
    """No frame is sent before the next keyframe."""
    JOINING = auto()
    """The cached frames since the last keyframe are being sent. Live frames follow the cached
    frames.
    """
    JOINING_CONGESTED = auto()
    """The cached frames are being sent, and the path is congested: only keyframes follow the cached
    frames.
    """
    LIVE = auto()
    """Every frame is sent."""
    KEYFRAMES_ONLY = auto()
    """The path is congested: only keyframes are sent until full video is tried again."""
    ENDED = auto()


class DeliveryEvent(Enum):
    """An event that changes the state."""

    CONNECTED = auto()
    """The transport is ready."""
    JOIN_STARTED = auto()
    """The session has begun to send the cached frames since the last keyframe."""
    JOIN_COMPLETED = auto()
    """All cached frames have been sent."""
    FRAME_LOST = auto()
    """A frame that other frames refer to was not sent."""
    KEYFRAME = auto()
    """A keyframe is sent."""
    CONGESTED = auto()
    """A receiver report shows more loss than retransmission can repair."""
    RESUMED = auto()
    """Full video is tried again, starting with a keyframe."""
    ENDED = auto()


_S, _E = DeliveryState, DeliveryEvent

TRANSITIONS: Final = {
    (_S.NOT_CONNECTED, _E.CONNECTED): _S.WAITING,
    (_S.WAITING, _E.JOIN_STARTED): _S.JOINING,
    (_S.WAITING, _E.KEYFRAME): _S.LIVE,
    (_S.WAITING, _E.CONGESTED): _S.KEYFRAMES_ONLY,
    (_S.JOINING, _E.JOIN_COMPLETED): _S.LIVE,
    (_S.JOINING, _E.FRAME_LOST): _S.WAITING,
    (_S.JOINING, _E.CONGESTED): _S.JOINING_CONGESTED,
    (_S.JOINING_CONGESTED, _E.JOIN_COMPLETED): _S.KEYFRAMES_ONLY,
    (_S.JOINING_CONGESTED, _E.FRAME_LOST): _S.KEYFRAMES_ONLY,
    (_S.LIVE, _E.FRAME_LOST): _S.WAITING,
    (_S.LIVE, _E.CONGESTED): _S.KEYFRAMES_ONLY,
    (_S.KEYFRAMES_ONLY, _E.RESUMED): _S.LIVE,
    **{(state, _E.ENDED): _S.ENDED for state in DeliveryState},
}
"""The new state for each pair of state and event. A pair that is not in the table does not change
the state.
"""


class Delivery:
    """The delivery state of one viewer's video, and the decisions that depend on this state."""

    def __init__(self, now: float) -> None:
        self.state = DeliveryState.NOT_CONNECTED
        self._congestion = Congestion(now)

    def advance(self, event: DeliveryEvent) -> None:
        self.state = TRANSITIONS.get((self.state, event), self.state)

    @property
    def congested(self) -> bool:
        return self.state in (DeliveryState.KEYFRAMES_ONLY, DeliveryState.JOINING_CONGESTED)

    @property
    def omits_frames(self) -> bool:
        """Whether live frames are omitted until the next keyframe."""
        return self.state in (DeliveryState.WAITING, DeliveryState.KEYFRAMES_ONLY)

    def admits(self, now: float, *, key: bool) -> bool:
        """Whether to send a live frame now. A keyframe ends the state WAITING and may end
        KEYFRAMES_ONLY.
        """
        match self.state:
            case DeliveryState.LIVE:
                return True
            case DeliveryState.WAITING if key:
                self.advance(DeliveryEvent.KEYFRAME)
                return True
            case DeliveryState.KEYFRAMES_ONLY if key:
                if self._congestion.may_resume(now):
                    self.advance(DeliveryEvent.RESUMED)
                return True
        return False

    def move(self, now: float) -> None:
        """Records that the media has moved to another path."""
        self._congestion.move(now)

    def report(self, lost: float, now: float) -> None:
        """Takes a receiver report. `lost`: share of packets lost since the last report."""
        if self._congestion.report(lost, now, congested=self.congested):
            self.advance(DeliveryEvent.CONGESTED)
