"""Web Push from end to end: Firefox subscribes at a push service of the test's own, gets the push
of a live over that service, decrypts it and shows the notification.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from server.rooms.life import RoomEvent
from tests.e2e.firefox import Firefox, firefox
from tests.fixtures.people import Browser
from tests.fixtures.push_service import PushService, push_service
from tests.fixtures.server import Server, running

WITHIN = 45.0
"""Seconds for a step: the machine that runs the test may be slow."""
NOTIFICATIONS = """navigator.serviceWorker.getRegistration('/?')
    .then((worker) => worker.getNotifications())
    .then((all) => all.map(({ title, body, data }) => ({ title, body, data })))"""


def by(name: str) -> str:
    return f"[data-testid={name}]"


@asynccontextmanager
async def world(folder: Path) -> AsyncIterator[tuple[PushService, Server, Firefox]]:
    data, profile = folder / "data", folder / "profile"
    for made in (data, profile):
        made.mkdir()
    async with (
        push_service(folder) as (service, network),
        running(data, push_network=network) as server,
        firefox(
            profile,
            {
                # WebDriver recommends preferences that forbid connections to a push service.
                "remote.prefs.recommended": False,
                "dom.push.serverURL": service.url,
                "dom.push.testing.allowInsecureServerURL": True,
                "permissions.default.desktop-notification": 1,
                "alerts.useSystemBackend": False,
            },
        ) as browser,
    ):
        yield service, server, browser


async def test_firefox_is_told_of_a_live(tmp_path: Path) -> None:
    """The offer comes after the follow. /me lists the browser, and its switch ends the pushes."""
    async with world(tmp_path) as (service, server, fan), Browser(server.url) as creator:
        await creator.ask("PUT", "/api/me/handle", {"handle": "하늘별"})
        await fan.goto(f"{server.url}/@하늘별")
        await fan.until(f"!document.querySelector('{by('follow')}').hidden", WITHIN)
        await fan.click(by("follow"))
        await fan.until(f"!!document.querySelector('{by('push-yes')}')", WITHIN)
        await fan.click(by("push-yes"))
        card = f"document.querySelector('{by('push-offer')}')"
        done = f"{card} && !{card}.querySelector('.actions') && {card}.textContent"
        text = await fan.until(done, WITHIN)
        assert "하늘별" in text, text
        _, key = await creator.ask("GET", "/api/push/key")
        [(token, known)] = service.keys.items()
        assert known == key["key"]

        room = await creator.create_room(title="새벽 달리기")
        server.room(room).happen(RoomEvent.MEDIA_CAME)
        assert (await service.next()).token == token
        [shown] = await fan.until(f"{NOTIFICATIONS}.then((all) => all.length && all)", WITHIN)
        assert shown["body"] == "새벽 달리기" and shown["data"] == f"/r/{room.name}"
        assert "하늘별" in shown["title"]

        await fan.goto(f"{server.url}/me")
        await fan.until("document.body.dataset.screen === 'ready'", WITHIN)
        await fan.evaluate(f"document.querySelector('{by('push')}').open = true")
        toggle = f"document.querySelector('{by('push-switch')}')"
        await fan.until(f"{toggle}.checked", WITHIN)
        assert await fan.evaluate(f"document.querySelectorAll('{by('push')} li').length") == 1
        await fan.click(by("push-switch"))
        await fan.until(f"!document.querySelectorAll('{by('push')} li').length", WITHIN)
        assert not await fan.evaluate(f"{toggle}.checked")
