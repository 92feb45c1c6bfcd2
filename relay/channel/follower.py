"""The interface through which a channel passes on what it sends, for copies of the channel at other
servers (relay/edge). Pure.
"""

from typing import Protocol

from relay.channel.event_log import PostedEvent
from relay.channel.message import Message
from relay.errors import RefusalCode


class Follower(Protocol):
    """Gets everything that a channel sends. The channel calls the methods synchronously. They must
    neither block nor raise.
    """

    def receive_init(self, message: Message) -> None: ...

    def receive_message(self, message: Message) -> None:
        """Takes a media message without events, as soon as it is made."""

    def receive_event(self, event: PostedEvent) -> None: ...

    def forget(self, key: str) -> None:
        """Takes note that the channel has dropped the state of a key."""

    def forget_media(self) -> None:
        """Takes note that the channel has dropped all media that it held."""

    def close_person(self, person: str, code: RefusalCode, text: str) -> None:
        """Takes note that the connections of this person were closed."""

    def remove_stream(self, slot: int) -> None: ...
