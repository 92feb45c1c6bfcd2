"""Pushes to the followers of a creator, as API.md describes them."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest_asyncio
from aiohttp import web

from server.push.public_addresses import PublicAddresses
from server.push.pushes import PushNetwork
from server.push.reminders import BEFORE, LATEST
from server.rooms.life import RoomEvent
from server.storage.announcements import AnnouncementRecord
from tests.fixtures.deadline import eventually
from tests.fixtures.people import Browser
from tests.fixtures.push_service import Loopback, Names, Phone, PushService, push_service
from tests.fixtures.server import NewRoom, Server, running

PATH = "/api/push/subscriptions"


@dataclass(frozen=True, slots=True)
class World:
    """A server that reaches a push service, and a creator."""

    service: PushService
    server: Server
    creator: Browser
    id: str
    """Id of the creator."""

    async def live(self, title: str = "A run", visibility: str = "public") -> NewRoom:
        """Makes the creator go live."""
        room = await self.creator.create_room(title=title, visibility=visibility)
        self.server.room(room).happen(RoomEvent.MEDIA_CAME)
        return room

    @property
    def results(self) -> dict[str, int]:
        assert self.server.pushes
        return dict(self.server.pushes.counters.results)

    async def ends_with(self, **results: int) -> None:
        """Waits until the pushes have exactly these results."""
        await eventually(lambda: self.results == results, 20)

    async def told(self, lives: int = 1, held_back: int = 0) -> None:
        """Waits until this many lives were told, or held back, and no push waits."""
        pushes = self.server.pushes
        assert pushes
        counters = pushes.counters
        await eventually(lambda: (counters.lives, counters.held_back) == (lives, held_back), 20)
        await eventually(lambda: pushes.waiting == 0, 20)


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with push_service(tmp_path) as (service, network):
        resolver = PublicAddresses(Names(inside_example="127.0.0.1"))
        network = PushNetwork(Loopback(service.port, resolver), network.tls)
        data = tmp_path / "data"
        data.mkdir()
        async with running(data, push_network=network) as server, Browser(server.url) as creator:
            await creator.ask("PUT", "/api/me/handle", {"handle": "하늘별"})
            yield World(service, server, creator, (await creator.person())["id"])


@pytest_asyncio.fixture
async def fan(world: World) -> AsyncIterator[Browser]:
    async with Browser(world.server.url) as browser:
        await browser.ask("PUT", f"/api/follows/{world.id}")
        yield browser


async def subscribe(browser: Browser, phone: Phone) -> str:
    status, answer = await browser.ask("POST", PATH, phone.subscription)
    assert status == 201, answer
    return str(answer["id"])


async def test_followers_are_told_of_a_live(world: World, fan: Browser) -> None:
    """A guest gets the push, in the language that the guest has chosen."""
    phone = Phone()
    await subscribe(fan, phone)
    await fan.ask("PATCH", "/api/me", {"language": "ko"})
    async with Browser(world.server.url) as stranger:
        await subscribe(stranger, Phone())
    room = await world.live("새벽 달리기")
    received = await world.service.next()
    assert received.token == phone.token
    assert phone.decrypt(received.body) == {
        "kind": "live",
        "name": "하늘별",
        "title": "새벽 달리기",
        "url": f"/r/{room.name}",
        "language": "ko",
    }
    assert received.headers["Topic"] == room.name
    _, key = await fan.ask("GET", "/api/push/key")
    assert received.headers["Authorization"].endswith(f"k={key['key']}")
    await world.told()
    await world.ends_with(sent=1)


async def test_one_push_about_a_creator_in_half_an_hour(world: World, fan: Browser) -> None:
    await subscribe(fan, Phone())
    await world.live()
    await world.service.next()
    await world.live("Again")
    await world.told(1, held_back=1)
    assert world.service.received.empty()


async def test_only_public_lives_are_told(world: World, fan: Browser) -> None:
    await subscribe(fan, Phone())
    for visibility in ("unlisted", "private"):
        await world.live(visibility=visibility)
    await world.live("Public")
    await world.service.next()
    await world.told()
    await world.ends_with(sent=1)
    assert world.service.received.empty()


async def test_who_gets_no_push(world: World, fan: Browser) -> None:
    """People who no longer follow, who hide the creator, or are signed out, or leave."""
    people = [Browser(world.server.url) for _ in range(4)]
    for browser in people:
        await browser.ask("PUT", f"/api/follows/{world.id}")
        await subscribe(browser, Phone())
    unfollows, hides, signs_out, leaves = people
    await unfollows.ask("DELETE", f"/api/follows/{world.id}")
    await hides.ask("PUT", f"/api/me/hidden/{world.id}")
    _, devices = await signs_out.ask("GET", "/api/me/devices")
    await signs_out.ask("DELETE", f"/api/me/devices/{devices['devices'][0]['device']}")
    await leaves.ask("DELETE", "/api/me")
    phone = Phone()
    await subscribe(fan, phone)
    await world.live()
    assert (await world.service.next()).token == phone.token
    await world.told()
    await world.ends_with(sent=1)
    for browser in people:
        await browser.http.close()


async def test_a_subscription_that_is_gone_is_forgotten(world: World, fan: Browser) -> None:
    phone = Phone()
    await subscribe(fan, phone)

    async def gone(_: web.Request) -> web.Response:
        return web.Response(status=410)

    world.service.answers[phone.token] = gone
    await world.live()
    await world.ends_with(gone=1)
    assert world.server.pushes
    counters = world.server.pushes.counters
    await eventually(lambda: counters.forgotten == 1, 20)
    assert await fan.ask("GET", PATH) == (200, {"subscriptions": []})


async def test_a_name_inside_the_network_is_forgotten(world: World, fan: Browser) -> None:
    """The address is checked when the server connects."""
    await subscribe(fan, Phone(host="inside.example"))
    await world.live()
    await world.ends_with(not_public=1)


async def test_the_browsers_of_a_person(world: World, fan: Browser) -> None:
    """A browser has one subscription, a person at most five."""
    await subscribe(fan, Phone())
    id = await subscribe(fan, Phone())
    status, answer = await fan.ask("GET", PATH)
    [browser] = answer["subscriptions"]
    assert status == 200 and browser["id"] == id and browser["current"] is True
    assert await fan.status("DELETE", f"{PATH}/{id}") == 204
    status, refusal = await fan.ask("DELETE", f"{PATH}/{id}")
    assert (status, refusal["code"]) == (404, "subscription_not_found")
    assert await fan.ask("GET", PATH) == (200, {"subscriptions": []})
    await world.live()
    await world.told()
    assert world.results == {}


async def test_another_person_cannot_end_a_subscription(world: World, fan: Browser) -> None:
    id = await subscribe(fan, Phone())
    async with Browser(world.server.url) as other:
        assert await other.status("DELETE", f"{PATH}/{id}") == 404
        assert await other.status("DELETE", f"{PATH}/..%2f") == 404
    assert len((await fan.ask("GET", PATH))[1]["subscriptions"]) == 1


GOOD: dict[str, Any] = Phone().subscription


BAD: tuple[object, ...] = (
    {},
    {"endpoint": GOOD["endpoint"]},
    {**GOOD, "endpoint": "https://127.0.0.1/push"},
    {**GOOD, "endpoint": "https://push.example:22/push"},
    {**GOOD, "endpoint": "http://push.example/push"},
    {**GOOD, "endpoint": 7},
    {**GOOD, "endpoint": "https://push.example/" + "a" * 5_000},
    {**GOOD, "keys": {}},
    {**GOOD, "keys": {**GOOD["keys"], "auth": "short"}},
)


async def test_subscriptions_that_are_refused(world: World, fan: Browser) -> None:
    for body in BAD:
        status, refusal = await fan.ask("POST", PATH, body)
        assert (status, refusal["code"]) == (422, "bad_subscription"), body
    headers = {"Origin": "https://evil.example"}
    assert await fan.status("POST", PATH, GOOD, headers) == 403
    assert await fan.ask("GET", PATH) == (200, {"subscriptions": []})


async def test_the_followed_people_who_are_live_are_counted(world: World, fan: Browser) -> None:
    assert await fan.ask("GET", "/api/me/follows/live") == (200, {"live": 0})
    for title in ("one", "two"):
        room = await world.live(title)
        await world.server.storage.rooms.set_live(room.name, time.time())
    assert await fan.ask("GET", "/api/me/follows/live") == (200, {"live": 1})
    async with Browser(world.server.url) as other:
        assert await other.ask("GET", "/api/me/follows/live") == (200, {"live": 0})


async def announce(world: World, fan: Browser, seconds: float) -> str:
    """Announces a live of the creator that starts in so many seconds, and reminds the fan."""
    announcements, now = world.server.storage.announcements, time.time()
    id = f"tea{len(await announcements.of_person(world.id, 0.0))}"
    await announcements.add(AnnouncementRecord(id, world.id, "Tea", now + seconds, now))
    await announcements.remind(id, (await fan.person())["id"], now)
    return id


async def remind(world: World) -> None:
    """Looks for announced lives, as the server does each 15 s."""
    assert world.server.pushes
    await world.server.pushes.reminders.run()


async def test_a_reminder_comes_once_before_the_start(world: World, fan: Browser) -> None:
    phone = Phone()
    await subscribe(fan, phone)
    await announce(world, fan, BEFORE + 600)
    await remind(world)
    id = await announce(world, fan, BEFORE - 1)
    for _ in range(2):
        await remind(world)
    received = await world.service.next()
    message = phone.decrypt(received.body)
    assert (message["kind"], message["name"], message["title"]) == ("soon", "하늘별", "Tea")
    assert message["url"] == "/@하늘별" and received.headers["Topic"] == id
    await world.ends_with(sent=1)
    assert world.service.received.empty()


async def test_reminders_that_are_of_no_use(world: World, fan: Browser) -> None:
    """The server was down at the start, or the announcement is gone."""
    await subscribe(fan, Phone())
    await announce(world, fan, -LATEST - 1)
    gone = await announce(world, fan, BEFORE + 600)
    await world.server.storage.announcements.remove(gone, world.id)
    await remind(world)
    id = await announce(world, fan, -LATEST + 60)
    await remind(world)
    assert (await world.service.next()).headers["Topic"] == id
    await world.ends_with(sent=1)


async def test_the_metrics(world: World, fan: Browser) -> None:
    await subscribe(fan, Phone())
    await world.live()
    await world.service.next()
    await world.ends_with(sent=1)
    async with world.server.http.get(world.server.url + "/metrics") as response:
        text = await response.text()
    assert 'microlive_pushes_total{result="sent"} 1.0' in text
    assert 'microlive_pushed_lives_total{result="told"} 1.0' in text
    assert "microlive_waiting_pushes 0.0" in text


async def test_a_server_without_pushes(tmp_path: Path) -> None:
    async with running(tmp_path, push=False) as server, Browser(server.url) as browser:
        status, refusal = await browser.ask("GET", "/api/push/key")
        assert (status, refusal["code"]) == (404, "push_off")
        status, refusal = await browser.ask("POST", PATH, GOOD)
        assert (status, refusal["code"]) == (404, "push_off")
        assert await browser.ask("GET", PATH) == (200, {"subscriptions": []})
