"""SRTP in place: the other end decrypts what it protects."""

import pytest

from relay.rtc.batch import HEADER
from relay.rtc.dtls import SrtpError
from relay.rtc.protect import PACKET_MAX
from relay.rtc.rtp import parse_rtp
from relay.rtc.send.history import PacketisedFrame
from tests.fixtures.dtls_pair import connect, pair


async def test_srtp_in_place_is_compatible_with_pylibsrtp() -> None:
    """`relay/rtc/protect.py` uses pylibsrtp's own context: the other end can decrypt the packets,
    and also the next one from `protect`.
    """
    server, client = pair([])
    await connect(server, client)
    payloads = [b"a" * 100, b"b" * 100, b"c" * 30]
    protector = server.protector()
    (batch,) = PacketisedFrame(
        0, 0, payloads, 7, 90_000, key=True, disposable=False, marked=True
    ).batches(protector.tag)
    data = bytes(protector.protect(batch, 96, 0xFFFF, 5))
    packets = [
        parse_rtp(client.unprotect_rtp(data[at : at + batch.segment]))
        for at in range(0, len(data), batch.segment)
    ]
    assert [
        (packet.sequence, packet.marker, packet.timestamp, packet.payload) for packet in packets
    ] == [
        *(
            (sequence, last, 5, payload)
            for sequence, last, payload in zip(
                (0xFFFF, 0, 1), (False, False, True), payloads, strict=True
            )
        )
    ]
    assert (
        parse_rtp(
            client.unprotect_rtp(server.protect_rtp(HEADER.pack(0x80, 96, 2, 6, 7) + b"d"))
        ).payload
        == b"d"
    )
    await server.close()
    await client.close()


async def test_what_a_server_does_not_decrypt() -> None:
    """It refuses a forged packet, a repeated packet, and one that is too long."""
    server, client = pair([])
    await connect(server, client)
    secret = client.protect_rtp(HEADER.pack(0x80, 96, 1, 6, 7) + b"payload")
    with pytest.raises(SrtpError):
        server.unprotect_rtp(secret[:-1] + bytes((secret[-1] ^ 1,)))
    assert parse_rtp(server.unprotect_rtp(secret)).payload == b"payload"
    with pytest.raises(SrtpError):
        server.unprotect_rtp(secret)
    with pytest.raises(ValueError, match="too long"):
        server.unprotect_rtp(bytes(PACKET_MAX + 1))
    await server.close()
    await client.close()
