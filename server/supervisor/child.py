"""A process of the server that the supervisor starts."""

import asyncio
import os
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from server.supervisor.link import ChildLink, Orders, child_environment
from server.supervisor.member import Member


class Child(Member):
    """The process with one number. Its successors get the same orders."""

    def __init__(
        self, orders: Orders, arguments: Sequence[str], changed: Callable[[], None]
    ) -> None:
        """`arguments`: those of the command line of the parent."""
        super().__init__(f"process {orders.process.number}", changed, beats=True)
        self.urls: list[str] = []
        self._refused: list[str] = []
        self._link: ChildLink | None = None
        self._orders = orders
        self._command = [sys.executable, "-m", "server", *arguments]

    async def launch(self) -> asyncio.subprocess.Process:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                # In a session of its own, so that Ctrl-C reaches the parent alone.
                process = await asyncio.create_subprocess_exec(
                    *self._command,
                    stdin=asyncio.subprocess.DEVNULL,
                    env=child_environment(os.environ, theirs.fileno()),
                    pass_fds=[theirs.fileno(), self._orders.process.lock],
                    start_new_session=True,
                )
            except BaseException:
                ours.close()
                raise
        # The child's end closes the transport.
        transport, self._link = await asyncio.get_running_loop().create_unix_connection(
            lambda: ChildLink(self._said), sock=ours
        )
        transport.write(self._orders.encode())
        return process

    async def last_words(self) -> list[str]:
        if self._link:
            await self._link.ended.wait()
        said, self._refused = self._refused, []
        return said

    def _said(self, said: Mapping[str, Any]) -> None:
        self.heard()
        if "ready" in said:
            self.urls = said["ready"]
            self.ready()
        if "refused" in said:
            self._refused = said["refused"]
