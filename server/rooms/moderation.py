"""The moderation of one room: the roles of people, and the decision about each message."""

import hashlib
import secrets

from relay.client_address import keys_of
from server.people.person import Person
from server.rooms.part import RoomContext, RoomPart
from server.social.author import Author, Role
from server.social.message import Message
from server.social.verdict import ALLOWED, Verdict


class RoomModeration(RoomPart):
    """Implements Judge."""

    def __init__(self, context: RoomContext) -> None:
        super().__init__(context)
        self._salt = secrets.token_bytes(16)

    async def role_of(self, person: Person) -> Role:
        """Returns the role of a person in this room."""
        return Role.GUEST

    def judge(self, author: Author, text: str, now: float) -> Verdict:
        return ALLOWED

    async def note_removal(self, moderator: Author, message: Message) -> None: ...

    async def note_restoration(self, moderator: Author, message: Message) -> None: ...

    def hash_network(self, address: str) -> str:
        """Returns the salted hash of the network of an address; empty if the address is empty. The
        hash has no meaning after the end of the live.
        """
        if not address:
            return ""
        network = keys_of(address).network.encode()
        return hashlib.blake2b(network, key=self._salt, digest_size=16).hexdigest()
