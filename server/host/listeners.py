"""The TCP ports of the server, and the Unix socket of its admin API."""

import os
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from relay.websocket.tcp import TCP_NOTSENT_LOWAT
from server.host import lan
from server.host.addresses import LocalAddress
from server.setting_types import IPNetwork
from server.settings import Settings, SettingsError

UNSENT_BYTES = 65_536
"""Maximum number of unsent bytes in the kernel's buffer of a connection."""


@dataclass(frozen=True, slots=True)
class Listener:
    """A bound TCP port of the server."""

    sock: socket.socket
    host: str
    tls: ssl.SSLContext | None
    networks: tuple[IPNetwork, ...] | None = None
    """Networks whose peers may connect. None: every peer may connect."""

    def load_certificate(self, certificate: Path, key: Path) -> None:
        """Gives new connections another certificate. Raises SettingsError, and keeps the present
        certificate, if the files do not contain a certificate and its key.
        """
        if self.tls is None:
            raise ValueError("this port has no TLS")
        try:
            _tls(certificate, key)  # `self.tls` would keep a half-loaded pair
            self.tls.load_cert_chain(certificate, key)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError([f"{certificate}: {error.strerror or error}"]) from error

    @property
    def port(self) -> int:
        number: int = self.sock.getsockname()[1]
        return number

    @property
    def url(self) -> str:
        host = (
            "127.0.0.1"
            if self.host in ("0.0.0.0", "::")
            else f"[{self.host}]"
            if ":" in self.host
            else self.host
        )
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"


def bind_listeners(
    settings: Settings, addresses: Sequence[LocalAddress], *, shared: bool = False
) -> list[Listener]:
    """Binds the TCP ports. Returns the main listener first, then the listeners of --lan. If a port
    cannot be bound, closes all sockets and raises OSError. `shared`: whether other processes of
    this server listen on the same ports; the kernel then gives each connection to one of them.
    """
    listeners: list[Listener] = []
    try:
        tls = (
            _tls(settings.tls_cert, settings.tls_key)
            if settings.tls_cert and settings.tls_key
            else None
        )
        sock = bound_socket(settings.host, settings.port, shared=shared)
        listeners.append(Listener(sock, settings.host, tls))
        if settings.lan:
            private = [address for address in addresses if address.is_private]
            networks = tuple(address.network for address in private)
            hosts = [address.text for address in private]
            lan_tls = _tls(*lan.self_signed(settings.data, hosts))
            lan_port = settings.lan_port
            for host in hosts:
                sock = bound_socket(host, lan_port, shared=shared)
                listeners.append(Listener(sock, host, lan_tls, networks))
                lan_port = listeners[-1].port
    except BaseException:
        for listener in listeners:
            listener.sock.close()
        raise
    return listeners


def bind_unix_socket(path: Path) -> socket.socket:
    """Binds a Unix socket that only this user can open. Replaces the socket of a server that was
    killed. Raises OSError.
    """
    path.unlink(missing_ok=True)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    umask = os.umask(0o177)
    try:
        sock.bind(os.fspath(path))
    except OSError as error:
        sock.close()
        raise OSError(error.errno, f"{path}: {error.strerror}") from error
    finally:
        os.umask(umask)
    return sock


def bound_socket(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """Returns a socket that is bound to the TCP port, and does not listen yet. Raises OSError."""
    family, _, _, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, host != "::")
        # Accepted connections inherit this limit. Without the limit, the kernel keeps megabytes for
        # a client that reads nothing.
        sock.setsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_BYTES)
        sock.bind(address)
    except OSError as error:
        sock.close()
        raise OSError(error.errno, f"port {port} of {host}: {error.strerror}") from error
    return sock


def _tls(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context
