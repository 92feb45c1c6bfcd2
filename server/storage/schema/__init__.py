"""The tables of the newest schema, one module for each domain. `server.storage.migrations` creates
the tables. Tests check that the migrations agree with these modules.

Times are Unix seconds, and ids are text. No table has a foreign key: the rows of a room or a person
are deleted by the id of the room or person.
"""

from server.storage.schema import chat, discovery, media, moderation, people, rooms
from server.storage.schema.metadata import metadata

__all__ = ["chat", "discovery", "media", "metadata", "moderation", "people", "rooms"]
