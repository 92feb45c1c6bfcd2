"""The connection to NATS for control messages."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Self

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.errors import APIError, NoStreamResponseError

from relay.callbacks import ignore
from relay.edge.bus import BusError
from relay.edge.nats_client import (
    WrongPassword,
    connect,
    flush,
    place_of,
    subscribe,
    text_of,
)
from server.cluster.errors import ClusterError, NoNode, Unreachable

logger = logging.getLogger(__name__)

OLDEST = (2, 11)
"""The oldest version of nats-server that can delete the markers of deleted keys."""
MIN_PAYLOAD = 1 << 20
"""The smallest `max_payload` of nats-server with which a snapshot of a room fits into a message,
bytes.
"""
ANSWER_WITHIN = 2.0
"""Seconds within which JetStream must answer."""
MAX_PENDING = 2 << 20
"""Number of bytes that may wait to be written before an answer with many parts goes on."""
MAX_ANSWERING = 1_000
"""Maximum number of requests of other nodes that are being answered at one time."""

Answer = Callable[[bytes], Awaitable[bytes]]


class Connection:
    """A connection that reconnects by itself. `open()` makes it; call `close()` at the end."""

    def __init__(self, client: Client, place: str) -> None:
        self.client = client
        self.place = place
        """Host and port of NATS."""
        self.js: JetStreamContext = client.jetstream(timeout=ANSWER_WITHIN)
        self.reconnected: Callable[[], object] = ignore
        """Called after each interruption."""
        self._answering: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, url: str, name: str) -> Self:
        """Connects as the node `name`. Raises ClusterError if NATS cannot be used."""
        place = place_of(url)

        def lost(reason: str) -> None:
            logger.warning("NATS at %s is away: %s", place, reason)

        def found() -> None:
            logger.info("NATS at %s answers again", place)
            connection.reconnected()

        try:
            connection = cls(await connect(url, name, lost, found), place)
        except WrongPassword as error:
            raise ClusterError(str(error)) from error
        except BusError as error:
            raise Unreachable(str(error)) from error
        try:
            await connection._check()
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _check(self) -> None:
        version = self.client.connected_server_version
        if (version.major, version.minor) < OLDEST:
            raise ClusterError(
                f"NATS at {self.place} is nats-server {version.major}.{version.minor}: "
                f"microlive needs {OLDEST[0]}.{OLDEST[1]} or later"
            )
        if self.client.max_payload < MIN_PAYLOAD:
            raise ClusterError(
                f"NATS at {self.place} accepts messages of {self.client.max_payload} bytes: set "
                f"its max_payload to at least {MIN_PAYLOAD}"
            )
        try:
            await self.js.account_info()
        except (APIError, NoStreamResponseError, nats.errors.Error) as error:
            raise ClusterError(
                f"NATS at {self.place} has no JetStream for this account: enable jetstream"
            ) from error

    @property
    def connected(self) -> bool:
        return self.client.is_connected

    async def close(self) -> None:
        for task in self._answering:
            task.cancel()
        if self._answering:
            await asyncio.wait(self._answering)
        await self.client.close()

    async def publish(self, subject: str, data: bytes) -> None:
        """Sends a message. Drops it while NATS is away."""
        try:
            await self.client.publish(subject, data)
        except nats.errors.Error as error:
            logger.debug("a message to %s was dropped: %s", subject, error)

    async def request(self, subject: str, data: bytes, within: float) -> bytes:
        """Returns the answer to a message. Raises NoNode if no node listens to the subject, and
        Unreachable if there is no answer `within` so many seconds.
        """
        try:
            return bytes((await self.client.request(subject, data, timeout=within)).data)
        except nats.errors.NoRespondersError as error:
            raise NoNode("the other node is gone") from error
        except (nats.errors.Error, TimeoutError) as error:
            raise Unreachable(text_of(error)) from error

    async def listen(self, subject: str, receive: Callable[[Msg], None]) -> None:
        """Calls `receive` with each message, until the connection closes."""
        await subscribe(self.client, subject, receive)

    async def answer(self, subject: str, answer: Answer) -> None:
        """Answers each request with `answer`, until the connection closes. A request gets no answer
        if `answer` raises an exception, or while MAX_ANSWERING others are being answered.
        """

        def receive(message: Msg) -> None:
            if message.reply and len(self._answering) < MAX_ANSWERING:
                task = asyncio.get_running_loop().create_task(self._reply(message, answer))
                self._answering.add(task)
                task.add_done_callback(self._answering.discard)

        await self.listen(subject, receive)

    async def _reply(self, message: Msg, answer: Answer) -> None:
        try:
            await self.publish(message.reply, await answer(message.data))
        except Exception:
            logger.exception("no answer to %s", message.subject)

    async def catch_up(self) -> None:
        """Returns once few bytes wait to be written. Raises Unreachable."""
        if self.client.pending_data_size > MAX_PENDING:
            await self.flush()

    async def flush(self) -> None:
        """Returns once NATS knows the subjects to which this node listens. Raises Unreachable."""
        try:
            await flush(self.client, round(ANSWER_WITHIN))
        except (nats.errors.Error, TimeoutError) as error:
            raise Unreachable(text_of(error)) from error
