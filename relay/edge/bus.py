"""The interface through which origins and edges exchange messages."""

from collections.abc import Callable
from typing import Protocol

from relay.errors import RelayError

Reply = Callable[[bytes], None]
"""Answers a request. Does nothing if the message was no request."""
Receive = Callable[[str, bytes, Reply], None]
"""Takes a message: its subject, its data, and how to answer it."""


class BusError(RelayError):
    """Raised when a message could not be sent, or a request was not answered."""


class NoResponders(BusError):
    """Raised when no subscriber listens to the subject of a request."""


class RequestTimeout(BusError):
    """Raised when a request was not answered in time."""


class Subscription(Protocol):
    async def close(self) -> None:
        """Ends the subscription. Does nothing if it has ended already. Never raises."""


class Bus(Protocol):
    """Sends messages by subject. A message is lost if no subscriber listens, and may be lost
    otherwise; messages of one sender arrive in order.
    """

    @property
    def max_payload(self) -> int:
        """Maximum size of a message, bytes."""

    def publish(self, subject: str, data: bytes) -> bool:
        """Sends a message, without waiting. Returns False if the message is dropped, because the
        connection is away or too slow.
        """

    async def request(self, subject: str, data: bytes, within: float) -> bytes:
        """Sends a request, and returns the answer. `within`: time to wait for it, s. Raises
        BusError.
        """

    async def subscribe(self, subject: str, receive: Receive) -> Subscription:
        """Calls `receive` with every message to the subject that is sent after this method has
        returned. `*` in a subject stands for any word, `>` for the rest. Raises BusError.
        """
