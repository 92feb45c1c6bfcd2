"""Chat while a room is on air: order, floods, and a picture that does not notice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest_asyncio

from relay.sample import Track
from server.http.chat import ARRIVING
from server.social.chat_rate import BURST
from tests.fixtures.people import Browser
from tests.fixtures.viewer import Viewer
from tests.integration.conftest import Live

WRITERS = 7
"""The room takes 37 messages of guests at once."""


@pytest_asyncio.fixture
async def settings() -> dict[str, Any]:
    return {
        "max_people_per_address_hour": 5_000,
        "max_requests_per_address_second": 5_000,
        "max_connections": 5_000,
    }


@pytest_asyncio.fixture
async def unharmed(live: Live) -> AsyncIterator[Live]:
    """A live whose viewer must miss no frame and get each message once, in order."""
    yield live
    await live.viewer.frames(10)
    live.viewer.assert_unbroken(longest=10.0)
    numbers = [number_of(event) for event in chat_of(live.viewer)]
    assert numbers == sorted(set(numbers))


def chat_of(viewer: Viewer) -> list[dict[str, Any]]:
    return [event for event in viewer.events if event["type"] in ("message", "system")]


def number_of(event: dict[str, Any]) -> int:
    return int(event["n"] if event["type"] == "system" else event["message"]["n"])


def texts_of(viewer: Viewer) -> list[str]:
    return [event["message"]["text"] for event in chat_of(viewer) if event["type"] == "message"]


async def post(live: Live, browser: Browser, text: str, **headers: str) -> tuple[int, Any]:
    path = f"/api/rooms/{live.room.name}/messages"
    return await browser.ask("POST", path, {"id": text, "text": text}, headers)


async def test_two_viewers_get_each_message_once_and_in_order(unharmed: Live) -> None:
    """Both viewers get the same messages with their media time, and the history has them too."""
    live = unharmed
    async with AsyncExitStack() as stack:
        other = await stack.enter_async_context(
            Viewer(live.server.http, live.server.url, live.room.name)
        )
        await other.frames(5)
        browsers = [
            await stack.enter_async_context(Browser(live.server.url)) for _ in range(WRITERS)
        ]
        # Pages have a cookie before they write: without one, each message is another guest's.
        await asyncio.gather(*(browser.ask("GET", "/api/me") for browser in browsers))
        answers = await asyncio.gather(
            *(
                post(live, browser, f"{number}-{index}")
                for index, browser in enumerate(browsers)
                for number in range(BURST)
            )
        )
        assert {status for status, _ in answers} == {201}
        by_number = {answer["n"]: answer["text"] for _, answer in answers}
        assert len(by_number) == WRITERS * BURST
        expected = [by_number[number] for number in sorted(by_number)]
        await other.until(lambda: len(texts_of(other)) >= len(expected))
        await live.viewer.until(lambda: len(texts_of(live.viewer)) >= len(expected))
        assert texts_of(other) == texts_of(live.viewer) == expected
        edge = live.viewer.edge(Track.VIDEO)
        assert all(0 < answer["media_time"] <= edge + 1_000_000 for _, answer in answers)
        _, page = await browsers[0].ask("GET", f"/api/rooms/{live.room.name}/messages")
        assert [m["text"] for m in page["messages"] if m["kind"] == "chat"] == expected


async def test_a_flood_from_one_person(unharmed: Live) -> None:
    """Messages above the limit are refused, and other people do not wait."""
    live = unharmed
    async with Browser(live.server.url) as flooder, Browser(live.server.url) as other:
        assert (await post(live, flooder, "first"))[0] == 201
        flood = asyncio.gather(*(post(live, flooder, f"flood-{number}") for number in range(300)))
        assert (await post(live, other, "hello"))[0] == 201
        refusals = Counter(answer.get("code") for status, answer in await flood if status != 201)
        assert set(refusals) == {"rate_limited"} and refusals["rate_limited"] >= 290
        await live.viewer.until(lambda: "hello" in texts_of(live.viewer))


async def test_a_flood_from_a_thousand(unharmed: Live) -> None:
    """The room takes as many messages as it can show. Those of its creator always pass."""
    live = unharmed

    async def guest(number: int) -> str:
        async with Browser(live.server.url) as browser:
            status, answer = await post(live, browser, f"raid-{number}")
            return "accepted" if status == 201 else str(answer["code"])

    raid = asyncio.gather(*(guest(number) for number in range(1_000)))
    async with Browser(live.server.url) as creator:
        for number in range(5):
            status, _ = await post(
                live, creator, f"calm-{number}", Authorization=f"Bearer {live.room.key}"
            )
            assert status == 201
    outcomes = Counter(await raid)
    assert outcomes["accepted"] >= ARRIVING and outcomes["chat_crowded"] >= 100, outcomes
    assert set(outcomes) <= {"accepted", "chat_crowded", "storage_unavailable"}, outcomes
    await live.viewer.until(
        lambda: sum(text.startswith("calm") for text in texts_of(live.viewer)) == 5
    )
    assert sum(text.startswith("raid") for text in texts_of(live.viewer)) == outcomes["accepted"]
