"""The STUN and TURN servers that a browser is told, with TURN credentials made for it alone. Pure;
`now` in seconds of the Unix epoch.
"""

import base64
import hmac
from typing import Any

from server.settings import Settings


def ice_servers(settings: Settings, user: str, now: float) -> list[dict[str, Any]]:
    """What `new RTCPeerConnection({iceServers: […]})` takes. `user` is who the TURN server will
    see: a quota of its counts by that name.
    """
    servers = [server.for_browser() for server in settings.ice_servers]
    if settings.turn_urls and settings.turn_secret:
        username, credential = turn_credentials(
            settings.turn_secret.get_secret_value(), user, int(now + settings.turn_lifetime)
        )
        servers.append(
            {"urls": list(settings.turn_urls), "username": username, "credential": credential}
        )
    return servers


def turn_credentials(secret: str, user: str, expires: int) -> tuple[str, str]:
    """User name and password that a TURN server which shares `secret` takes until `expires`, Unix
    seconds.

    draft-uberti-behave-turn-rest-00 §2.2, as coturn has it with `use-auth-secret`. What was begun
    in time goes on after that.
    """
    username = f"{expires}:{user}"
    return username, base64.b64encode(
        hmac.digest(secret.encode(), username.encode(), "sha1")
    ).decode()


def links(servers: list[dict[str, Any]]) -> list[str]:
    """The values of Link headers that tell them to WHIP and WHEP clients (RFC 9725 §4.6), one for
    each URL.
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
    """The inside of a quoted string (RFC 9110 §5.6.4)."""
    return text.replace("\\", "\\\\").replace('"', '\\"')
