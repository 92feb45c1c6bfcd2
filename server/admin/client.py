"""Requests to the admin API of a running server.

By default, a request uses the Unix socket in the server's data directory. With `--url`, the request
goes to the server at that URL, with the admin token.
"""

import asyncio
import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from server.setting_sources import default_data
from server.setting_types import expanded
from server.settings import ADMIN_SOCKET_NAME, ENVIRONMENT_PREFIX

WITHIN = 30.0
"""Maximum seconds for a request."""

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
    # This import is slow, and --help needs no HTTP client.
    from aiohttp import ClientError, ClientSession, ClientTimeout, UnixConnector

    socket_path = expanded(data or default_data(os.environ)) / ADMIN_SOCKET_NAME

    async def send() -> tuple[int, Any]:
        token = os.environ.get(f"{ENVIRONMENT_PREFIX}ADMIN_TOKEN", "")
        headers = {"Authorization": f"Bearer {token}"} if url else {}
        connector = None if url else UnixConnector(os.fspath(socket_path))
        async with (
            ClientSession(connector=connector, timeout=ClientTimeout(WITHIN)) as http,
            http.request(
                method,
                f"{(url or 'http://localhost').rstrip('/')}/api/admin/{path}",
                json=body,
                headers=headers,
            ) as response,
        ):
            text = await response.text()
            return response.status, json.loads(text) if text else None

    try:
        status, answer = asyncio.run(send())
    except (ClientError, OSError, ValueError) as error:
        typer.echo(
            f"cannot reach a server at {url or socket_path}: {error or type(error).__name__}. Is "
            "it running? Name its data directory with --data, or its address with --url.",
            err=True,
        )
        raise typer.Exit(2) from error
    if status >= 400:
        message = answer.get("error") if isinstance(answer, dict) else None
        typer.echo(message or f"the server answered with status {status}", err=True)
        raise typer.Exit(1)
    return answer
