"""The interface through which an Ingestion uses the WebRTC session of a publisher."""

from typing import Protocol

from relay.meter import Account
from relay.rtc.receive.counters import ReceiveCounters
from relay.rtc.receive.reassembly import Reassembly


class MediaSession(Protocol):
    """Implemented by ReceiveSession."""

    @property
    def counters(self) -> ReceiveCounters: ...

    @property
    def account(self) -> Account: ...

    @property
    def reassembly(self) -> Reassembly: ...

    @property
    def round_trip(self) -> float | None: ...

    @property
    def unanswered(self) -> int: ...

    def silence(self, now: float) -> float: ...

    def request_keyframe(self) -> None: ...

    def drop_until_keyframe(self) -> None: ...

    def make_due(self) -> None: ...
