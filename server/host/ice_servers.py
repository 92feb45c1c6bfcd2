"""The STUN and TURN servers for one browser, with individual TURN credentials. Pure; `now` in Unix
seconds.
"""

import base64
import hmac
from enum import Enum
from typing import Any

from server.settings import Settings

VIEWER_LIFETIME = 300
"""Maximum seconds for which a viewer's TURN credentials are valid for new connections. A viewer
uses the credentials at once, and gets new credentials with the next session.
"""


class Role(Enum):
    """The role of the client that gets TURN credentials."""

    CREATOR = "creator"
    VIEWER = "viewer"


def turn_user(settings: Settings, role: Role, address: str) -> str:
    """Returns the user name to which the TURN server applies its quotas. All clients with the same
    address and the same role have the same user name. The user name does not reveal the address.
    """
    secret = settings.turn_secret.get_secret_value() if settings.turn_secret else ""
    digest = hmac.digest(secret.encode(), f"{role.value} {address}".encode(), "sha256")
    return f"{role.value}-{digest.hex()[:16]}"


def ice_servers(
    settings: Settings, user: str, now: float, role: Role = Role.CREATOR
) -> list[dict[str, Any]]:
    """Returns the `iceServers` of a browser's RTCPeerConnection. `user`: the user name to which the
    TURN server applies its quotas.
    """
    servers = [server.for_browser() for server in settings.ice_servers]
    if settings.turn_urls and settings.turn_secret:
        lifetime = settings.turn_lifetime
        if role is Role.VIEWER:
            lifetime = min(lifetime, VIEWER_LIFETIME)
        username, credential = turn_credentials(
            settings.turn_secret.get_secret_value(), user, int(now + lifetime)
        )
        servers.append(
            {"urls": list(settings.turn_urls), "username": username, "credential": credential}
        )
    return servers


def turn_credentials(secret: str, user: str, expires: int) -> tuple[str, str]:
    """Returns a user name and a password for a TURN server that shares `secret`. The TURN server
    accepts these credentials for new connections until `expires` (Unix seconds). Existing
    connections continue. The format follows draft-uberti-behave-turn-rest-00 §2.2. coturn calls
    this format `use-auth-secret`.
    """
    username = f"{expires}:{user}"
    return username, base64.b64encode(
        hmac.digest(secret.encode(), username.encode(), "sha1")
    ).decode()


def links(servers: list[dict[str, Any]]) -> list[str]:
    """Returns the values of Link headers for WHIP and WHEP clients (RFC 9725 §4.6), one for each
    URL.
    """
    return [
        f'<{url}>; rel="ice-server"{_credentials(server)}'
        for server in servers
        for url in server["urls"]
    ]


def _credentials(server: dict[str, Any]) -> str:
    if "username" not in server:
        return ""
    return (
        f'; username="{_escaped(server["username"])}"; '
        f'credential="{_escaped(server["credential"])}"; credential-type="password"'
    )


def _escaped(text: str) -> str:
    """Returns the text with escapes for use in a quoted string (RFC 9110 §5.6.4)."""
    return text.replace("\\", "\\\\").replace('"', '\\"')
