"""Direct sockets: bytes arrive whole and in order, and none goes into a socket that is no longer
the viewer's.
"""

import asyncio
import logging
import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest

from relay.channel.fanout import DirectSocket, Fanout
from relay.channel.message import Message
from relay.errors import RefusalCode
from relay.media import opus
from relay.message import Kind
from relay.sample import Track, TrackInfo
from relay.websocket.counters import WebSocketCounters
from relay.websocket.viewer import WebSocketViewer
from tests.fixtures.channel import make_channel
from tests.fixtures.media import sound_sample, video_sample
from tests.relay.websocket.test_viewer import Transport


class Listener:
    """A viewer that records its messages, and the bytes that its socket did not take."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.overflows: list[int] = []

    def send(self, message: Message) -> None:
        self.sent.append(message.frame)

    def receive_track(self, info: TrackInfo) -> None: ...

    def close(self, code: RefusalCode, text: str) -> None: ...

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


@pytest.fixture
def fanout() -> Fanout:
    return Fanout()


def on_direct(fanout: Fanout, ours: socket.socket) -> tuple[Listener, DirectSocket]:
    """A viewer whose messages go directly into a socket."""
    viewer = Listener()
    direct = DirectSocket(ours.fileno(), viewer.overflow)
    fanout.add(viewer)
    fanout.open_direct(viewer, direct)
    return viewer, direct


def read_all(theirs: socket.socket) -> bytes:
    taken = b""
    theirs.setblocking(False)
    with suppress(BlockingIOError):
        while data := theirs.recv(1 << 16):
            taken += data
    return taken


def test_a_socket_takes_frames_until_it_is_full(
    fanout: Fanout, pair: tuple[socket.socket, socket.socket]
) -> None:
    """Whole frames bypass the viewer. `overflow` gets the frame that does not fit, with the number
    of bytes written. From then on, `send` is called.
    """
    ours, theirs = pair
    viewer, direct = on_direct(fanout, ours)
    frame, frames = bytes(range(256)) * 64, 0
    while not viewer.overflows:
        assert fanout.deliver(message(frame)) == []
        frames += 1
    assert len(viewer.overflows) == 1 and not viewer.sent
    assert read_all(theirs) == (frame * frames)[: (frames - 1) * len(frame) + viewer.overflows[0]]
    fanout.deliver(message(b"next"))
    assert viewer.sent == [b"next"]
    direct.close()


def test_nothing_goes_over_a_socket_that_was_closed(
    fanout: Fanout, pair: tuple[socket.socket, socket.socket]
) -> None:
    ours, theirs = pair
    viewer, direct = on_direct(fanout, ours)
    assert fanout.close_direct(viewer) is direct and fanout.close_direct(viewer) is None
    fanout.deliver(message(b"frame"))
    assert viewer.sent == [b"frame"] and read_all(theirs) == b""
    direct.close()


def test_a_socket_is_no_other_connections_once_its_own_is_gone(fanout: Fanout) -> None:
    """Before its viewer learns of it, the loop may close a connection and accept another one under
    the same descriptor.
    """
    ours, theirs = socket.socketpair()
    viewer, direct = on_direct(fanout, ours)
    number = ours.fileno()
    ours.close()
    theirs.close()
    other, reader = socket.socketpair()
    with other, reader:
        assert number in (other.fileno(), reader.fileno())
        fanout.deliver(message(b"frame"))
        assert read_all(reader) == b"" and viewer.overflows == [0]
    direct.close()


def test_a_connection_that_broke_is_its_transports_business(
    fanout: Fanout, pair: tuple[socket.socket, socket.socket]
) -> None:
    ours, theirs = pair
    viewer, direct = on_direct(fanout, ours)
    theirs.close()
    assert fanout.deliver(message(b"frame")) == []
    assert viewer.overflows == [0] and fanout.close_direct(viewer) is None and viewer in fanout
    direct.close()


def test_a_viewer_that_left_meanwhile_stays_away(
    fanout: Fanout, pair: tuple[socket.socket, socket.socket]
) -> None:
    """A viewer may make others leave. No viewer that left gets a message, and a full socket does
    not bring its viewer back.
    """
    ours, theirs = pair
    gone, direct = (
        Listener(),
        DirectSocket(ours.fileno(), lambda *_: pytest.fail("called for a socket that it has left")),
    )
    asked = Listener()

    class Parting(Listener):
        def overflow(self, message: Message, sent: int) -> None:
            assert fanout.remove(gone) and fanout.remove(asked)

    first = Parting()
    own = DirectSocket(ours.fileno(), first.overflow)
    for viewer, its in ((first, own), (gone, direct), (asked, None)):
        fanout.add(viewer)
        if its:
            fanout.open_direct(viewer, its)
    theirs.close()
    assert fanout.deliver(message(b"frame")) == []
    assert list(fanout) == [first] and not asked.sent
    own.close()
    direct.close()


def number_of(direct: DirectSocket) -> int:
    used: socket.socket = direct.send.__self__  # type: ignore[attr-defined]
    return used.fileno()


def test_a_full_socket_is_reported_to_its_own_viewer_after_its_number_is_reused(
    fanout: Fanout, pair: tuple[socket.socket, socket.socket]
) -> None:
    """While a viewer gets a message, it may make a later viewer leave, and open a socket under the
    descriptor that is then free.
    """
    ours, theirs = pair
    theirs.close()
    other, reader = socket.socketpair()
    late, direct = on_direct(fanout, ours)
    number = number_of(direct)

    class Newcomer(Listener):
        def send(self, message: Message) -> None:
            fanout.remove(late)
            direct.close()
            opened.append(DirectSocket(other.fileno(), self.overflow))
            fanout.open_direct(self, opened[0])

    opened: list[DirectSocket] = []
    newcomer = Newcomer()
    fanout.add(newcomer)
    with other, reader:
        assert fanout.deliver(message(b"frame")) == []
        assert number_of(opened[0]) == number and newcomer.overflows == [] and late.overflows == [0]
        opened[0].close()


def test_one_that_fails_costs_the_others_nothing(
    fanout: Fanout, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Listener):
        def send(self, message: Message) -> None:
            raise RuntimeError("broken")

    broken, whole = Broken(), Listener()
    fanout.add(broken)
    fanout.add(whole)
    with caplog.at_level(logging.CRITICAL, "relay.channel.fanout"):
        assert fanout.deliver(message(b"frame")) == [broken]
    assert whole.sent == [b"frame"]


async def test_a_reader_that_pauses_gets_all_its_sound_in_order(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    """On a real socket, messages go directly at first, through the transport while the reader
    pauses, then directly again. Every byte is in its place.
    """
    ours, theirs = pair
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_connection(asyncio.Protocol, sock=ours)
    channel = make_channel()
    stream = channel.stream
    stream.set_track(opus.track_info(), 0)
    stream.publish(video_sample(0, key=True))
    viewer = WebSocketViewer(transport, channel, WebSocketCounters())
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
        return [
            record.sequence
            for record in parsed.messages()[0]
            if record.kind is Kind.MEDIA and record.track == Track.AUDIO
        ]

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
        viewer.leave()
