"""Ports of --lan: peers in the networks of this machine are admitted, all others refused."""

import asyncio
import ipaddress
from unittest.mock import Mock

import pytest
from aiohttp import web

from server.http.connections import Connections
from server.http.lan_peers import REFUSAL, LanProtocol
from server.http.payloads import RefusalBody

NETWORKS = (ipaddress.ip_network("192.168.1.0/24"), ipaddress.ip_network("10.0.0.0/16"))


@pytest.mark.parametrize(
    ("peer", "admitted"),
    [
        (("192.168.1.77", 5_000), True),
        (("10.0.3.4", 5_000), True),
        (("192.168.2.1", 5_000), False),
        (("8.8.8.8", 5_000), False),
        (("2606:4700::1111", 5_000, 0, 0), False),
        (None, False),
    ],
)
async def test_only_peers_of_the_networks(peer: tuple[str, int] | None, admitted: bool) -> None:
    connections = Connections(10, [])
    handler = Mock(spec=web.RequestHandler)
    transport = Mock(spec=asyncio.Transport)
    transport.get_extra_info = lambda name: peer if name == "peername" else None
    LanProtocol(connections, lambda: handler, NETWORKS).connection_made(transport)
    connections.close()
    assert handler.connection_made.called is admitted
    assert transport.close.called is not admitted
    if not admitted:
        transport.write.assert_called_once_with(REFUSAL)


def test_the_refusal_is_one() -> None:
    head, _, body = REFUSAL.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 403 ") and f"Content-Length: {len(body)}".encode() in head
    assert RefusalBody.model_validate_json(body).code == "foreign_network"
