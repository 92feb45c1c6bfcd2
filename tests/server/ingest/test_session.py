"""The states of a publisher's session, and what it holds."""

import itertools
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from relay.rtc.ended_sessions import EndedSessions
from relay.rtc.receive.feedback import KeyframeBudget
from relay.rtc.receive.sdp import Offer, parse_offer
from relay.rtc.udp import UdpPort
from relay.stream.stream import Stream
from relay.stream.window import Window
from relay.worker.workers import Workers
from server.errors import Unavailable
from server.ingest.counters import IngestCounters
from server.ingest.ingestion import Ingestion
from server.ingest.passthrough_source import PassthroughSource
from server.ingest.session import Event, IngestSession, State
from server.ingest.transcoded_source import TranscodedSource
from server.ingest.transcoders import Transcoders
from tests.fixtures import offers
from tests.fixtures.circles import held, no_collector
from tests.fixtures.workers import running_workers

H264 = parse_offer(offers.offer("chromium"))
VP8 = parse_offer(offers.offer("chromium").replace("H264/90000", "AV1/90000"))


@pytest_asyncio.fixture
async def workers() -> AsyncIterator[Workers]:
    async with running_workers() as workers:
        yield workers


class Owner:
    def __init__(self) -> None:
        self.calls: list[bool | str] = []

    def flow_changed(self, session: IngestSession, flowing: bool) -> None:
        self.calls.append(flowing)

    def session_ended(self, session: IngestSession, reason: str) -> None:
        self.calls.append(reason)


def make(
    owner: Owner,
    offer: Offer = H264,
    transcoders: Transcoders | None = None,
    *,
    room: str = "room",
    address: str = "192.0.2.1",
) -> IngestSession:
    return IngestSession(
        "id",
        Stream(room, Window(1, 1_000)),
        UdpPort(),
        offer,
        address=address,
        budget=KeyframeBudget(),
        bitrate_cap=1_000_000,
        transcoders=transcoders or Transcoders(Workers(), 1, 1, 1_000_000),
        counters=IngestCounters(),
        ended=EndedSessions(),
        owner=owner,
    )


ACTIONS: dict[Event, Callable[[IngestSession], None]] = {
    Event.BEGUN: lambda session: session.begin(1, 0),
    Event.MEDIA_CAME: lambda session: session.media_came(),
    Event.MEDIA_STOPPED: lambda session: session.media_stopped(),
    Event.ENDED: lambda session: session.media_failed("over"),
}
REPORTS = {State.FLOWING: True, State.SILENT: False, State.ENDED: "over"}

S, E = State, Event

EVENTS = [E.BEGUN, E.MEDIA_CAME, E.MEDIA_STOPPED, E.ENDED, E.CLOSED]
# One row per state, one column per event of EVENTS; None: the state stays.
EXPECTED: dict[State, list[State | None]] = {
    S.CONNECTING: [S.WAITING, None, None, S.ENDED, S.CLOSED],
    S.WAITING: [None, S.FLOWING, S.SILENT, S.ENDED, S.CLOSED],
    S.FLOWING: [None, None, S.SILENT, S.ENDED, S.CLOSED],
    S.SILENT: [None, S.FLOWING, None, S.ENDED, S.CLOSED],
    S.ENDED: [None, None, None, None, S.CLOSED],
    S.CLOSED: [None, None, None, None, None],
}
PATHS: dict[State, list[Event]] = {
    S.CONNECTING: [],
    S.WAITING: [E.BEGUN],
    S.FLOWING: [E.BEGUN, E.MEDIA_CAME],
    S.SILENT: [E.BEGUN, E.MEDIA_STOPPED],
    S.ENDED: [E.BEGUN, E.ENDED],
    S.CLOSED: [E.BEGUN, E.CLOSED],
}
"""Events that lead from a new session to each state."""


async def happen(session: IngestSession, event: Event) -> None:
    if event is E.CLOSED:
        await session.close()
    else:
        ACTIONS[event](session)


@pytest.mark.parametrize(
    ("state", "event"),
    list(itertools.product(S, E)),
    ids=lambda value: value.name.lower(),
)
async def test_every_event_in_every_state(state: State, event: Event) -> None:
    """Each change is reported once. The session has an ingestion exactly between BEGUN and
    CLOSED.
    """
    owner = Owner()
    session = make(owner)
    for step in PATHS[state]:
        await happen(session, step)
    assert session.state is state
    owner.calls.clear()
    await happen(session, event)
    after = EXPECTED[state][EVENTS.index(event)]
    assert session.state is (after or state)
    assert owner.calls == ([REPORTS[after]] if after in REPORTS else [])
    begun = E.BEGUN in (*PATHS[state], event) and S.CLOSED not in (state, after)
    assert (session.health() is not None) == begun
    await session.close()
    assert session.state is S.CLOSED and session.health() is None


async def test_a_session_may_end_before_it_began() -> None:
    owner = Owner()
    session = make(owner)
    for event in (E.ENDED, E.BEGUN, E.ENDED):
        await happen(session, event)
    assert (session.state, session.health(), owner.calls) == (S.ENDED, None, ["over"])
    await session.close()


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


async def test_the_source_follows_the_offer(workers: Workers) -> None:
    """From the moment at which the handshake is complete: an offer takes no transcoder."""
    transcoders = Transcoders(workers, 1, 1, 1_000_000)
    passing, transcoding = make(Owner()), make(Owner(), VP8, transcoders)
    assert transcoders.rooms == 0
    for session in (passing, transcoding):
        session.begin(1, 0)
    assert isinstance(passing.source, PassthroughSource)
    assert isinstance(transcoding.source, TranscodedSource)
    assert transcoders.rooms == 1
    await passing.close()
    await transcoding.close()
    assert transcoders.rooms == 0


async def test_offers_without_a_handshake_take_no_transcoder(workers: Workers) -> None:
    """However many there are. Once a session has the place, the next offer is refused, and another
    session that connects later ends with the same text.
    """
    transcoders = Transcoders(workers, 1, 1, 1_000_000)
    silent = [make(Owner(), VP8, transcoders, room=f"silent {n}") for n in range(20)]
    honest = make(Owner(), VP8, transcoders, address="192.0.2.2")
    honest.begin(1, 0)
    assert honest.state is S.WAITING
    with pytest.raises(Unavailable) as refused:
        make(Owner(), VP8, transcoders, room="late")
    late = silent[0]
    late.begin(1, 0)
    assert late.state is S.ENDED and late._owner.calls == [str(refused.value)]  # type: ignore
    for session in (*silent, honest):
        await session.close()
    assert transcoders.rooms == 0


@pytest.mark.parametrize("offer", [H264, VP8], ids=["passthrough", "transcoded"])
async def test_a_closed_session_is_freed_at_once(offer: Offer, workers: Workers) -> None:
    """Without a garbage collection, together with what published for it."""
    with no_collector():
        session = make(Owner(), offer, Transcoders(workers, 1, 1, 1_000_000))
        session.begin(1, 0)
        kinds = IngestSession, Ingestion, type(session.source)
        assert len(held(*kinds)) == 3
        await session.close()
        del session
        assert held(*kinds) == []
