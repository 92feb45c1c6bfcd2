"""Serves the web applications at TCP ports and at the admin socket."""

import logging
import os
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from aiohttp import web

from server.composition.parts import Parts
from server.host.listeners import Listener, bind_unix_socket
from server.http.local_requests import LocalRequests
from server.http.tcp_site import TcpSite

logger = logging.getLogger(__name__)

SHUTDOWN = 3.0
"""Maximum seconds for which the server waits for open requests at shutdown. Afterwards, the server
cancels these requests.
"""
MAX_SOCKET_PATH = 108
"""Size of `sun_path` on Linux, bytes, with the terminating zero (unix(7))."""


async def serve_clients(
    app: web.Application, listeners: Sequence[Listener], parts: Parts, stack: AsyncExitStack
) -> Callable[[], Awaitable[None]]:
    """Serves the application at all TCP ports. Returns a function that closes the ports; open
    connections stay open.
    """
    rooms, outputs = parts.rooms, parts.outputs
    runner = web.AppRunner(app, shutdown_timeout=SHUTDOWN)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    stack.push_async_callback(rooms.close)
    stack.push_async_callback(outputs.hls.close)
    stack.callback(outputs.rewind.close)
    stack.push_async_callback(outputs.whep.close)
    stack.callback(outputs.watch.close_viewers)
    stack.callback(outputs.events.close_streams)
    stack.callback(rooms.refuse_new)  # before viewers are closed: players reconnect at once
    sites = [TcpSite(runner, listener, parts.limits.connections) for listener in listeners]
    for site in sites:
        await site.start()
    if parts.cluster:
        requests = LocalRequests(runner)
        stack.push_async_callback(requests.close)
        await parts.cluster.forwarding.open(requests.respond)

    async def close_ports() -> None:
        for site in sites:
            await site.stop()

    return close_ports


async def serve_operator(path: Path, app: web.Application, stack: AsyncExitStack) -> None:
    """Serves the admin API on a Unix socket that only this user can open. If the path is too long
    for a socket, logs a warning instead.
    """
    if len(os.fsencode(path)) >= MAX_SOCKET_PATH:
        logger.warning(
            "no admin socket: the path %s is over %d bytes; use --admin-token instead",
            path,
            MAX_SOCKET_PATH - 1,
        )
        return
    sock = bind_unix_socket(path)
    stack.callback(partial(path.unlink, missing_ok=True))
    stack.callback(sock.close)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.SockSite(runner, sock).start()
