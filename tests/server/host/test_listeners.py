"""The addresses of listeners, and the rights of the admin socket."""

import socket
import ssl
import stat
from pathlib import Path

import pytest

from server.host.listeners import Listener, bind_listeners, bind_unix_socket
from server.settings import Settings


@pytest.mark.parametrize(
    ("host", "tls", "url"),
    [
        ("127.0.0.1", False, "http://127.0.0.1:{}"),
        ("::1", False, "http://[::1]:{}"),
        ("0.0.0.0", False, "http://127.0.0.1:{}"),
        ("::", True, "https://127.0.0.1:{}"),
        ("localhost", True, "https://localhost:{}"),
    ],
)
def test_urls(host: str, tls: bool, url: str) -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if tls else None
        listener = Listener(sock, host, context)
        assert listener.url == url.format(sock.getsockname()[1])


def test_one_listener_without_lan(tmp_path: Path) -> None:
    (listener,) = bind_listeners(Settings(data=tmp_path, port=0), [])
    with listener.sock:
        assert listener.host == "127.0.0.1" and listener.port > 0
        assert listener.tls is None and listener.networks is None


def test_a_unix_socket_replaces_an_older_one_and_is_for_this_user_only(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    bind_unix_socket(path).close()
    with bind_unix_socket(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_error_names_the_path(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing/socket"):
        bind_unix_socket(tmp_path / "missing" / "socket")
