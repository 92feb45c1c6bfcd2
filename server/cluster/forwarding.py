"""Forwards HTTP requests to the node that can answer them, and answers those of other nodes."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from relay.edge.subjects import control_subject
from relay.errors import RefusalCode
from server.cluster.asking import BadMessage
from server.cluster.connection import Connection
from server.cluster.errors import NoNode, Unreachable
from server.cluster.http_messages import (
    ForwardedAnswer,
    ForwardedRequest,
    read_part,
    read_request,
    read_start,
    write_answer,
    write_request,
)
from server.errors import Unavailable

logger = logging.getLogger(__name__)

ANSWER_WITHIN = 30.0
"""Seconds within which the answer must begin. A playlist of LL-HLS waits for its next part."""
PART_WITHIN = 5.0
"""Seconds within which the whole answer must follow its begin."""
PART_SIZE = 256 * 1024
MAX_SIZE = 32 << 20
"""Maximum size of the body of an answer, bytes."""
MAX_WAITING = 1_000
"""Maximum number of requests that this node forwards at one time."""

Respond = Callable[[ForwardedRequest], Awaitable[ForwardedAnswer]]


@dataclass(eq=False)
class _Waiting:
    """An answer of which parts are missing."""

    parts: dict[int, bytes] = field(default_factory=dict)
    size: int = 0
    more: asyncio.Event = field(default_factory=asyncio.Event)


class Forwarding:
    """Requests between nodes."""

    def __init__(self, connection: Connection, node: str) -> None:
        """`node`: id of this node."""
        self._connection = connection
        self._node = node
        self._waiting: dict[str, _Waiting] = {}
        self._respond: Respond

    async def open(self, respond: Respond) -> None:
        """Forwards and answers from now on. `respond` answers a request at this node."""
        self._respond = respond
        await self._connection.listen(
            control_subject(self._node, "part"), lambda message: self._receive(message.data)
        )
        await self._connection.answer(control_subject(self._node, "http"), self._answer)

    async def forward(self, node: str, request: ForwardedRequest) -> ForwardedAnswer:
        """Returns the answer of another node. Raises Unavailable."""
        if len(self._waiting) >= MAX_WAITING:
            raise _away("too many requests are forwarded at the moment")
        id, waiting = secrets.token_hex(8), _Waiting()
        self._waiting[id] = waiting
        try:
            start = read_start(
                await self._connection.request(
                    control_subject(node, "http"),
                    write_request(request, id, self._node),
                    ANSWER_WITHIN,
                )
            )
            if start.size > MAX_SIZE:
                raise BadMessage(f"a body of {start.size} bytes")
            waiting.parts[0] = start.part
            async with asyncio.timeout(PART_WITHIN):
                while sum(map(len, waiting.parts.values())) < start.size:
                    waiting.more.clear()
                    await waiting.more.wait()
        except (Unreachable, BadMessage, TimeoutError) as error:
            level = logging.DEBUG if isinstance(error, NoNode) else logging.INFO
            logger.log(level, "node %s does not answer %s: %s", node, request.path, error)
            raise _away("the server that has this does not answer: try again") from error
        finally:
            del self._waiting[id]
        body = b"".join(part for _, part in sorted(waiting.parts.items()))
        return ForwardedAnswer(start.status, start.headers, body)

    def _receive(self, data: bytes) -> None:
        try:
            part = read_part(data)
        except BadMessage as error:
            logger.warning("a part of an answer was dropped: %s", error)
            return
        waiting = self._waiting.get(part.id)
        if waiting and part.offset not in waiting.parts:
            waiting.size += len(part.part)
            if waiting.size <= MAX_SIZE:
                waiting.parts[part.offset] = part.part
                waiting.more.set()

    async def _answer(self, data: bytes) -> bytes:
        request, id, node = read_request(data)
        first, *others = write_answer(await self._respond(request), id, PART_SIZE)
        for part in others:
            await self._connection.publish(control_subject(node, "part"), part)
            await self._connection.catch_up()
        return first


def _away(text: str) -> Unavailable:
    return Unavailable(RefusalCode.NODE_AWAY, text)
