"""Executes commands in the node that owns the room, and those of other nodes here."""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from relay.edge.subjects import control_subject
from relay.errors import Refusal, RefusalCode
from server.cluster.answers import Answers
from server.cluster.asking import (
    BadMessage,
    NotOwner,
    Question,
    read_question,
    read_reply,
    write_not_owner,
    write_question,
    write_refusal,
    write_reply,
)
from server.cluster.connection import Connection
from server.cluster.errors import NoNode, Unreachable
from server.cluster.nodes import Nodes
from server.cluster.ownership import Ownership
from server.errors import Misdirected, Unavailable
from server.rooms.codec import CodecError, decode_reply
from server.rooms.commands.base import Command
from server.storage.errors import StorageError

logger = logging.getLogger(__name__)

ASK_WITHIN = 5.0
"""Seconds within which the owner must answer."""
TRY_WITHIN = 2.0
"""Seconds after which a question is sent again."""
MOVED = 0.05
"""Seconds before a room that moves is asked again."""

Execute = Callable[[str, Command[Any]], Awaitable[object]]


class Remote:
    """Commands between nodes."""

    def __init__(self, connection: Connection, nodes: Nodes, owners: Ownership) -> None:
        self._connection = connection
        self._nodes = nodes
        self._owners = owners
        self._answers = Answers()
        self._execute: Execute

    async def open(self, execute: Execute) -> None:
        """Executes the commands of other nodes from now on. `execute` raises Misdirected if this
        node does not own the room.
        """
        self._execute = execute
        await self._connection.answer(control_subject(self._nodes.me.id, "ask"), self._answer)

    async def ask(self, room: str, server: str, command: Command[Any]) -> object:
        """Executes a command in the node that owns the room. `server`: name of that node according
        to the database, or empty. Raises Unavailable, or the Refusal of the owner.
        """
        loop = asyncio.get_running_loop()
        question = write_question(Question(secrets.token_hex(8), room, command))
        deadline = loop.time() + ASK_WITHIN
        node = self._node_of(room, server)
        while (left := deadline - loop.time()) > 0:
            try:
                if node is None:
                    raise NoNode(room)
                answer = await self._connection.request(
                    control_subject(node, "ask"), question, min(left, TRY_WITHIN)
                )
                return decode_reply(command, read_reply(answer))
            except (NoNode, NotOwner) as error:
                found = await self._read(room)
                if found is None or (found == node and isinstance(error, NoNode)):
                    break
                if found == node:
                    await asyncio.sleep(MOVED)
                node = found
            except Unreachable as error:
                if not self._connection.connected:
                    break
                logger.debug("room %s: node %s: %s", room, node, error)
            except (BadMessage, CodecError) as error:
                logger.error("node %s answers in another way: %s", node, error)
                break
        raise Unavailable(
            RefusalCode.NODE_AWAY, "the server that runs this room does not answer: try again"
        )

    def _node_of(self, room: str, server: str) -> str | None:
        owner = self._owners.find(room)
        if owner is not None:
            return owner.node
        node = self._nodes.named(server) if server else None
        return node.id if node else None

    async def _read(self, room: str) -> str | None:
        try:
            owner = await self._owners.read(room)
        except Unreachable:
            return None
        return owner.node if owner and owner.node != self._nodes.me.id else None

    async def _answer(self, data: bytes) -> bytes:
        try:
            question = read_question(data)
        except BadMessage as error:
            logger.warning("a question of another node was refused: %s", error)
            raise
        return await self._answers.once(question.id, lambda: self._execute_once(question))

    async def _execute_once(self, question: Question) -> bytes:
        try:
            reply = await self._execute(question.room, question.command)
        except Misdirected:
            self._answers.forget(question.id)
            return write_not_owner()
        except Refusal as refusal:
            return write_refusal(refusal)
        except StorageError as error:
            logger.warning("room %s: %s", question.room, error)
            return write_refusal(
                Unavailable(
                    RefusalCode.STORAGE_UNAVAILABLE,
                    "the server cannot reach its storage: try again later",
                )
            )
        return write_reply(question.command, reply)
