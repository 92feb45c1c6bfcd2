"""The messages by which a node asks the owner of a room to execute a command. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from relay.errors import Refusal
from server.cluster.node import VERSION
from server.rooms.codec import (
    CodecError,
    decode_command,
    decode_refusal,
    encode_command,
    encode_refusal,
    encode_reply,
)
from server.rooms.commands.base import Command


class BadMessage(Exception):
    """A message of another node does not have the format that this module defines."""


class NotOwner(Exception):
    """The other node does not own the room."""


@dataclass(frozen=True, slots=True)
class Question:
    id: str
    """Id of the command, which stays the same when the command is sent again."""
    room: str
    command: Command[Any]


def write_question(question: Question) -> bytes:
    return write(
        {
            "id": question.id,
            "room": question.room,
            "command": encode_command(question.command),
        }
    )


def read_question(data: bytes) -> Question:
    """Raises BadMessage."""
    found = read(data)
    try:
        return Question(str(found["id"]), str(found["room"]), decode_command(found["command"]))
    except (KeyError, TypeError, CodecError) as error:
        raise BadMessage(str(error)) from None


def write_reply(command: Command[Any], reply: object) -> bytes:
    return write({"reply": encode_reply(command, reply)})


def write_refusal(refusal: Refusal) -> bytes:
    return write({"refusal": encode_refusal(refusal)})


def write_not_owner() -> bytes:
    return write({"elsewhere": True})


def read_reply(data: bytes) -> Any:
    """Returns the reply in an answer, for `decode_reply`. Raises the Refusal in it, NotOwner or
    BadMessage.
    """
    found = read(data)
    if "elsewhere" in found:
        raise NotOwner
    if "refusal" in found:
        try:
            refusal = decode_refusal(found["refusal"])
        except CodecError as error:
            raise BadMessage(str(error)) from None
        raise refusal
    if "reply" not in found:
        raise BadMessage("an answer without a reply")
    return found["reply"]


def read(data: bytes) -> Mapping[str, Any]:
    """Returns the fields of a control message. Raises BadMessage, also for another version."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise BadMessage("not JSON") from None
    if not isinstance(found, dict) or found.get("v") != VERSION:
        version = found.get("v") if isinstance(found, dict) else None
        raise BadMessage(f"version {version!r} instead of {VERSION}")
    return found


def write(fields: Mapping[str, Any]) -> bytes:
    """Returns a control message of this version."""
    return json.dumps({"v": VERSION, **fields}, ensure_ascii=False, separators=(",", ":")).encode()
