"""Lines: what goes straight into a socket arrives whole and in order, and nothing goes into one that is not the viewer's any more."""

import asyncio
import socket
from collections.abc import Iterator
from typing import cast

import pytest
from aiohttp import web

from relay import opus
from relay.fanout import Line, Viewer, deliver
from relay.message import Kind
from relay.outbox import Message
from relay.sample import Track
from relay.stream import Stream
from relay.websocket import Counters, WebSocketViewer
from relay.window import Window
from tests.fixtures.media import sound_sample, video_sample
from tests.relay.test_websocket import Transport


class Listener:
    """A viewer that notes what it is sent, and what its line did not take."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.overflows: list[int] = []

    def send(self, message: Message) -> None:
        self.sent.append(message.frame)

    def end(self) -> None:
        pass

    def overflow(self, message: Message, sent: int) -> None:
        self.overflows.append(sent)


def message(frame: bytes) -> Message:
    return Message(frame, b"", 0, 0)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


def test_a_line_takes_frames_until_it_is_full(pair: tuple[socket.socket, socket.socket]) -> None:
    """Whole frames go past the viewer; the one that does not fit is told with what went, and from then on the viewer is asked."""
    ours, theirs = pair
    viewer = Listener()
    viewers: dict[Viewer, Line | None] = {viewer: Line(ours.fileno(), lambda: False, lambda: 0, viewer.overflow)}
    frame, frames = bytes(range(256)) * 64, 0
    while viewers[viewer]:
        assert deliver(message(frame), viewers) == []
        frames += 1
    assert len(viewer.overflows) == 1 and not viewer.sent
    taken = b""
    theirs.setblocking(False)
    with pytest.raises(BlockingIOError):
        while True:
            taken += theirs.recv(1 << 16)
    assert taken == (frame * frames)[: (frames - 1) * len(frame) + viewer.overflows[0]]
    deliver(message(b"next"), viewers)
    assert viewer.sent == [b"next"]


@pytest.mark.parametrize("closing, waiting", [(True, 0), (False, 1)])
def test_nothing_is_written_past_a_transport_that_closes_or_holds_bytes(pair: tuple[socket.socket, socket.socket], closing: bool, waiting: int) -> None:
    ours, theirs = pair
    viewer = Listener()
    viewers: dict[Viewer, Line | None] = {viewer: Line(ours.fileno(), lambda: closing, lambda: waiting, viewer.overflow)}
    deliver(message(b"frame"), viewers)
    assert viewer.sent == [b"frame"] and viewers == {viewer: None}
    theirs.setblocking(False)
    with pytest.raises(BlockingIOError):
        theirs.recv(1)


def test_a_connection_that_broke_is_its_transports_business(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    theirs.close()
    viewer = Listener()
    viewers: dict[Viewer, Line | None] = {viewer: Line(ours.fileno(), lambda: False, lambda: 0, viewer.overflow)}
    assert deliver(message(b"frame"), viewers) == []
    assert viewer.overflows == [0] and viewers == {viewer: None}


def test_a_viewer_that_left_meanwhile_stays_away(pair: tuple[socket.socket, socket.socket]) -> None:
    """One viewer's `send` may make another leave; that other's full line does not bring it back."""
    ours, theirs = pair
    theirs.close()
    gone = Listener()

    class Parting(Listener):
        def send(self, message: Message) -> None:
            del viewers[gone]

    first = Parting()
    viewers: dict[Viewer, Line | None] = {first: None, gone: Line(ours.fileno(), lambda: False, lambda: 0, gone.overflow)}
    deliver(message(b"frame"), viewers)
    assert viewers == {first: None}


async def test_a_reader_that_pauses_gets_all_its_sound_in_order(pair: tuple[socket.socket, socket.socket]) -> None:
    """Over a real socket: directly at first, through the transport while the reader pauses, directly again; every byte in its place."""
    ours, theirs = pair
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_connection(asyncio.Protocol, sock=ours)
    stream = Stream("room", Window(90, 1 << 24))
    stream.set_track(opus.track_info(), 0)
    stream.publish(video_sample(0, key=True))
    viewer = WebSocketViewer(cast(web.WebSocketResponse, None), transport, stream, Counters())
    viewer.join('{"type":"hello"}')
    reader, writer = await asyncio.open_connection(sock=theirs)
    parsed = Transport()
    wanted = 0

    def publish(count: int) -> None:
        nonlocal wanted
        for _ in range(count):
            wanted += 1
            stream.publish(sound_sample(wanted * 1_600))
            stream.publish(video_sample(wanted * 3_000, key=wanted % 60 == 0, data=bytes(4_000)))

    def heard() -> list[int]:
        return [record.sequence for record in parsed.messages()[0] if record.kind is Kind.MEDIA and record.track == Track.AUDIO]

    try:
        for pause in (1, 200, 1, 300, 1):
            publish(pause)
            async with asyncio.timeout(5):
                while len(heard()) < wanted:
                    parsed.taken += await reader.read(1 << 20)
        assert heard() == list(range(wanted))
    finally:
        writer.close()
        transport.close()
        await viewer.closed()
