"""The TCP ports of --lan: only peers in the private networks of this machine may connect."""

import asyncio
from collections.abc import Callable, Sequence
from typing import cast

from aiohttp import web

from relay.errors import RefusalCode
from server.errors import Forbidden
from server.http.client import is_in
from server.http.connections import Connection, Connections
from server.http.refusals import raw_refusal
from server.setting_types import IPNetwork

REFUSAL = raw_refusal(
    Forbidden(
        RefusalCode.FOREIGN_NETWORK,
        "this port answers only in its own network: use another address of the server",
    )
)


class LanProtocol(Connection):
    """A Connection that refuses peers outside `networks`. A router may forward connections
    from the Internet to a private address.
    """

    def __init__(
        self,
        connections: Connections,
        make_handler: Callable[[], web.RequestHandler],
        networks: Sequence[IPNetwork],
    ) -> None:
        super().__init__(connections, make_handler)
        self._networks = networks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = (transport.get_extra_info("peername") or ("",))[0]
        if is_in(peer, self._networks):
            super().connection_made(transport)
        else:
            refused = cast("asyncio.Transport", transport)
            refused.write(REFUSAL)
            refused.close()
