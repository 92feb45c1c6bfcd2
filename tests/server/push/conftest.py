"""A push service on loopback, and a client in its network."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest_asyncio

from server.push.client import PushClient
from server.push.pushes import PushNetwork
from server.push.subscription import Subscription
from server.push.vapid import Vapid, new_key
from tests.fixtures.push_service import Phone, PushService, push_service


@dataclass(frozen=True, slots=True)
class Pair:
    service: PushService
    network: PushNetwork
    client: PushClient


@pytest_asyncio.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    async with push_service(tmp_path) as (service, network):
        client = PushClient(Vapid(new_key()), 64, network.resolver, network.tls)
        yield Pair(service, network, client)
        await client.close()


def subscription_of(phone: Phone) -> Subscription:
    found = phone.subscription
    return Subscription(found["endpoint"], found["keys"]["p256dh"], found["keys"]["auth"])
