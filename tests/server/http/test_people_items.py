"""The clips, replays and tags of a person, as API.md describes them."""

import time

from server.storage.schema import media
from tests.fixtures.clips import refusal
from tests.fixtures.people import Browser
from tests.fixtures.server import Server
from tests.server.storage.discovered import add_clip, add_live
from tests.server.storage.rows import add_row


async def test_what_the_page_of_a_person_shows(server: Server, browser: Browser) -> None:
    await browser.ask("PUT", "/api/me/handle", {"handle": "minji"})
    person = (await browser.person())["id"]
    storage = server.storage
    for number in range(2):
        await add_clip(storage, f"c{number}", "#one", creator=person, at=float(number))
    await add_clip(storage, "secret", "#secret", creator=person, visibility="private")
    await add_live(storage, "replay", "#One #two", owner=person, at=5.0)
    await add_live(storage, "lost", owner=person)
    for room in ("replay", "lost"):
        await storage.rooms.end(room, time.time(), duration_s=60.0)
    await add_row(
        storage.database, media.recording, room="replay", state="finished", keep="yes", bytes=1
    )
    status, found = await browser.ask("GET", "/api/people/minji/items")
    assert status == 200
    assert [clip["id"] for clip in found["clips"]] == ["c1", "c0"]
    [replay] = found["replays"]
    assert (replay["kind"], replay["url"], replay["duration"]) == ("replay", "/v/replay", 60.0)
    assert replay["playlist"] == "/replays/replay/index.m3u8"
    assert [tag["tag"] for tag in found["tags"]] == ["one", "two"]
    assert await refusal(browser, "GET", "/api/people/none/items") == (404, "handle_not_found")
