"""What the endpoints for viewers need of a room, whichever process owns it."""

from collections.abc import Callable
from dataclasses import dataclass

from relay.channel.channel import Channel
from server.people.person import Person


@dataclass(frozen=True, slots=True)
class Watched:
    """A room as its viewers get it in this process."""

    channel: Channel
    """The channel of the room, or a copy of it."""
    meet: Callable[[Person, str], None]
    """Tells the room the name of a person who is about to watch, and the network of the person's
    address.
    """

    @property
    def name(self) -> str:
        return self.channel.name
