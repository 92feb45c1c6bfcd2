"""The networks of the people who write in one room, as salted hashes that cannot be used after the
live.
"""

import secrets
from collections.abc import Callable

from server.recent import Recent
from server.social.network_hash import SALT_BYTES, Salt, network_hash

MAX_PEOPLE = 10_000
"""Maximum number of people whose network the room remembers."""
MAX_ADDRESSES = 1_000
"""Number of addresses whose hash the room remembers, so that the server computes few hashes during
a flood.
"""


class Networks:
    """The hashes of one live."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.made_salt: Salt | None = None
        """The latest salt, read from storage or made by `salt`; None before the first use."""
        self._now = now
        self._hashes: Recent[str, str] = Recent(MAX_PEOPLE)
        self._of_addresses: Recent[tuple[str, Salt], str] = Recent(MAX_ADDRESSES)

    @property
    def salt(self) -> Salt:
        """The salt of this live. A new salt replaces a salt that is a day old."""
        if self.made_salt is None or not self.made_salt.is_valid(self._now()):
            self.made_salt = Salt(secrets.token_bytes(SALT_BYTES), self._now())
            self._hashes.clear()
            self._of_addresses.clear()
        return self.made_salt

    def hash(self, address: str) -> str:
        """Returns the hash of the network of an address; empty if the address is empty."""
        if not address:
            return ""
        key = address, self.salt
        found = self._of_addresses.get(key)
        if found is None:
            found = network_hash(address, self.salt)
            self._of_addresses.keep(key, found)
        return found

    def keep(self, person: str, network: str) -> None:
        """Remembers the hash of the network from which a person writes."""
        self._hashes.keep(person, network)

    def of(self, person: str) -> str:
        """Returns the hash of the network from which the person wrote last; empty if the person has
        not written.
        """
        return self._hashes.get(person, "")

    def forget(self, person: str) -> None:
        self._hashes.pop(person, None)
