"""The control messages between nodes: JSON objects with a version (FEED.md). Pure."""

import json
from collections.abc import Mapping
from typing import Any, Final

from relay.errors import MessageError

VERSION: Final = 1
MAX_BYTES: Final = 512 * 1024
"""Maximum size of a control message, bytes."""


class UnknownVersion(MessageError):
    """Raised for a message of a node that does not speak this version."""


def pack(**fields: Any) -> bytes:
    """Returns a control message."""
    return json.dumps({"v": VERSION, **fields}, separators=(",", ":")).encode()


def read(data: bytes) -> Mapping[str, Any]:
    """Returns the fields of a control message. Raises MessageError if it is malformed, and
    UnknownVersion if it has another version.
    """
    if len(data) > MAX_BYTES:
        raise MessageError(f"the control message has over {MAX_BYTES} bytes")
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise MessageError("the control message is not JSON") from error
    if not isinstance(fields, dict):
        raise MessageError("the control message is not a JSON object")
    if fields.get("v") != VERSION:
        raise UnknownVersion(f"the control message has the unknown version {fields.get('v')!r}")
    return fields


def sender(data: bytes) -> str:
    """Returns the node that sent a control message, of any version; empty if it is unknown."""
    try:
        return str(json.loads(data).get("edge", ""))
    except (ValueError, AttributeError, RecursionError):
        return ""


def text(fields: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """Returns a field that is a string of at most 200 characters. Raises MessageError if it is
    none.
    """
    value = fields.get(name, default)
    if not isinstance(value, str) or len(value) > 200:
        raise MessageError(f"the field {name!r} of the control message is no text")
    return value


def number(fields: Mapping[str, Any], name: str, default: int | None = None) -> int:
    """Returns a field that is an integer from 0 to 2⁶³ − 1. Raises MessageError if it is none."""
    value = fields.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 63:
        raise MessageError(f"the field {name!r} of the control message is no number")
    return value
