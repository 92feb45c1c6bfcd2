"""Hearts and polls of several people beside the media of a live."""

import asyncio
from typing import Any

from relay.channel.notice import BURST
from relay.sample import Track
from tests.fixtures.people import Browser
from tests.integration.conftest import Live


async def summary(live: Live) -> Any:
    """Ends the live. Returns its summary for the creator."""
    path = f"/api/rooms/{live.room.name}"
    assert await live.server.status("DELETE", path, headers=live.room.bearer) == 204
    url = f"{live.server.url}{path}/summary"
    async with live.server.http.get(url, headers=live.room.bearer) as response:
        assert response.status == 200
        return await response.json()


async def test_the_hearts_of_two_people(live: Live) -> None:
    """Each tap counts at the media time that its person saw, and each person counts once."""
    async with Browser(live.server.url) as first, Browser(live.server.url) as second:
        for browser in (first, second):
            await browser.ask("GET", "/api/me")
        edge = live.viewer.edge(Track.VIDEO)
        async with first.watch(live.room.name) as near, second.watch(live.room.name) as far:
            for ws, at in ((near, edge), (far, edge - 300_000), (near, edge)):
                await ws.send_json({"type": "taps", "media_time": at, "counts": {"heart": [2]}})
            await live.viewer.until(
                lambda: (
                    sum(event.get("taps", {}).get("heart", 0) for event in live.viewer.events) == 6
                )
            )
            tally = await live.viewer.event(type="tally")
            assert edge - 300_000 <= tally["media_time"] <= edge
        await live.viewer.frames(5)
        made = await summary(live)
        assert (made["hearts"]["total"], made["top_moment"]["people"]) == (6, 2)
        assert made["top_moment"]["at"] <= made["duration"] + 1


async def test_a_flood_of_taps_costs_nobody_the_picture(live: Live) -> None:
    """Notices above the limit are dropped and counted, and the connection goes on."""
    notice = {"type": "taps", "media_time": 0, "counts": {"heart": [5, 5, 5, 5, 5]}}
    for _ in range(20 * BURST):
        await live.viewer.ws.send_json(notice)
    await live.viewer.frames(20)
    assert live.viewer.close_code is None
    assert live.server.rooms.social.taps <= 25 * (BURST + 30)
    await live.viewer.ws.send_json({"type": "time", "id": 1})
    await live.viewer.frames(5)
    live.viewer.assert_unbroken()


async def test_a_poll_in_the_live(live: Live) -> None:
    """Two people vote, one of them in two tabs at once. Viewers get the tally with the media."""
    path = f"{live.server.url}/api/rooms/{live.room.name}/polls"
    question = {"question": "차 or coffee?", "answers": ["차", "Coffee"]}
    async with live.server.http.post(path, json=question, headers=live.room.bearer) as response:
        poll = (await response.json())["poll"]["id"]
    vote = f"/api/rooms/{live.room.name}/polls/{poll}/vote"
    async with Browser(live.server.url) as first, Browser(live.server.url) as second:
        await first.ask("GET", "/api/me")
        async with Browser(live.server.url, cookie=first.cookie) as tab:
            answers = await asyncio.gather(
                first.ask("PUT", vote, {"answer": 0}),
                tab.ask("PUT", vote, {"answer": 0}),
                second.ask("PUT", vote, {"answer": 1}),
                second.ask("PUT", vote, {"answer": 7}),
            )
        assert [status for status, _ in answers] == [200, 200, 200, 422]
    await live.viewer.until(
        lambda: any(
            event["poll"]["votes"] == [1, 1]
            for event in live.viewer.events
            if event["type"] == "poll"
        )
    )
    made = await summary(live)
    (result,) = made["polls"]
    assert (result["question"], result["votes"]) == ("차 or coffee?", [1, 1])
