"""The life of a viewer's WebSocket: every event in every state, on real sockets."""

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest
import pytest_asyncio

from relay.channel.channel import Channel
from relay.channel.message import Message
from relay.channel.wsframe import CLOSE
from relay.errors import RefusalCode
from relay.websocket.counters import WebSocketCounters
from relay.websocket.state import OPEN, TRANSITIONS, Event, State
from relay.websocket.viewer import WebSocketViewer
from tests.relay.websocket.test_viewer import on_air, publish_frame

FILL = 8_000_000
"""Bytes of a frame that no socket takes at once."""


@dataclass
class Connection:
    """A viewer of a live channel, and the peer's end of its connection."""

    viewer: WebSocketViewer
    channel: Channel
    transport: asyncio.WriteTransport
    peer: socket.socket
    buffered: set[WebSocketViewer]
    published: int = 0

    def publish(self, size: int = 1_000) -> None:
        self.published += 1
        publish_frame(self.channel, self.published, size=size)

    def join(self) -> None:
        self.viewer.join("{}")

    @property
    def direct(self) -> bool:
        fanout = self.channel._members.with_media
        return self.viewer in fanout and self.viewer not in fanout._asked

    def read(self) -> bytes:
        data = b""
        while True:
            try:
                piece = self.peer.recv(1 << 20)
            except BlockingIOError:
                return data
            if not piece:
                return data
            data += piece


@pytest_asyncio.fixture
async def connection() -> AsyncIterator[Connection]:
    ours, peer = socket.socketpair()
    ours.setblocking(False)
    peer.setblocking(False)
    transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
    channel = on_air()
    waiting: set[WebSocketViewer] = set()
    viewer = WebSocketViewer(transport, channel, WebSocketCounters(), buffered=waiting)
    made = Connection(viewer, channel, transport, peer, waiting)
    yield made
    viewer.leave()
    transport.abort()
    peer.close()


def joining(made: Connection) -> None:
    """Leaves the viewer as it is: not even the greeting was written."""


def buffered(made: Connection) -> None:
    made.join()


def direct(made: Connection) -> None:
    made.join()
    made.publish()


def closing(made: Connection) -> None:
    direct(made)
    made.viewer.close(RefusalCode.ROOM_ENDED, "the room has ended")


def left(made: Connection) -> None:
    direct(made)
    made.viewer.leave()


REACH: dict[State, Callable[[Connection], None]] = {
    State.JOINING: joining,
    State.BUFFERED: buffered,
    State.DIRECT: direct,
    State.CLOSING: closing,
    State.LEFT: left,
}


def cause(made: Connection, event: Event) -> None:
    """Causes the event. In other states the same cause may have another effect, or none."""
    match event:
        case Event.JOINED:
            if made.viewer.state is State.JOINING:
                made.join()
        case Event.CAUGHT_UP:
            if made.viewer.state is not State.JOINING:
                made.viewer.send(message_of(made))
        case Event.HELD_BACK:
            made.viewer.receive_ping(b"")
        case Event.RELEASED:
            made.viewer.receive_text('{"type":"hold","on":true}')
            made.viewer.receive_text('{"type":"hold","on":false}')
        case Event.CLOSED:
            made.viewer.close(RefusalCode.SERVER_CLOSING, "test")
        case Event.WENT:
            made.viewer.leave()


def message_of(made: Connection) -> Message:
    return made.channel._slots[0].burst.messages[-1]


J, B, D, C, L = State.JOINING, State.BUFFERED, State.DIRECT, State.CLOSING, State.LEFT
EVENTS = (
    *(Event.JOINED, Event.CAUGHT_UP, Event.HELD_BACK, Event.RELEASED, Event.CLOSED),
    Event.WENT,
)
GRID: dict[State, tuple[State, ...]] = {
    J: (B, J, J, B, C, L),
    B: (B, D, B, B, C, L),
    D: (D, D, B, B, C, L),
    C: (C, C, C, C, C, L),
    L: (L, L, L, L, L, L),
}
"""The state after each of EVENTS; written by hand, not taken from the table."""


@pytest.mark.parametrize(
    ("state", "event"),
    list(itertools.product(State, Event)),
    ids=lambda value: value.name.lower(),
)
async def test_every_event_in_every_state(
    connection: Connection, state: State, event: Event
) -> None:
    """The state changes exactly as the grid says. The fan-out has the socket in DIRECT only; the
    set of buffered viewers has the viewer in all states but DIRECT and LEFT. Nothing is written
    after a close frame, or after the end.
    """
    made = connection
    REACH[state](made)
    assert made.viewer.state is state
    made.read()
    cause(made, event)
    after = GRID[state][EVENTS.index(event)]
    assert made.viewer.state is after
    assert made.direct is (after is State.DIRECT)
    assert (made.viewer in made.buffered) is (after not in (State.DIRECT, State.LEFT))
    assert (made.channel.members == 1) is (
        after in OPEN and not (state is State.JOINING and event is not Event.JOINED)
    )
    told = made.read()
    if after in OPEN:
        return
    if state in OPEN:
        assert told[0] == CLOSE
    made.publish()
    made.viewer.receive_text('{"type":"time","id":1}')
    made.viewer.receive_ping(b"")
    assert made.read() == b""


async def test_a_full_socket_ends_direct_writing(connection: Connection) -> None:
    """The rest goes through the transport, and the fan-out asks again."""
    made = connection
    direct(made)
    made.publish(FILL)
    assert made.viewer.state is State.BUFFERED and not made.direct
    assert made.transport.get_write_buffer_size() > 0


def test_the_table_leaves_no_state_and_ends_in_left() -> None:
    """From every state but LEFT the end of the connection leads to LEFT; nothing leads back."""
    assert {state for state, event in TRANSITIONS if event is Event.WENT} == set(State) - {
        State.LEFT
    }
    assert not any(state is State.LEFT for state, _ in TRANSITIONS)
    assert all(
        after in (State.CLOSING, State.LEFT)
        for (state, _), after in TRANSITIONS.items()
        if state is State.CLOSING
    )
