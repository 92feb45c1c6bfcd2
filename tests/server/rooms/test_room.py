"""A room's life, by its table."""

import asyncio
import itertools
import json
import time
import weakref
from collections.abc import Callable

import pytest

from relay.channel.hub import Hub
from relay.client_address import ClientAddress
from relay.errors import RefusalCode
from relay.message import unpack_records
from relay.rtc.peer_session import PeerSession
from relay.rtc.receive.sdp import parse_offer
from relay.rtc.udp import UdpPort
from relay.worker.workers import Workers
from server.errors import Conflict, NotFound, TooManyRequests, Unavailable
from server.ingest.sessions import IngestSessions
from server.ingest.transcoders import Transcoders
from server.rooms.audience import Audience
from server.rooms.beacon import Beacon
from server.rooms.life import RoomEvent, State
from server.rooms.moderation_changes import ModerationChanges
from server.rooms.part import SocialTools
from server.rooms.room import EXCESS_PAUSE, Room, RoomPolicy
from server.social.counters import SocialCounters
from server.storage.rooms import RoomRecord
from tests.fixtures import offers
from tests.fixtures.channel import payloads
from tests.fixtures.circles import no_collector
from tests.fixtures.deadline import eventually
from tests.fixtures.media import video_sample, video_track
from tests.fixtures.social import no_storage

OFFER = parse_offer(offers.offer("chromium"))
S = State

EVENTS = [RoomEvent.MEDIA_CAME, RoomEvent.MEDIA_STOPPED, RoomEvent.FINISHED]
# One row per state, one column per event of EVENTS; None: the state stays.
EXPECTED: dict[State, list[State | None]] = {
    S.IDLE: [S.LIVE, None, S.ENDED],
    S.LIVE: [None, S.AWAY, S.ENDED],
    S.AWAY: [S.LIVE, None, S.ENDED],
    S.ENDED: [None, None, None],
}


class Observer:
    """Records the changes of a room."""

    def __init__(self) -> None:
        self.changes: list[tuple[State, State]] = []

    def room_changed(self, room: Room, before: State) -> None:
        self.changes.append((before, room.state))


def make(
    observer: Observer | None = None,
    *,
    live_at: float | None = None,
    away_grace: float = 60,
    on_beacon: Callable[[Beacon, Beacon | None], None] = lambda beacon, before: None,
) -> Room:
    storage = no_storage()
    return Room(
        RoomRecord("abc", "A title", b"", time.time(), live_at=live_at),
        RoomPolicy(idle_ttl=3_600, away_grace=away_grace),
        Hub(1, 1_000).open,
        IngestSessions(UdpPort(), Transcoders(Workers(), 1, 1, 1_000_000), 1_000_000).open,
        Audience(on_beacon),
        SocialTools(storage, SocialCounters(), ModerationChanges(storage.moderation, shared=False)),
        observer or Observer(),
    )


def room_event(room: Room) -> dict[str, object]:
    """The room event that a new viewer gets."""

    class Watcher:
        def send(self, message: object) -> None: ...

        def receive_track(self, info: object) -> None: ...

        def close(self, code: object, text: str) -> None: ...

    viewer = Watcher()
    (message,) = room.channel.subscribe(viewer)
    room.channel.unsubscribe(viewer)
    (body,) = payloads(message.frame)
    (record,) = unpack_records(body)
    event: dict[str, object] = json.loads(record.body)
    return event


@pytest.mark.parametrize(
    "events",
    list(itertools.product(EVENTS, repeat=4)),
    ids=lambda value: "-".join(item.name for item in value),
)
async def test_every_order_of_events(events: tuple[RoomEvent, ...]) -> None:
    """Each change is reported once, and ENDED is final."""
    assert set(EVENTS) == set(RoomEvent)
    observer = Observer()
    room = make(observer)
    expected, state = [], State.IDLE
    for event in events:
        room.happen(event)
        after = EXPECTED[state][EVENTS.index(event)]
        if after:
            expected.append((state, after))
            state = after
        assert room.state is state
        assert room_event(room)["state"] == state.value
    assert observer.changes == expected
    assert all(before is not State.ENDED and after is not State.IDLE for before, after in expected)
    await room.close()


