"""Checks who may send a command to a room."""

from relay.errors import RefusalCode
from server.errors import Forbidden, Unauthorized
from server.social.author import Author, Role
from server.storage.keys import key_matches
from server.storage.rooms import RoomRecord


def require_key(record: RoomRecord, key: str) -> None:
    """Checks a creator key. Raises Unauthorized if the key is empty, Forbidden if the key does not
    belong to the room.
    """
    if not key:
        raise Unauthorized(RefusalCode.MISSING_KEY, "send the key as Authorization: Bearer KEY")
    if not holds_key(record, key):
        raise Forbidden(RefusalCode.WRONG_KEY, "the key does not belong to this room")


def holds_key(record: RoomRecord, key: str) -> bool:
    """Whether the creator key belongs to the room."""
    return key_matches(key, record.key_hash)


def require_role(author: Author, needs: Role) -> None:
    """Raises Forbidden if the role of the author does not include `needs`."""
    if author.role.includes(needs):
        return
    if needs is Role.CREATOR:
        raise Forbidden(RefusalCode.CREATOR_ONLY, "only the creator of this room may do this")
    raise Forbidden(
        RefusalCode.MODERATORS_ONLY, "only the creator and the moderators of this room may do this"
    )
