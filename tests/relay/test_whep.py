"""The life of WHEP sessions: each ends once, and leaves no feed and no peer behind."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from relay.channel.channel import Channel
from relay.errors import OfferError, RefusalCode
from relay.rtc import peer_session
from relay.rtc.dtls import fingerprint
from relay.rtc.send.session import SendSession
from relay.rtc.udp import UdpPort
from relay.whep import WhepSessions
from tests.fixtures.channel import make_channel
from tests.fixtures.deadline import eventually
from tests.fixtures.memory_peer import MemoryPeer
from tests.fixtures.offers import offer

PLAYER = offer("chromium").replace("a=sendonly", "a=recvonly")
HOSTS = ["192.0.2.1"]


class Ended:
    """Counts the calls of `on_ended`."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


@pytest_asyncio.fixture
async def port() -> AsyncIterator[UdpPort]:
    port = UdpPort()
    await port.open(["127.0.0.1"], 0)
    yield port
    await port.close()


@pytest_asyncio.fixture
async def sessions(port: UdpPort) -> AsyncIterator[WhepSessions]:
    sessions = WhepSessions(port, HOSTS, 4)
    yield sessions
    await sessions.close()
    assert not port.peers and not sessions.sessions and not sessions.audiences


@pytest.fixture
def channel() -> Channel:
    return make_channel()


async def test_a_session_from_offer_to_end(sessions: WhepSessions, channel: Channel) -> None:
    """The session is found by its id in its own channel only. Ending it twice calls `on_ended`
    once.
    """
    ended = Ended()
    session = sessions.open(channel, PLAYER, ended)
    assert session.answer.startswith("v=0\r\n") and HOSTS[0] in session.answer
    assert sessions.find(session.id, channel) is session
    for other_id, other in (
        (session.id, make_channel()),
        (session.id[:-1], channel),
        ("é", channel),
    ):
        with pytest.raises(OfferError) as refused:
            sessions.find(other_id, other)
        assert (refused.value.status, refused.value.code) == (404, RefusalCode.SESSION_NOT_FOUND)
    await sessions.end(session)
    await sessions.end(session)
    assert ended.count == 1 and not sessions.sessions


async def test_a_refused_offer_leaves_nothing(sessions: WhepSessions, channel: Channel) -> None:
    """It does not call `on_ended`, since the caller still owns the reserved place."""
    ended = Ended()
    with pytest.raises(OfferError) as refused:
        sessions.open(channel, "hello", ended)
    assert refused.value.code is RefusalCode.NOT_SDP
    assert not ended.count and not sessions.sessions and not sessions.audiences


@pytest.mark.parametrize("step", ["SendSession", "SendSession.answer"])
async def test_a_session_that_cannot_be_made_leaves_nothing(
    sessions: WhepSessions,
    port: UdpPort,
    channel: Channel,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    """After a defect while the answer is written, no feed and no peer remain. The next offer is
    answered.
    """

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    ended = Ended()
    with monkeypatch.context() as patch:
        patch.setattr(f"relay.whep.{step}", fail)
        with pytest.raises(ZeroDivisionError):
            sessions.open(channel, PLAYER, ended)
    assert not ended.count and not sessions.audiences
    await eventually(lambda: not port.peers)
    first = sessions.open(channel, PLAYER, ended)
    with monkeypatch.context() as patch:
        patch.setattr(f"relay.whep.{step}", fail)
        with pytest.raises(ZeroDivisionError):
            sessions.open(channel, PLAYER, Ended())
    assert sessions.sessions == [first.rtc] and len(sessions.audiences) == 1


async def test_sessions_that_connect_are_limited(sessions: WhepSessions, channel: Channel) -> None:
    """A session that ends without a connection makes room for another."""
    settled, ended = Ended(), Ended()
    opened = [sessions.open(channel, PLAYER, ended, settled) for _ in range(4)]
    assert sessions.connecting == 4
    with pytest.raises(OfferError) as refused:
        sessions.open(channel, PLAYER, ended, settled)
    assert (refused.value.status, refused.value.code, refused.value.retry_after) == (
        503,
        RefusalCode.SERVER_FULL,
        1,
    )
    assert sessions.counters.refused == 1
    await sessions.end(opened[0])
    assert (settled.count, ended.count, sessions.connecting) == (1, 1, 3)
    sessions.open(channel, PLAYER, ended, settled)


async def test_a_connected_session_does_not_count_as_connecting(
    sessions: WhepSessions, channel: Channel
) -> None:
    settled, ended = Ended(), Ended()
    theirs = PLAYER.partition("a=fingerprint:")[2].partition("\r\n")[0]
    session = sessions.open(channel, PLAYER.replace(theirs, fingerprint()), ended, settled)
    peer = MemoryPeer(session.rtc)
    connecting = asyncio.ensure_future(peer.handshake())
    await eventually(lambda: settled.count == 1)
    assert (ended.count, sessions.connecting) == (0, 0)
    await connecting
    await sessions.end(session)
    assert (settled.count, ended.count, sessions.connecting) == (1, 1, 0)
    await peer.close()


async def test_sessions_of_a_channel_share_a_feed(sessions: WhepSessions, channel: Channel) -> None:
    first, second = (sessions.open(channel, PLAYER, Ended()) for _ in range(2))
    assert sessions.audiences == [(channel.stream, 0)]
    await sessions.end(first)
    assert len(sessions.audiences) == 1
    await sessions.end(second)
    assert sessions.audiences == []


@pytest.mark.parametrize("error", [ConnectionError("unreachable"), ZeroDivisionError()])
async def test_a_handshake_that_fails(
    sessions: WhepSessions, channel: Channel, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """The session ends and counts as failed, even if the cause is a defect."""

    async def fail(_: SendSession) -> None:
        raise error

    monkeypatch.setattr(SendSession, "connect", fail)
    ended = Ended()
    sessions.open(channel, PLAYER, ended)
    await eventually(lambda: ended.count)
    assert (ended.count, sessions.counters.failed, sessions.counters.joined) == (1, 1, 0)


async def test_an_offer_without_a_connection(
    sessions: WhepSessions, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peer_session, "CONNECT_TIMEOUT", 0.02)
    ended = Ended()
    sessions.open(channel, PLAYER, ended)
    await eventually(lambda: ended.count)
    assert (ended.count, sessions.counters.failed) == (1, 1)


async def test_close_ends_every_session_and_refuses_new_ones(
    sessions: WhepSessions, channel: Channel
) -> None:
    calls = [Ended() for _ in range(3)]
    for ended in calls:
        sessions.open(channel, PLAYER, ended)
    await sessions.close()
    assert [ended.count for ended in calls] == [1, 1, 1]
    with pytest.raises(OfferError) as refused:
        sessions.open(channel, PLAYER, Ended())
    assert (refused.value.status, refused.value.code) == (503, RefusalCode.SERVER_CLOSING)
    assert refused.value.retry_after == 1
