"""One publisher's session, from its offer to its end."""

from enum import Enum, auto
from functools import partial
from time import monotonic
from typing import Final, Protocol

from relay.rtc.ended_sessions import EndedSessions
from relay.rtc.receive.feedback import KeyframeBudget
from relay.rtc.receive.sdp import Offer
from relay.rtc.receive.session import ReceiveSession
from relay.rtc.receive.sink import DISCARD
from relay.rtc.udp import UdpPort
from relay.sample import Demand
from relay.stream.stream import Stream
from server.errors import RequestRefused
from server.ingest.counters import IngestCounters
from server.ingest.frame_source import FrameSource
from server.ingest.health import IngestHealth
from server.ingest.ingestion import Ingestion
from server.ingest.passthrough_source import PassthroughSource
from server.ingest.transcoders import Transcoders


class State(Enum):
    CONNECTING = auto()
    WAITING = auto()
    """The publisher is connected, but no displayable media has arrived yet."""
    FLOWING = auto()
    SILENT = auto()
    """The publisher is connected, but no displayable media has arrived for SILENT_FOR seconds."""
    ENDED = auto()
    """The publisher has left, or its video has failed. The owner must call `close()`."""
    CLOSED = auto()


_FLOWING: Final = State.FLOWING
"""Constant for State.FLOWING. Each sample is compared with this state, and a constant is read
faster than a member of the enum.
"""


class Event(Enum):
    BEGUN = auto()
    MEDIA_CAME = auto()
    MEDIA_STOPPED = auto()
    ENDED = auto()
    CLOSED = auto()


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.CONNECTING, Event.BEGUN): State.WAITING,
    (State.CONNECTING, Event.ENDED): State.ENDED,
    (State.CONNECTING, Event.CLOSED): State.CLOSED,
    (State.WAITING, Event.MEDIA_CAME): State.FLOWING,
    (State.WAITING, Event.MEDIA_STOPPED): State.SILENT,
    (State.WAITING, Event.ENDED): State.ENDED,
    (State.WAITING, Event.CLOSED): State.CLOSED,
    (State.FLOWING, Event.MEDIA_STOPPED): State.SILENT,
    (State.FLOWING, Event.ENDED): State.ENDED,
    (State.FLOWING, Event.CLOSED): State.CLOSED,
    (State.SILENT, Event.MEDIA_CAME): State.FLOWING,
    (State.SILENT, Event.ENDED): State.ENDED,
    (State.SILENT, Event.CLOSED): State.CLOSED,
    (State.ENDED, Event.CLOSED): State.CLOSED,
}
"""The next state for each pair of state and event. A pair that is not listed changes nothing."""


class SessionOwner(Protocol):
    """Interface of the owner of a session. The session calls the methods synchronously. It makes no
    calls after `close()` has begun.
    """

    def flow_changed(self, session: "IngestSession", flowing: bool) -> None:
        """Reports that displayable media has started (`flowing` is true), or that no displayable
        media has arrived for SILENT_FOR seconds (`flowing` is false).
        """

    def session_ended(self, session: "IngestSession", reason: str) -> None:
        """Reports that the session is over and must be closed. Called at most once."""


