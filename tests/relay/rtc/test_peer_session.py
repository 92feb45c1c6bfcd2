"""What is left of a session that is closed."""

import weakref
from typing import Any, cast

import pytest

from relay.rtc.peer_session import PeerSession
from relay.rtc.receive.sdp import parse_offer
from relay.rtc.receive.session import ReceiveSession, Sink
from relay.rtc.send.feed import Feed
from relay.rtc.send.sdp import parse_play_offer
from relay.rtc.send.session import SendSession
from relay.rtc.udp import UdpPort
from relay.stream.stream import Stream
from relay.stream.window import Window
from tests.fixtures.circles import no_collector
from tests.fixtures.offers import offer

PUBLISHER = offer("chromium")
PLAYER = PUBLISHER.replace("a=sendonly", "a=recvonly")


class Owner:
    """Has a session, which has it: as its sink, and as the one to tell of its end."""

    def __init__(self, *, publishes: bool) -> None:
        port = UdpPort()
        self.session: PeerSession
        if publishes:
            self.session = ReceiveSession(
                port,
                parse_offer(PUBLISHER),
                cast(Sink, self),
                bitrate_cap=1_000_000,
                on_closed=self.hear,
            )
        else:
            feed = Feed(Stream("room", Window(1, 1_000)))
            self.session = SendSession(
                port, parse_play_offer(PLAYER, "avc1.42E01F"), feed, self.hear
            )

    def hear(self, reason: str) -> None: ...


async def test_a_feed_does_not_hold_who_has_left() -> None:
    """Also where that is before its first sender report."""
    with no_collector():
        stream = Stream("room", Window(1, 1_000))
        feed = Feed(stream)
        session = SendSession(
            UdpPort(), parse_play_offer(PLAYER, "avc1.42E01F"), feed, lambda reason: None
        )
        feed.add(session)
        feed.connected(session)
        feed.remove(session, counted=True)
        await session.close()
        left: list[weakref.ref[Any]] = [weakref.ref(session), weakref.ref(feed)]
        del session, feed
        assert [ref() for ref in left] == [None, None]


@pytest.mark.parametrize("publishes", [True, False])
async def test_a_closed_session_does_not_hold_its_owner(publishes: bool) -> None:
    """Nor itself: what it has of OpenSSL and libsrtp is given back at once, not at a garbage
    collection.
    """
    with no_collector():
        owner = Owner(publishes=publishes)
        await owner.session.close()
        await owner.session.close()
        left: list[weakref.ref[Any]] = [
            weakref.ref(owner),
            weakref.ref(owner.session),
            weakref.ref(owner.session._dtls),
        ]
        del owner
        assert [ref() for ref in left] == [None, None, None]
