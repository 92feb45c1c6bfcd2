"""The types of settings. Each type parses and checks one value. A list may also be given as one
string, because command-line options and environment variables cannot contain lists.
"""

import ipaddress
import json
import os
import re
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


def _items(value: Any) -> Any:
    """Parses a list from the command line or the environment: JSON, or comma-separated items."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except json.JSONDecodeError as error:
            raise ValueError(f"not a JSON list: {error}") from None
    return [item for item in (part.strip() for part in value.split(",")) if item]


def expanded(path: Path) -> Path:
    """Returns the path with the home directory in place of ~."""
    # Unlike Path.expanduser(), os.path.expanduser() leaves the ~ of an unknown user unchanged.
    return Path(os.path.expanduser(path))


def _network(value: Any) -> Any:
    return ipaddress.ip_network(value, strict=False) if isinstance(value, str) else value


def _address(value: str) -> str:
    return str(ipaddress.ip_address(value.strip("[]")))


def _host(value: str) -> str:
    host = value.removeprefix("[").removesuffix("]")
    if not host or re.search(r"[\s/@\[\]]", host):
        raise ValueError(f"{value!r} is not a host name or an address")
    return host


def _host_name(value: str) -> str:
    """Returns a host name in lower case and in its ASCII form, because a Host header contains this
    form. Returns an IP address in its shortest form. `*.` at the start of a host name is kept: the
    asterisk matches one label.
    """
    name = value.strip().removesuffix(".").lower()
    try:
        return str(ipaddress.ip_address(name.removeprefix("[").removesuffix("]")))
    except ValueError:
        pass
    try:
        host = name.removeprefix("*.").encode("idna").decode()
    except UnicodeError:
        host = ""
    if len(host) > 253 or not re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*", host):
        raise ValueError(f"{value!r} is not a host name or an address (a port is not allowed)")
    return f"*.{host}" if name.startswith("*.") else host


def _url(value: str) -> str:
    try:
        url = urlsplit(value)
        valid = url.scheme in ("http", "https") and url.hostname and url.port != 0
    except ValueError:  # the port is no number, or a bracket is missing
        valid = False
    if not valid:
        raise ValueError(f"{value!r} is not an http:// or https:// URL")
    if url.path not in ("", "/") or url.query or url.fragment or url.username is not None:
        raise ValueError(
            f"{value!r} must end after the host and port: microlive needs its own host name"
        )
    return f"{url.scheme}://{url.netloc}"


def is_postgresql_url(value: str) -> bool:
    """Whether `value` is the URL of a PostgreSQL database (libpq §34.1.1.2). An empty host stands
    for a socket of this machine.
    """
    try:
        url = urlsplit(value)
        return (
            url.scheme in ("postgresql", "postgres", "postgresql+psycopg")
            and len(url.path) > 1
            and url.port != 0
        )
    except ValueError:  # the port is no number, or a bracket is missing
        return False


def is_nats_url(value: str) -> bool:
    """Whether `value` is the URL of a NATS server."""
    try:
        url = urlsplit(value)
        return url.scheme in ("nats", "tls") and bool(url.hostname) and url.port != 0
    except ValueError:  # the port is no number, or a bracket is missing
        return False


def _node_name(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", value):
        raise ValueError(f"{value!r} is not 1 to 40 letters a-z, digits and hyphens")
    return value


def _number_of_cores(value: Any) -> Any:
    """Returns the number of cores that this process may use, instead of `auto`."""
    return len(os.sched_getaffinity(0)) if value == "auto" else value


def _bucket(value: str) -> str:
    """Returns `s3://BUCKET/PREFIX` without a slash at the end."""
    place = value.rstrip("/")
    # The names of buckets: docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    if not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_.-]+)*", place) or (
        {".", ".."} & set(place.split("/"))
    ):
        raise ValueError(
            f"{value!r} is not s3://BUCKET or s3://BUCKET/PREFIX, with letters, digits and _.- in "
            "the prefix"
        )
    return place


def _origin(value: str) -> str:
    return value if value == "*" else _url(value)


def _file(value: Path) -> Path:
    path = expanded(value).absolute()
    try:
        path.open("rb").close()
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from None
    return path


def _ice_server(value: Any) -> Any:
    return {"urls": [value]} if isinstance(value, str) else value


def _ice_url(value: str) -> str:
    if not re.fullmatch(r"(stun|turn)s?:[^\s/]+", value):
        raise ValueError(f"{value!r} is not a stun:, stuns:, turn: or turns: URL")
    return value


def _turn_url(value: str) -> str:
    if not re.fullmatch(r"turns?:[^\s/]+", value):
        raise ValueError(f"{value!r} is not a turn: or turns: URL")
    return value


class IceServer(BaseModel):
    """A STUN or TURN server, as an `RTCIceServer` (W3C WebRTC §4.2.4)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    urls: Annotated[
        tuple[Annotated[str, AfterValidator(_ice_url)], ...],
        BeforeValidator(_items),
        Field(min_length=1),
    ]
    username: str | None = None
    credential: SecretStr | None = None

    @model_validator(mode="after")
    def _turn_needs_credentials(self) -> Self:
        if any(url.startswith("turn") for url in self.urls) and (
            self.username is None or self.credential is None
        ):
            raise ValueError("a turn: server needs username and credential")
        return self

    def for_browser(self) -> dict[str, Any]:
        """Returns an entry for the `iceServers` of an RTCPeerConnection, with the credential in
        plain text.
        """
        server: dict[str, Any] = {"urls": list(self.urls)}
        if self.username is not None and self.credential is not None:
            server |= {"username": self.username, "credential": self.credential.get_secret_value()}
        return server


Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Limit = Annotated[int, Field(ge=1)]
BitRate = Annotated[int, Field(ge=50_000, le=100_000_000)]
Host = Annotated[str, AfterValidator(_host)]
HostNames = Annotated[
    tuple[Annotated[str, AfterValidator(_host_name)], ...], BeforeValidator(_items)
]
Address = Annotated[str, AfterValidator(_address)]
Addresses = Annotated[tuple[Address, ...], BeforeValidator(_items)]
Networks = Annotated[
    tuple[Annotated[IPNetwork, BeforeValidator(_network)], ...], BeforeValidator(_items)
]
IceServers = Annotated[
    tuple[Annotated[IceServer, BeforeValidator(_ice_server)], ...], BeforeValidator(_items)
]
TurnUrls = Annotated[tuple[Annotated[str, AfterValidator(_turn_url)], ...], BeforeValidator(_items)]
Origins = Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], BeforeValidator(_items)]
Bucket = Annotated[str, AfterValidator(_bucket)]
NodeName = Annotated[str, AfterValidator(_node_name)]
Processes = Annotated[int, BeforeValidator(_number_of_cores), Field(ge=1, le=64)]
Url = Annotated[str, AfterValidator(_url)]
File = Annotated[Path, AfterValidator(_file)]
