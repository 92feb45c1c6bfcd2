"""A room of 민지, and the rows that tests of moderation write and read."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from server.storage.keys import hash_key
from server.storage.moderation import ModerationRecord
from server.storage.moderation_log import LogRecord
from server.storage.rooms import RoomRecord
from server.storage.schema.chat import message
from server.storage.schema.people import person
from server.storage.storage import Storage
from server.storage.who import Who

NOW = 1_790_000_000.0
ROOM = RoomRecord("k3v9x2", "Morning run", hash_key("a key"), NOW - 60, owner="p-minji")
LOG = LogRecord("k3v9x2", NOW, "p-minji", "mute", "p-sam", "p-sam", "60 s")
MINJI = Who("p-minji", "민지", 3, "minji")
SAM = Who("p-sam", "Sam", 7)


async def write(storage: Storage, *statements: sa.Executable) -> None:
    async def run(connection: AsyncConnection) -> None:
        for statement in statements:
            await connection.execute(statement)

    await storage.database.write(run)


def someone(who: Who) -> sa.Insert:
    return person.insert().values(
        id=who.id, name=who.name, colour=who.colour, handle=who.handle, created_at=NOW, seen_at=NOW
    )


def written(number: int, by: str = "p-sam", room: str = ROOM.room, **values: object) -> sa.Insert:
    return message.insert().values(
        **{
            "room": room,
            "sequence": number,
            "person": by,
            "client_id": f"c{number}",
            "name": "Sam",
            "colour": 7,
            "role": "guest",
            "at": NOW,
            "body": f"text {number}",
            "kind": "chat",
            "state": "shown",
        }
        | values
    )


async def load(storage: Storage, now: float = NOW) -> ModerationRecord:
    record = await storage.moderation.load("p-minji", ROOM.room, now)
    assert record
    return record
