"""Converts messages to and from the rows of storage. Pure."""

import json
from collections.abc import Iterable

from server.people.person import ANONYMOUS, Person
from server.social.author import Role
from server.social.message import REPLY_CLUSTERS, Kind, Message, Reply, State
from server.social.message_text import shorten
from server.storage.messages import MessageRecord


def to_record(room: str, message: Message) -> MessageRecord:
    person = message.person
    chat = message.kind is Kind.CHAT
    return MessageRecord(
        room=room,
        sequence=message.n,
        person=person.id or None,
        client_id=message.id or None,
        name=person.name,
        colour=person.colour,
        handle=person.handle,
        role=message.role.value,
        at=message.at,
        media_time=message.media_time,
        body=message.text if chat else _write_line(message),
        reply_to=message.reply_to.n if message.reply_to else None,
        kind=message.kind.value,
        state=message.state.value,
        removed_by=message.removed_by,
        removed_at=message.removed_at,
    )


def to_message(record: MessageRecord) -> Message:
    kind = Kind(record.kind)
    text, values = (record.body, None) if kind is Kind.CHAT else _read_line(record.body)
    person = ANONYMOUS
    if record.person is not None:
        person = Person(record.person, record.name, record.colour, record.handle)
    return Message(
        n=record.sequence,
        id=record.client_id or "",
        person=person,
        role=Role(record.role),
        text=text,
        at=record.at,
        media_time=record.media_time or 0,
        reply_to=_reply(record),
        kind=kind,
        state=State(record.state),
        values=values,
        removed_by=record.removed_by,
        removed_at=record.removed_at,
    )


def to_messages(records: Iterable[MessageRecord]) -> list[Message]:
    return [to_message(record) for record in records]


def reply_to(message: Message) -> Reply:
    """Returns the quotation that each reply to `message` contains."""
    return Reply(message.n, message.person.name, shorten(message.text, REPLY_CLUSTERS))


def _reply(record: MessageRecord) -> Reply | None:
    if record.reply_to is None or record.reply_body is None:
        return None
    return Reply(
        record.reply_to, record.reply_name or "", shorten(record.reply_body, REPLY_CLUSTERS)
    )


def _write_line(message: Message) -> str:
    return json.dumps({"key": message.text, "values": dict(message.values or {})})


def _read_line(body: str) -> tuple[str, dict[str, str | int]]:
    line = json.loads(body)
    return line["key"], line["values"]
