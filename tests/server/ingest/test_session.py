"""The states of a publisher's session, and what it holds."""

import itertools
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from relay.rtc.receive.sdp import Offer, parse_offer
from relay.rtc.udp import UdpPort
from relay.stream.stream import Stream
from relay.stream.window import Window
from server.ingest import session as module
from server.ingest.counters import IngestCounters
from server.ingest.passthrough_source import PassthroughSource
from server.ingest.session import TRANSITIONS, Event, IngestSession, State
from server.ingest.transcoded_source import TranscodedSource
from server.ingest.transcoders import Transcoders
from tests.fixtures import offers
from tests.fixtures.circles import no_collector

H264 = parse_offer(offers.offer("chromium"))
VP8 = parse_offer(offers.offer("chromium").replace("H264/90000", "AV1/90000"))


class Owner:
    def __init__(self) -> None:
        self.calls: list[bool | str] = []

    def flow_changed(self, session: IngestSession, flowing: bool) -> None:
        self.calls.append(flowing)

    def session_ended(self, session: IngestSession, reason: str) -> None:
        self.calls.append(reason)


def make(
    owner: Owner, offer: Offer = H264, transcoders: Transcoders | None = None
) -> IngestSession:
    return IngestSession(
        "id",
        Stream("room", Window(1, 1_000)),
        UdpPort(),
        offer,
        bitrate_cap=1_000_000,
        transcoders=transcoders or Transcoders(1, 1_000_000),
        counters=IngestCounters(),
        owner=owner,
    )


ACTIONS: dict[Event, Callable[[IngestSession], None]] = {
    Event.BEGUN: lambda session: session.begin(1, 0),
    Event.MEDIA_CAME: lambda session: session.media_came(),
    Event.MEDIA_STOPPED: lambda session: session.media_stopped(),
    Event.ENDED: lambda session: session.media_failed("over"),
}
REPORTS = {State.FLOWING: True, State.SILENT: False, State.ENDED: "over"}


@pytest.mark.parametrize(("state", "event"), list(itertools.product(State, Event)))
async def test_every_state_and_event(state: State, event: Event) -> None:
    """Each pair follows the table, and its change is reported once. The session has an ingestion
    exactly between BEGUN and CLOSED.
    """
    owner = Owner()
    session = make(owner)
    session.state = state
    after = TRANSITIONS.get((state, event))
    if event is Event.CLOSED:
        await session.close()
    else:
        ACTIONS[event](session)
    assert session.state is (after or state)
    assert owner.calls == ([REPORTS[after]] if after in REPORTS else [])
    assert (session.health() is not None) == (after is State.WAITING)
    await session.close()
    assert session.state is State.CLOSED and session.health() is None


@pytest.mark.parametrize("events", list(itertools.product(ACTIONS, repeat=4)))
async def test_any_order_of_events(events: tuple[Event, ...]) -> None:
    """Flow is reported alternately and only after BEGUN; the end once, as the last report."""
    owner = Owner()
    session = make(owner)
    for event in events:
        ACTIONS[event](session)
    await session.close()
    for event in events:
        ACTIONS[event](session)
    calls = owner.calls
    assert all(first != second for first, second in itertools.pairwise(calls))
    assert "over" not in calls[:-1]
    assert Event.BEGUN in events or not {True, False} & set(calls)


async def test_the_source_follows_the_offer() -> None:
    transcoders = Transcoders(1, 1_000_000)
    passing, transcoding = make(Owner()), make(Owner(), VP8, transcoders)
    assert isinstance(passing.source, PassthroughSource)
    assert isinstance(transcoding.source, TranscodedSource)
    assert transcoders.rooms == 1
    await passing.close()
    await transcoding.close()
    assert transcoders.rooms == 0


async def test_a_session_that_cannot_be_made_holds_no_transcoder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def failing(*_: object, **__: object) -> None:
        raise RuntimeError("no certificate")

    monkeypatch.setattr(module, "ReceiveSession", failing)
    transcoders = Transcoders(1, 1_000_000)
    with pytest.raises(RuntimeError):
        make(Owner(), VP8, transcoders)
    assert transcoders.rooms == 0


@pytest.mark.parametrize("offer", [H264, VP8], ids=["passthrough", "transcoded"])
async def test_a_closed_session_is_freed_at_once(offer: Offer) -> None:
    """Without a garbage collection, together with what published for it."""
    session = make(Owner(), offer)
    with no_collector():
        session.begin(1, 0)
        assert session._ingestion
        left: list[weakref.ref[Any]] = [
            weakref.ref(session),
            weakref.ref(session._ingestion),
            weakref.ref(session.source),
        ]
        await session.close()
        del session
        assert [ref() for ref in left] == [None, None, None]