async def test_a_room_that_was_live_is_restored_as_away() -> None:
    """It ends if its publisher does not return in time."""
    observer = Observer()
    room = make(observer, live_at=5.0, away_grace=0.01)
    assert (room.state, room.live_since) == (State.AWAY, 5.0)
    await eventually(lambda: observer.changes, 5)
    assert observer.changes == [(State.AWAY, State.ENDED)]
    await room.close()


async def test_a_closed_room_does_not_change() -> None:
    """It keeps its state for the next start of the server."""
    observer = Observer()
    room = make(observer, away_grace=0.01)
    room.happen(RoomEvent.MEDIA_CAME)
    room.happen(RoomEvent.MEDIA_STOPPED)
    await room.close()
    room.finish()
    assert (room.state, observer.changes[-1]) == (State.AWAY, (State.LIVE, State.AWAY))


async def test_no_session_opens_in_an_ended_or_closed_room() -> None:
    """The room may end, or close, while an offer is being read; a session would never be closed."""
    room = make()
    room.finish()
    with pytest.raises(Conflict):
        room.publish(OFFER)
    await room.close()
    closed = make()
    await closed.close()
    with pytest.raises(Unavailable):
        closed.publish(OFFER)
    assert room.sessions == closed.sessions == []


async def test_a_closed_session_is_freed_at_once() -> None:
    """No garbage collection is needed, neither for a session replaced before it connected nor for
    an ended one.
    """
    room = make()
    with no_collector():
        left = [weakref.ref(room.publish(OFFER)) for _ in range(3)]
        session = left[-1]()
        assert session
        session.begin(1, 0)
        await room.end_session(session.id)
        del session
        await eventually(lambda: not room._tasks)
        assert [ref() for ref in left] == [None] * 3
    with pytest.raises(NotFound):
        await room.end_session("gone")
    await room.close()


@pytest.mark.parametrize("error", [ConnectionError("no check"), RuntimeError("a bug")])
async def test_a_session_whose_handshake_fails_is_closed(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For any exception, the port, the room and the counters forget the session."""

    async def fail(_: PeerSession) -> None:
        await asyncio.sleep(0)
        raise error

    monkeypatch.setattr(PeerSession, "connect", fail)
    room = make()
    session = room.publish(OFFER)
    assert room.sessions == [session]
    await eventually(lambda: not room._tasks)
    assert room.sessions == [] and session.state.name == "CLOSED"
    assert session.rtc.ufrag not in session.rtc._port.peers
    await room.close()


async def test_beacons_are_observed_and_their_viewers_described() -> None:
    beacons: list[tuple[Beacon, Beacon | None]] = []
    room = make(on_beacon=lambda beacon, before: beacons.append((beacon, before)))
    room.receive_report(1, {"player": "mse", "playing": True})
    room.receive_report(1, {"player": "mse", "playing": False})
    assert beacons == [(Beacon("mse", True), None)], "the second comes too soon"
    health = room.health()
    assert (health.room, health.ingest, health.audience.reporting) == (room.describe(), None, 1)
    assert room.players == {"mse": 1}
    room.viewer_left(1)
    assert room.health().audience.reporting == 0
    await room.close()


async def test_after_a_session_that_sent_too_much_the_room_pauses() -> None:
    """The refusal tells the creator why, and the media is dropped. After other reasons for an end,
    neither happens.
    """
    room = make()
    creator = ClientAddress("192.0.2.1", "192.0.2.0/24")
    session = room.publish(OFFER, creator)
    assert room.creator == creator
    room.stream.set_track(video_track(), 0)
    room.stream.publish(video_sample(0, key=True))
    session.rtc._end("the publisher closed the connection")
    assert len(room.stream.window) == 1 and room.channel.held
    session = room.publish(OFFER)
    session.rtc._policer.excessive = True
    session.rtc._end("too much")
    assert room.sessions == [] and not room.stream.window and not room.channel.held
    with pytest.raises(TooManyRequests) as refused:
        room.publish(OFFER)
    assert refused.value.code is RefusalCode.BITRATE_TOO_HIGH
    assert refused.value.retry_after == EXCESS_PAUSE
    room._paused_until = 0.0
    assert room.publish(OFFER)
    await room.close()
