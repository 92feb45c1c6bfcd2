"""The tables of the newest schema, one module for each domain. `server.storage.migrations` creates
them; tests check that both agree.

Times are Unix seconds, and ids are text. No table refers to another one by a foreign key: what
belongs to a room or a person is deleted by its id.
"""

from server.storage.schema import chat, moderation, people, rooms
from server.storage.schema.metadata import metadata

__all__ = ["chat", "metadata", "moderation", "people", "rooms"]
