"""The server under test and its API."""

import asyncio
import ipaddress
import json
import os
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from scripts.loadgen.errors import BadInput

TIMEOUT = aiohttp.ClientTimeout(total=10)
POLL_EVERY = 0.1


@dataclass(frozen=True, slots=True)
class Target:
    """The address of the server under test."""

    host: str
    port: int
    tls: bool
    path: str
    """URL path of the server's root, without a trailing slash."""
    local: bool
    """Whether the server is on this machine. A local server has the same clock as the generator,
    and its process can be measured.
    """

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{self.path}"


@dataclass(frozen=True, slots=True)
class PublishEndpoint:
    """The data that a creator needs to publish: room name, creator key and WHIP URL."""

    room: str
    key: str
    whip: str


def parse_target(url: str, *, owned: bool) -> Target:
    """Parses a server's URL. Raises BadInput if the URL is invalid. Also raises BadInput if the
    server is on another machine and `owned` is false: an unwanted load test is an attack.
    """
    parts = urlsplit(url if "://" in url else f"http://{url}")
    try:
        port = parts.port
    except ValueError as error:
        raise BadInput(f"{url}: {error}") from error
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.query
        or parts.fragment
        or parts.username
    ):
        raise BadInput(f"{url}: give the server's URL, such as http://127.0.0.1:8080")
    local = _is_loopback(parts.hostname)
    if not local and not owned:
        raise BadInput(
            f"{parts.hostname} is not this machine: test only your own servers, and "
            "confirm with --i-own-this-server"
        )
    tls = parts.scheme == "https"
    host = "127.0.0.1" if parts.hostname == "localhost" and not tls else parts.hostname
    return Target(host, port or (443 if tls else 80), tls, parts.path.rstrip("/"), local)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Server:
    """A client of the target's HTTP interface (server/API.md). Raises BadInput if a request fails;
    the error text is a message for the user.
    """

    def __init__(self, target: Target, token: str | None, insecure: bool) -> None:
        self.target = target
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = aiohttp.ClientSession(
            timeout=TIMEOUT, connector=aiohttp.TCPConnector(ssl=False) if insecure else None
        )

    async def close(self) -> None:
        await self._http.close()

    async def check(self) -> str:
        """Returns the server's version. Raises BadInput if the server is not microlive."""
        status, value = await self._ask("GET", "/api/config")
        if (
            status != 200
            or not isinstance(value, dict)
            or not {"create", "version"} <= value.keys()
        ):
            raise BadInput(f"{self.target.url} is not a microlive server: it has no /api/config")
        return str(value["version"])

    async def alive(self) -> bool:
        """Whether the server still answers."""
        try:
            async with self._http.get(
                f"{self.target.url}/healthz", timeout=aiohttp.ClientTimeout(total=5)
            ) as answer:
                return answer.status == 200
        except TimeoutError:
            return True  # the server is overloaded, not gone
        except aiohttp.ClientError:
            return False

    async def live_rooms(self) -> list[str]:
        """Returns the names of the live rooms. The room with the most viewers comes first."""
        _, value = await self._ask("GET", "/api/rooms")
        rooms = value.get("rooms", []) if isinstance(value, dict) else []
        return [str(room["room"]) for room in rooms if room.get("state") == "live"]

    async def require_live(self, room: str) -> None:
        status, value = await self._ask("GET", f"/api/rooms/{room}")
        if status == 404:
            raise BadInput(f"there is no room {room} on {self.target.url}")
        if value.get("state") != "live":
            raise BadInput(
                f"room {room} is {value.get('state')}, not live: start publishing "
                "to the room, or add --publish"
            )

    async def wait_live(self, room: str, seconds: float) -> None:
        """Waits until the room is live. Raises BadInput if the wait exceeds `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    if (await self._ask("GET", f"/api/rooms/{room}"))[1].get("state") == "live":
                        return
                    await asyncio.sleep(POLL_EVERY)
        except TimeoutError as error:
            raise BadInput(
                f"the simulated creator's room {room} did not go live within {seconds:.0f} s"
            ) from error

    async def create_room(self, title: str) -> PublishEndpoint:
        status, value = await self._ask("POST", "/api/rooms", {"title": title})
        if status != 201:
            hint = (
                " (start the server with a larger --max-rooms-per-address-hour)"
                if status == 429
                else " (give --token)"
                if status in (401, 403)
                else ""
            )
            raise BadInput(
                f"{self.target.url} refuses to create a room: HTTP {status}: "
                f"{value.get('error', '')}{hint}"
            )
        return self.endpoint(str(value["room"]), str(value["key"]))

    def endpoint(self, room: str, key: str) -> PublishEndpoint:
        # Ignore the absolute URL in the answer: only the host on the command line may get load.
        return PublishEndpoint(room, key, f"{self.target.url}/whip/{room}")

    async def require_key(self, endpoint: PublishEndpoint) -> None:
        """Checks that the key belongs to the room, and raises BadInput if it does not. The check is
        a DELETE request for a session that does not exist, so the request changes nothing.
        """
        status, _ = await self._ask(
            "DELETE",
            f"/whip/{endpoint.room}/none",
            headers={"Authorization": f"Bearer {endpoint.key}"},
        )
        if status in (401, 403):
            raise BadInput(f"the key does not belong to room {endpoint.room}: HTTP {status}")
        if await self._missing(endpoint.room):
            raise BadInput(f"there is no room {endpoint.room} on {self.target.url}")

    async def end_room(self, endpoint: PublishEndpoint) -> None:
        await self._ask(
            "DELETE",
            f"/api/rooms/{endpoint.room}",
            headers={"Authorization": f"Bearer {endpoint.key}"},
        )

    async def _missing(self, room: str) -> bool:
        return (await self._ask("GET", f"/api/rooms/{room}"))[0] == 404

    async def _ask(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        """Sends a request. Returns the status and the JSON object in the answer. The object is
        empty if the answer contains no JSON object.
        """
        url = f"{self.target.url}{path}"
        try:
            async with self._http.request(
                method, url, json=body, headers=headers or self._headers
            ) as answer:
                text = await answer.text(errors="replace")
                try:
                    value = json.loads(text)
                except ValueError:
                    value = {}
                return answer.status, value if isinstance(value, dict) else {}
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise BadInput(f"{self.target.url} cannot be reached: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer within 10 s"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "its certificate is not trusted; --insecure accepts it"
    if isinstance(error, aiohttp.ClientConnectorError):
        return (
            os.strerror(error.errno).lower() if error.errno and error.errno > 0 else "no such host"
        )
    return str(error) or type(error).__name__
