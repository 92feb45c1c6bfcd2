"""Converts commands, replies and refusals to JSON objects and back, for rooms that another process
owns. Pure.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from relay.errors import Refusal, RefusalCode
from server.rooms.commands.base import Command
from server.rooms.commands.table import COMMANDS

Reply = TypeVar("Reply")


class CodecError(Exception):
    """The message does not have the format that this module defines."""


def encode_command(command: Command[Any]) -> dict[str, Any]:
    fields: dict[str, Any] = TypeAdapter(type(command)).dump_python(command, mode="json")
    return {"command": command.name, **fields}


def decode_command(message: Mapping[str, Any]) -> Command[Any]:
    """Decodes a command. Raises CodecError."""
    fields = dict(message)
    kind = COMMANDS.get(str(fields.pop("command", "")))
    if kind is None:
        raise CodecError(f"unknown command {message.get('command')!r}")
    try:
        return TypeAdapter(kind).validate_python(fields)
    except ValidationError as error:
        raise CodecError(f"{kind.name}: {error}") from None


def encode_reply(command: Command[Reply], reply: Reply) -> Any:
    return _reply_adapter(command).dump_python(reply, mode="json")


def decode_reply(command: Command[Reply], message: Any) -> Reply:
    """Decodes the reply to a command. Raises CodecError."""
    try:
        reply: Reply = _reply_adapter(command).validate_python(message)
    except ValidationError as error:
        raise CodecError(f"invalid reply to {command.name}: {error}") from None
    return reply


def _reply_adapter(command: Command[Any]) -> TypeAdapter[Any]:
    adapter: TypeAdapter[Any] = TypeAdapter(command.reply)
    return adapter


def encode_refusal(refusal: Refusal) -> dict[str, Any]:
    return {
        "status": refusal.status,
        "code": refusal.code.value,
        "text": str(refusal),
        "retry_after": refusal.retry_after,
    }


def decode_refusal(message: Mapping[str, Any]) -> Refusal:
    """Decodes a refusal. Raises CodecError."""
    try:
        return Refusal(
            int(message["status"]),
            RefusalCode(message["code"]),
            str(message["text"]),
            None if message["retry_after"] is None else int(message["retry_after"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise CodecError(f"invalid refusal: {error!r}") from None