class IngestSession:
    """A publisher's session. Call `answer()`, then `connect()`, then `begin()` to publish.
    `close()` is valid at any time.

    H.264 is forwarded unchanged until the first B-frame, and transcoded afterwards. VP8 is always
    transcoded.
    """

    def __init__(
        self,
        session_id: str,
        stream: Stream,
        port: UdpPort,
        offer: Offer,
        *,
        address: str,
        bitrate_cap: int,
        budget: KeyframeBudget,
        max_bitrate: int | None = None,
        transcoders: Transcoders,
        counters: IngestCounters,
        ended: EndedSessions,
        owner: SessionOwner,
    ) -> None:
        """`address`: the publisher's address. `ended`: remembers the session when it has ended.
        Raises Unavailable or NotAcceptable if the offer needs a transcoder and no transcoder is
        available.
        """
        self.id = session_id
        self.state = State.CONNECTING
        self._stream = stream
        self._reserve = partial(transcoders.reserve, stream.name, address)
        self._counters = counters
        self._ended = ended
        self._owner = owner
        self._audio = offer.find("audio") is not None
        self._ingestion: Ingestion | None = None
        video = offer.find("video")
        self._codec = video.codec if video else "H264"
        # A transcoder is reserved only after the handshake. Otherwise a client that sends only
        # offers could reserve all transcoders.
        if self._codec != "H264":
            transcoders.require_free(stream.name, address)
            transcoders.prepare()
        self._first_source: FrameSource = PassthroughSource()
        self.rtc = ReceiveSession(
            port,
            offer,
            bitrate_cap=bitrate_cap,
            max_bitrate=max_bitrate,
            on_closed=self._end,
            budget=budget,
        )
        counters.enter(self.rtc.counters)

    @property
    def source(self) -> FrameSource:
        """The source that forwards or transcodes the publisher's frames."""
        return self._ingestion.source if self._ingestion else self._first_source

    def answer(self, hosts: list[str], *, max_bitrate: int) -> str:
        """Returns the SDP answer, with a candidate for each of `hosts`. `max_bitrate`: maximum
        bitrate of the video, bit/s.
        """
        return self.rtc.answer(hosts, max_bitrate=max_bitrate)

    async def connect(self) -> None:
        """Completes the handshake. Raises ConnectionError if the handshake fails or takes more than
        10 s.
        """
        await self.rtc.connect()

    def join(self, stream: Stream, owner: SessionOwner) -> None:
        """Publishes to another stream with the same name, for another owner. Valid before
        `begin`.
        """
        self._stream = stream
        self._owner = owner

    def begin(self, epoch: int, start: int) -> None:
        """Makes this session the stream's publisher. `epoch`: number of the session on the stream.
        `start`: media time of the first sample, µs. If the session needs a transcoder and no
        transcoder is available any more, the session ends instead.
        """
        if self.state is not State.CONNECTING:
            return
        if self._codec != "H264":
            try:
                self._first_source = self._reserve().start(self._codec)
            except RequestRefused as refusal:
                self._end(str(refusal))
                return
        self._happen(Event.BEGUN)
        self._ingestion = Ingestion(
            self.rtc,
            self._first_source,
            self._stream,
            self._reserve,
            self,
            epoch=epoch,
            start=start,
            audio=self._audio,
        )
        self._stream.attach(self)
        self.rtc.deliver_to(self._ingestion)
        self._first_source.deliver_to(self._ingestion)
        self.rtc.request_keyframe()

    async def close(self) -> None:
        """Ends the session. Once `close` has been called, nothing more is published."""
        self._happen(Event.CLOSED)
        self._stream.detach(self)
        self._counters.leave(self.rtc.counters)
        self.rtc.deliver_to(DISCARD)
        # The session references the source, and the source references the ingestion. Break this
        # cycle, which would stay in memory until a full garbage collection.
        source = self.source
        self._ingestion = None
        try:
            await source.close()
        finally:
            await self.rtc.close()

    @property
    def excessive(self) -> bool:
        """Whether the publisher has sent more bits or more samples than the server accepts."""
        return self.rtc.excessive or (self._ingestion is not None and self._ingestion.excessive)

    @property
    def bitrate(self) -> float:
        """Average bitrate of the stream's media in the last few seconds, bit/s."""
        return self._stream.bitrate

    def limit_bitrate(self, bitrate: int) -> None:
        """Requests at most `bitrate` (bit/s) from the publisher from now on."""
        self.rtc.limit_bitrate(bitrate)

    def health(self) -> IngestHealth | None:
        """Returns figures of how well the publisher's media arrives; None before `begin`."""
        return self._ingestion.health() if self._ingestion else None

    # IngestionOwner: methods that the ingestion calls

    def media_came(self) -> None:
        if self.state is not _FLOWING and self._happen(Event.MEDIA_CAME):
            self._owner.flow_changed(self, True)

    def media_stopped(self) -> None:
        if self._happen(Event.MEDIA_STOPPED):
            self._owner.flow_changed(self, False)

    def media_failed(self, reason: str) -> None:
        self.rtc.deliver_to(DISCARD)
        self._end(reason)

    def _end(self, reason: str) -> None:
        if self._happen(Event.ENDED):
            self._counters.excessive += self.excessive
            self._owner.session_ended(self, reason)

    def receive_demand(self, demand: Demand) -> None:
        """Handles a demand of the viewers. The stream calls this method because the session is its
        Publisher.
        """
        if demand.keyframe:
            self.source.request_keyframe()

    def _happen(self, event: Event) -> bool:
        """Applies an event. Returns whether the event changed the state."""
        after = TRANSITIONS.get((self.state, event))
        if after is None:
            return False
        self.state = after
        if after in (State.ENDED, State.CLOSED):
            self._ended.add(self.id, self._stream.name, monotonic())
        return True
