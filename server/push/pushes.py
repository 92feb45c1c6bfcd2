"""All parts that send pushes, as one object."""

import ssl
from dataclasses import dataclass
from typing import Self

from aiohttp.abc import AbstractResolver

from server.push.client import PushClient
from server.push.counters import PushCounters
from server.push.deliveries import AT_ONCE, Deliveries
from server.push.live_pushes import LivePushes
from server.push.reminders import Reminders
from server.push.vapid import Vapid
from server.storage.storage import Storage


@dataclass(frozen=True, slots=True)
class PushNetwork:
    """How the server reaches push services. The defaults are for the internet."""

    resolver: AbstractResolver | None = None
    """None: only public addresses."""
    tls: ssl.SSLContext | None = None
    """None: the certificates that this machine trusts."""


INTERNET = PushNetwork()


class Pushes:
    """Sends pushes. Call `start()`, and `close()` at the end."""

    def __init__(self, storage: Storage, vapid: Vapid, network: PushNetwork) -> None:
        self.counters = PushCounters()
        self._client = PushClient(vapid, AT_ONCE, network.resolver, network.tls)
        self._deliveries = Deliveries(
            self._client, self.counters, storage.push_subscriptions.forget
        )
        self.lives = LivePushes(
            storage.push_subscriptions, storage.pushed, self._deliveries, self.counters
        )
        """The observer of the rooms."""
        self.reminders = Reminders(
            storage.announcements, storage.push_subscriptions, self._deliveries
        )

    @property
    def public_key(self) -> str:
        """The key that browsers need to subscribe."""
        return self._client.vapid.public_key

    @property
    def waiting(self) -> int:
        """Number of pushes that wait to be sent."""
        return self._deliveries.waiting

    def start(self) -> Self:
        self._deliveries.start()
        self.lives.start()
        self.reminders.start()
        return self

    async def close(self) -> None:
        """Drops the pushes that wait."""
        await self.reminders.close()
        await self.lives.close()
        await self._deliveries.close()
        await self._client.close()
