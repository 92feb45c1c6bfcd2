"""The STUN and TURN servers in an answer, with credentials for the address of the client."""

import time
from typing import Any

from aiohttp import web

from relay.client_address import keys_of
from server.host.ice_servers import Role, ice_servers, turn_user
from server.http.request import client_of
from server.settings import Settings


def turn_servers(request: web.Request, settings: Settings, role: Role) -> list[dict[str, Any]]:
    """Returns the ICE servers for the client of a request. All clients with the same address have
    the same TURN user name, so that the TURN server applies its quotas to the address.
    """
    address = keys_of(client_of(request, settings).address).address
    return ice_servers(settings, turn_user(settings, role, address), time.time(), role)
