"""Requests to the admin API of a running server.

By default, a request uses the Unix socket in the server's data directory. With `--url`, the request
goes to the server at that URL, with the admin token.
"""

import asyncio
import json
import os
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

from server.setting_sources import default_data
from server.setting_types import expanded
from server.settings import ADMIN_SOCKET_NAME, ADMIN_SOCKETS, ENVIRONMENT_PREFIX

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

T = TypeVar("T")

WITHIN = 30.0
"""Maximum seconds for a request."""
SILENT = 60.0
"""Maximum seconds without any byte of an answer."""
CHUNK = 1 << 18

Data = Annotated[
    Path | None,
    typer.Option(
        envvar=f"{ENVIRONMENT_PREFIX}DATA",
        metavar="DIR",
        help="Data directory of the server. [default: that of microlive serve]",
    ),
]
Url = Annotated[
    str | None,
    typer.Option(
        help=(
            "URL of a server, such as https://live.example.org. The admin token is read from "
            f"{ENVIRONMENT_PREFIX}ADMIN_TOKEN. [default: the socket in the data directory]"
        )
    ),
]


def ask(data: Path | None, url: str | None, method: str, path: str, body: object = None) -> Any:
    """Sends a request to the admin API. Returns the JSON of the answer, or None if the answer has
    no content. Exits with 1 or 2 if the request fails.
    """

    async def send(server: "Server") -> Any:
        async with server.http.request(method, server.of(path), json=body) as response:
            return await _read(response)

    return _connected(data, url, WITHIN, send)


def download(data: Path | None, url: str | None, path: str, target: Path) -> int:
    """Writes an answer of the admin API to a file. The file appears only when the answer is
    complete. Returns the size of the file in bytes. Exits with 1 or 2 if the request fails.
    """
    part = target.with_name(f"{target.name}.part")

    async def receive(server: "Server") -> int:
        async with server.http.get(server.of(path)) as response:
            if response.status >= 400:
                await _read(response)
            size = 0
            with _writing(part) as write:
                async for chunk in response.content.iter_chunked(CHUNK):
                    write(chunk)
                    size += len(chunk)
            return size

    try:
        size = _connected(data, url, None, receive)
        part.replace(target)
        return size
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _writing(path: Path) -> Iterator[Callable[[bytes], None]]:
    """Opens a file. Yields a function that writes to the file. The function exits with 2 if the
    file cannot be written.
    """

    def stop(error: OSError) -> NoReturn:
        typer.echo(f"cannot write {path}: {error.strerror}", err=True)
        raise typer.Exit(2) from error

    def write(data: bytes) -> None:
        try:
            file.write(data)
        except OSError as error:
            stop(error)

    try:
        file = path.open("wb", buffering=0)
    except OSError as error:
        stop(error)
    with file:
        yield write


@dataclass(frozen=True, slots=True)
class Server:
    """The admin API of a server."""

    http: "ClientSession"
    base: str

    def of(self, path: str) -> str:
        return f"{self.base}/api/admin/{path}"


def _connected(
    data: Path | None, url: str | None, within: float | None, work: Callable[[Server], Awaitable[T]]
) -> T:
    """Calls `work` with a server, and returns its result. `within`: maximum seconds; None for no
    maximum. Exits with 2 if the server cannot be reached.
    """
    # This import is slow, and --help needs no HTTP client.
    from aiohttp import ClientError, ClientSession, ClientTimeout, UnixConnector

    socket_path = _socket_in(expanded(data or default_data(os.environ)))

    async def connected() -> T:
        token = os.environ.get(f"{ENVIRONMENT_PREFIX}ADMIN_TOKEN", "")
        headers = {"Authorization": f"Bearer {token}"} if url else {}
        connector = None if url else UnixConnector(os.fspath(socket_path))
        timeout = ClientTimeout(within, sock_read=SILENT)
        async with ClientSession(connector=connector, timeout=timeout, headers=headers) as http:
            return await work(Server(http, (url or "http://localhost").rstrip("/")))

    try:
        return asyncio.run(connected())
    except (ClientError, OSError, ValueError) as error:
        typer.echo(
            f"cannot reach a server at {url or socket_path}: {error or type(error).__name__}. Is "
            "it running? Name its data directory with --data, or its address with --url.",
            err=True,
        )
        raise typer.Exit(2) from error


def _socket_in(data: Path) -> Path:
    """Returns the path of the admin socket of the server, or of the first of its processes that
    accepts connections. Each process answers for all of them.
    """
    usual = data / ADMIN_SOCKET_NAME
    for path in (usual, *sorted(data.glob(ADMIN_SOCKETS))):
        with socket.socket(socket.AF_UNIX) as sock:
            try:
                sock.connect(os.fspath(path))
            except OSError:
                continue
            return path
    return usual


async def _read(response: "ClientResponse") -> Any:
    """Returns the JSON of an answer; None for no content. Exits with 1 if the server refused."""
    text = await response.text()
    answer = json.loads(text) if text else None
    if response.status >= 400:
        message = answer.get("error") if isinstance(answer, dict) else None
        typer.echo(message or f"the server answered with status {response.status}", err=True)
        raise typer.Exit(1)
    return answer
