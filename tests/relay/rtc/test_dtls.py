"""DTLS and SRTP of one peer, both ends in memory."""

import asyncio

import pytest
from aiortc.rtcdtlstransport import SRTP_PROFILES, RTCDtlsTransport
from OpenSSL import SSL

from relay.rtc.dtls import PIPE_MAX, DtlsSrtp, SrtpError, certificate, fingerprint
from tests.fixtures.circles import held, no_collector
from tests.fixtures.deadline import eventually
from tests.fixtures.dtls_pair import connect, pair


def test_the_fingerprint_has_sha_256() -> None:
    """Format of the answer: `sha-256 AB:…`, 32 bytes. The process has one certificate."""
    algorithm, _, value = fingerprint().partition(" ")
    assert (algorithm, len(value.split(":"))) == ("sha-256", 32)
    assert certificate() is certificate()


def test_all_connections_share_a_context() -> None:
    """The context keeps no sessions: one that is resumed would skip the peer's certificate."""
    first, second = (certificate()._create_ssl_context(SRTP_PROFILES) for _ in range(2))
    assert first is second
    assert first.get_session_cache_mode() == SSL.SESS_CACHE_OFF


async def test_a_handshake_and_srtp_in_both_directions() -> None:
    """Two ends complete DTLS in memory, check fingerprints, carry RTCP, refuse replayed and
    modified packets, and leave no task.
    """
    closed: list[str] = []
    server, client = pair(closed)
    await connect(server, client)
    assert server.connected and client.connected
    report = b"\x80\xc9\0\x01\0\0\0\x01"
    secret = client.protect_rtcp(report)
    assert server.unprotect_rtcp(secret) == report
    with pytest.raises(SrtpError):
        server.unprotect_rtcp(secret)
    with pytest.raises(SrtpError):
        server.unprotect_rtp(b"\x80\x60" + bytes(40))
    await client.close()
    await eventually(lambda: closed == ["server"])
    await server.close()


async def test_a_server_starts_openssl_at_the_first_datagram() -> None:
    """A peer that never begins the handshake costs little memory."""
    server, client = pair([])
    algorithm, _, value = fingerprint().partition(" ")
    waiting = asyncio.ensure_future(server.handshake([(algorithm, value)], client=False))
    for _ in range(5):
        await asyncio.sleep(0)
    assert server._transport._ssl is None
    await client.handshake([(algorithm, value)], client=True)
    await waiting
    assert server.connected
    await client.close()
    await server.close()


async def test_a_server_that_is_closed_before_the_first_datagram() -> None:
    server, client = pair([])
    waiting = asyncio.ensure_future(server.handshake([("sha-256", "AB")], client=False))
    await asyncio.sleep(0)
    await server.close()
    with pytest.raises(ConnectionError):
        await waiting
    await client.close()


async def test_another_fingerprint_is_refused() -> None:
    """A peer whose certificate does not match its offer does not connect."""
    server, client = pair([])
    algorithm, _, value = fingerprint().partition(" ")
    results = await asyncio.gather(
        server.handshake([(algorithm, ":".join(["00"] * 32))], client=False),
        client.handshake([(algorithm, value)], client=True),
        return_exceptions=True,
    )
    assert isinstance(results[0], ConnectionError) and "fingerprint" in str(results[0])
    await server.close()
    await client.close()


async def test_nothing_is_left_of_a_closed_connection() -> None:
    """There is no reference cycle, which would keep OpenSSL's and libsrtp's memory until a full
    garbage collection.
    """
    kinds = DtlsSrtp, RTCDtlsTransport, SSL.Connection
    with no_collector():
        before = held(*kinds)
        server, client = pair([])
        await connect(server, client)
        await server.close()
        await client.close()
        assert len(held(*kinds)) >= len(before) + 5
        del server, client
        assert held(*kinds) == before


async def test_closing_ends_an_unanswered_handshake() -> None:
    """`close` returns and leaves no task, whether the peer is silent or floods. More than 32 queued
    datagrams are refused.
    """
    lonely = DtlsSrtp(lambda data: None, lambda: None)
    handshake = asyncio.create_task(lonely.handshake([("sha-256", "AB")], client=True))
    await asyncio.sleep(0)
    assert sum(lonely.receive(b"\x16" + bytes(20)) for _ in range(100)) <= PIPE_MAX
    await lonely.close()
    async with asyncio.timeout(5):
        assert isinstance(
            (await asyncio.gather(handshake, return_exceptions=True))[0], ConnectionError
        )


async def test_a_certificate_on_p_224_is_named_as_the_reason() -> None:
    """FFmpeg's default; OpenSSL closes the connection without a reason."""
    lonely = DtlsSrtp(lambda data: None, lambda: None)
    handshake = asyncio.create_task(lonely.handshake([("sha-256", "AB")], client=False))
    await asyncio.sleep(0)
    assert lonely.receive(b"\x16" + bytes(20) + bytes.fromhex("06052b81040021"))
    await lonely.close()
    with pytest.raises(ConnectionError, match="P-224"):
        await handshake
