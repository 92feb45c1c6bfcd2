"""A message of the chat, as a value and as JSON. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from server.people.person import Person
from server.social.author import Role

REPLY_CLUSTERS = 80
"""Maximum length of the quotation in a reply, grapheme clusters."""


class Kind(StrEnum):
    CHAT = "chat"
    SYSTEM = "system"
    """A line that the room wrote itself."""


class State(StrEnum):
    SHOWN = "shown"
    HELD = "held"
    """Only the author and moderators see the message."""
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Reply:
    """The quotation in a reply: number, author's name and beginning of the quoted message."""

    n: int
    name: str
    text: str
    """The beginning of the text; empty if the message is not shown at present."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message, or a line that the room wrote itself."""

    n: int
    """Number of the message in its room, from 1. Messages are in the order of their numbers."""
    id: str
    """Id that the client chose. A message that is sent twice with the same id is accepted once."""
    person: Person
    """The author; ANONYMOUS for a line of the room and for a deleted person."""
    role: Role
    text: str
    """The text of a message; for a line of the room, the key of the line's text, for example
    `went_live`.
    """
    at: float
    """Time at which the room accepted the message, Unix seconds."""
    media_time: int
    """Media time that the author was seeing, µs."""
    reply_to: Reply | None = None
    kind: Kind = Kind.CHAT
    state: State = State.SHOWN
    mentions: tuple[str, ...] = ()
    """Ids of the people whom the text mentions. Not stored."""
    values: Mapping[str, str | int] | None = None
    """Values that the page inserts into the text of a line of the room."""
    removed_by: str | None = None
    """Id of the person who removed the message."""
    removed_at: float | None = None


def describe_message(message: Message) -> dict[str, Any]:
    """Returns the message in the form that server/API.md describes."""
    body: dict[str, Any] = {"n": message.n, "kind": message.kind.value}
    if message.kind is Kind.SYSTEM:
        body |= {"key": message.text, "values": dict(message.values or {})}
    else:
        person, reply = message.person, message.reply_to
        body |= {
            "id": message.id,
            "person": {
                "id": person.id,
                "name": person.name,
                "colour": person.colour,
                "handle": person.handle,
                "role": message.role.value,
            },
            "text": message.text,
            "reply_to": {"n": reply.n, "name": reply.name, "text": reply.text}
            if reply and reply.text
            else None,
        }
    body |= {"at": round(message.at * 1_000), "media_time": message.media_time}
    if message.state is not State.SHOWN:
        body["state"] = message.state.value
    if message.mentions:
        body["mentions"] = list(message.mentions)
    return body


def message_event(message: Message) -> dict[str, Any]:
    """Returns the event that shows a message (relay/PROTOCOL.md)."""
    described = describe_message(message)
    if message.kind is Kind.SYSTEM:
        return {"type": "system", **described}
    return {"type": "message", "message": described}
