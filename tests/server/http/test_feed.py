"""The feed over HTTP, as API.md describes it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import pytest_asyncio

from server.feed import candidates, cursor
from server.feed.feed import Mode
from server.feed.moods import MOODS
from server.feed.witnesses import CREATORS
from server.rooms.life import RoomEvent
from server.storage.errors import StorageUnavailable
from server.storage.feed_viewers import ViewerRecord
from tests.fixtures.clips import refusal
from tests.fixtures.people import Browser
from tests.fixtures.server import NewRoom, Server, running
from tests.server.storage.discovered import add_clip

Items = list[dict[str, Any]]


@pytest_asyncio.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    """A server whose feed is renewed at each request."""
    monkeypatch.setattr(candidates, "FRESH", 0.0)
    monkeypatch.setattr(candidates, "SHARE", 1.0)
    monkeypatch.setattr(candidates, "RECORDED_EVERY", 0.0)
    async with running(tmp_path) as server:
        yield server


@pytest_asyncio.fixture
async def creator(server: Server) -> AsyncIterator[Browser]:
    async with Browser(server.url) as browser:
        await take_handle(browser, "민지")
        yield browser


async def take_handle(browser: Browser, handle: str) -> dict[str, Any]:
    status, answer = await browser.ask("PUT", "/api/me/handle", {"handle": handle})
    assert status == 200, answer
    person: dict[str, Any] = answer["person"]
    return person


async def go_live(server: Server, creator: Browser, title: str, **body: Any) -> NewRoom:
    """Goes live, without media. Returns once storage knows it."""
    room = await creator.create_room(title=title, **body)
    server.room(room).happen(RoomEvent.MEDIA_CAME)
    async with asyncio.timeout(20):
        while True:
            record = await server.storage.rooms.find(room.name)
            if record is not None and record.live_at is not None:
                return room
            await asyncio.sleep(0.005)


async def read(browser: Browser, **query: object) -> dict[str, Any]:
    status, answer = await browser.ask("GET", f"/api/feed?{urlencode(query)}")
    assert status == 200, answer
    found: dict[str, Any] = answer
    return found


async def until(browser: Browser, wanted: Callable[[Items], bool], **query: object) -> Items:
    """Reads the feed until its items are as wanted."""
    items: Items = []

    async def matches() -> bool:
        nonlocal items
        items = (await read(browser, **query))["items"]
        return wanted(items)

    await _until(matches)
    return items


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await condition():  # noqa: ASYNC110 (the condition has no event)
            await asyncio.sleep(0.01)


async def reasons_of_the_only_item(browser: Browser) -> set[str]:
    (item,) = (await read(browser))["items"]
    return {reason["code"] for reason in item["reasons"]}


def ids(items: Items) -> list[str]:
    return [item["id"] for item in items]


async def test_an_empty_feed(browser: Browser) -> None:
    assert await read(browser) == {"items": [], "cursor": None, "trending": []}


async def test_a_live_and_a_clip_with_reasons(server: Server, creator: Browser) -> None:
    room = await go_live(server, creator, "Ramen #cooking")
    me = await creator.person()
    await add_clip(server.storage, "clip1", "#funny cat", creator=me["id"])
    async with Browser(server.url) as viewer:
        items = await until(viewer, lambda items: len(items) == 2, zone="Asia/Seoul")
        live, clip = sorted(items, key=lambda item: item["kind"], reverse=True)
        assert (live["id"], live["kind"], live["title"]) == (room.name, "live", "Ramen #cooking")
        assert live["creator"]["id"] == me["id"] and live["live_since"].endswith("Z")
        assert clip["id"] == "clip1" and clip["tags"] == [{"tag": "funny", "name": "funny"}]
        for item in items:
            weights = [reason["weight"] for reason in item["reasons"]]
            assert item["reasons"] and sum(weights) == pytest.approx(item["score"])
        assert "clip" in [reason["code"] for reason in clip["reasons"]]
        answer = await read(viewer)
        assert [tag["tag"] for tag in answer["trending"]] == ["cooking", "funny"]
        assert "Set-Cookie" not in viewer.headers


async def test_what_never_appears(server: Server, creator: Browser) -> None:
    await go_live(server, creator, "unlisted", visibility="unlisted")
    await go_live(server, creator, "private", visibility="private")
    await creator.create_room(title="idle")
    shown = await go_live(server, creator, "shown")
    ended = await go_live(server, creator, "ended")
    async with Browser(server.url) as viewer:
        await until(viewer, lambda items: len(items) == 2)
        await creator.ask("DELETE", f"/api/rooms/{ended.name}")
        for mode in ("for_you", "chronological", "most_watched"):
            await until(viewer, lambda items: ids(items) == [shown.name], mode=mode)
        assert (await read(viewer, mode="follows"))["items"] == []


async def test_a_live_whose_creator_is_away_disappears(
    server: Server, creator: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = await go_live(server, creator, "away")
    async with Browser(server.url) as viewer:
        server.room(room).happen(RoomEvent.MEDIA_STOPPED)
        await until(viewer, lambda items: ids(items) == [room.name])
        monkeypatch.setattr(candidates, "AWAY", 0.0)
        await until(viewer, lambda items: not items)
        server.room(room).happen(RoomEvent.MEDIA_CAME)
        await until(viewer, lambda items: ids(items) == [room.name])


async def test_hidden_and_reported_creators_and_those_who_hid_the_viewer(server: Server) -> None:
    async with Browser(server.url) as viewer:
        me = await take_handle(viewer, "sam")
        rooms = {}
        for handle in ("hidden", "reported", "hides", "liked"):
            async with Browser(server.url) as browser:
                person = await take_handle(browser, handle)
                rooms[handle] = room = await go_live(server, browser, handle)
                if handle == "hidden":
                    assert await viewer.status("PUT", f"/api/me/hidden/{person['id']}") == 204
                if handle == "reported":
                    path = f"/api/rooms/{room.name}/reports"
                    assert await viewer.status("POST", path, {"reason": "spam"}) == 201
                if handle == "hides":
                    assert await browser.status("PUT", f"/api/me/hidden/{me['id']}") == 204
        for mode in ("for_you", "chronological", "most_watched"):
            await until(viewer, lambda items: ids(items) == [rooms["liked"].name], mode=mode)
        async with Browser(server.url) as other:
            await until(other, lambda items: len(items) == 4)


async def test_follows_come_first_and_alone(server: Server, creator: Browser) -> None:
    me = await creator.person()
    followed = await go_live(server, creator, "followed")
    await add_clip(server.storage, "old", "a clip", creator=me["id"], at=1.0)
    async with Browser(server.url) as viewer, Browser(server.url) as other:
        for number in range(4):
            await go_live(server, other, f"other {number}")
        await viewer.ask("PUT", f"/api/follows/{me['id']}")
        items = await until(
            viewer, lambda items: ids(items) == [followed.name, "old"], mode="follows"
        )
        assert [item["kind"] for item in items] == ["live", "clip"]
        everything = (await read(viewer))["items"]
        followed_item = next(item for item in everything if item["id"] == followed.name)
        assert "follows" in [reason["code"] for reason in followed_item["reasons"]]


async def test_pages_have_each_item_once(server: Server, creator: Browser) -> None:
    for number in range(25):
        await add_clip(server.storage, f"clip{number}", creator=f"c{number % 5}", at=float(number))
    async with Browser(server.url) as viewer:
        await viewer.person()
        for mode in ("for_you", "chronological", "most_watched"):
            await until(viewer, lambda items: len(items) == 25, limit=30, mode=mode)
            seen: Items = []
            answer = await read(viewer, limit=7, mode=mode)
            while True:
                seen += answer["items"]
                if answer["cursor"] is None:
                    break
                query = {"limit": 7, "mode": mode, "cursor": answer["cursor"]}
                answer = await read(viewer, **query)
                assert answer["trending"] == []
            assert len(seen) == len(set(ids(seen))) == 25
            if mode == "for_you":
                makers = [int(item["id"].removeprefix("clip")) % 5 for item in seen]
                assert all(len(set(makers[at : at + 5])) == 5 for at in range(16))
            if mode == "chronological":
                assert ids(seen) == [f"clip{number}" for number in range(24, -1, -1)]


async def test_the_item_of_a_link_comes_first(server: Server, creator: Browser) -> None:
    """Also if it is not among the first items. What the viewer may not see is left out."""
    me = await creator.person()
    for number in range(6):
        await add_clip(server.storage, f"clip{number}", creator=me["id"], at=float(number))
    await add_clip(server.storage, "secret", creator=me["id"], visibility="unlisted")
    live = await go_live(server, creator, "shown")
    unlisted = await go_live(server, creator, "unlisted", visibility="unlisted")
    query = {"mode": "chronological", "limit": 2}
    async with Browser(server.url) as viewer:
        await viewer.person()
        usual = ids(await until(viewer, lambda items: live.name in ids(items)[:2], **query))
        assert len(usual) == 2
        answer = await read(viewer, at="clip:clip0", **query)
        assert ids(answer["items"]) == ["clip0", *usual]
        later = await read(viewer, at="clip:clip0", cursor=answer["cursor"], **query)
        assert len(later["items"]) == 2
        known = (await read(viewer, at=f"live:{live.name}", **query))["items"]
        assert ids(known) == [live.name, *(id for id in usual if id != live.name)]
        assert known[0]["score"] == answer["items"][1 + usual.index(live.name)]["score"]
        for at in ("clip:secret", f"live:{unlisted.name}", "clip:none", "replay:none"):
            assert ids((await read(viewer, at=at, **query))["items"]) == usual, at
        await take_handle(viewer, "sam")
        assert await viewer.status("PUT", f"/api/me/hidden/{me['id']}") == 204
        await until(viewer, lambda items: not items, at="clip:clip0", **query)


async def test_cursors_that_are_refused(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        await add_clip(server.storage, f"clip{number}")
    async with Browser(server.url) as one, Browser(server.url) as two, Browser(server.url) as new:
        await one.person()
        await two.person()
        await until(one, lambda items: len(items) == 5)
        cursors = {}
        for name, browser in (("one", one), ("new", new)):
            cursors[name] = (await read(browser, limit=2))["cursor"]
        own = cursors["one"]
        assert len((await read(one, limit=2, cursor=own))["items"]) == 2
        assert len((await read(two, limit=2, cursor=cursors["new"]))["items"]) == 2
        for text in (own[:-4] + "AAAA", "x", "AAAA" * 20, "ü", "\0", "A" * 4_000):
            path = f"/api/feed?cursor={quote(text)}"
            assert await refusal(one, "GET", path) == (400, "bad_cursor")
        for browser in (two, new):
            assert await refusal(browser, "GET", f"/api/feed?cursor={own}") == (400, "bad_cursor")
        monkeypatch.setattr(cursor, "LIFETIME", -1.0)
        old = (await read(one, limit=2))["cursor"]
        _, answer = await one.ask("GET", f"/api/feed?cursor={old}")
        assert answer["code"] == "bad_cursor" and "expired" in answer["error"]


BAD_QUERIES = (
    ("mode=best", "bad_feed"),
    ("mood=sad", "bad_feed"),
    *((f"limit={limit}", "bad_feed") for limit in ("0", "-1", "x", "", "9999", "1e1", "٣")),
    *((f"at={at}", "bad_feed") for at in ("clip", "room:a", "clip:", "clip:a/b", "clip:ü")),
    ("taste=x", "bad_taste"),
    ("taste=%00", "bad_taste"),
    ("taste=" + "x" * 1_025, "bad_taste"),
    ("taste=" + quote('{"v":1,"at":1,"t":{"a":[1,9e9]},"c":{},"m":{}}'), "bad_taste"),
    ("taste=" + quote('{"v":1,"at":9e11,"t":{},"c":{},"m":{}}'), "bad_taste"),
    ("taste=" + quote("[" * 900), "bad_taste"),
)


async def test_bad_queries(browser: Browser) -> None:
    for query, code in BAD_QUERIES:
        assert await refusal(browser, "GET", f"/api/feed?{query}") == (400, code), query


async def test_an_unknown_zone_is_ignored(browser: Browser) -> None:
    for zone in ("Nowhere/None", "../../etc/passwd", "x" * 999, "%00", "Asia", ""):
        path = f"/api/feed?zone={zone}&limit=500&mood={MOODS[0]}"
        assert await browser.status("GET", path) == 200, zone


async def _stay_with_others(server: Server, viewer: Browser) -> None:
    """Lets the viewer stay with so many other creators that the viewer counts."""
    for number in range(CREATORS):
        async with Browser(server.url) as other:
            room = await go_live(server, other, f"other {number}")

        def has(items: Items, name: str = room.name) -> bool:
            return any(item["id"] == name for item in items)

        await until(viewer, has)
        body = {"kind": "live", "id": room.name, "seconds": 9, "skipped": False}
        assert await viewer.status("POST", "/api/feed/watched", body) == 204


async def test_what_was_watched_counts_once(server: Server, creator: Browser) -> None:
    room = await go_live(server, creator, "watched")
    sums = server.storage.feed_items
    async with Browser(server.url) as viewer:
        await viewer.person()
        body = {"kind": "live", "id": room.name, "seconds": 12.5, "skipped": False}
        assert await viewer.status("POST", "/api/feed/watched", body) == 204, "not shown yet"
        await _stay_with_others(server, viewer)
        for _ in range(3):
            assert await viewer.status("POST", "/api/feed/watched", body) == 204
        for id in ("k3v9x2", "unknown"):
            assert await viewer.status("POST", "/api/feed/watched", {**body, "id": id}) == 204

    async def stored() -> bool:
        return bool(await sums.find([("live", room.name)]))

    await _until(stored)
    found = (await sums.find([("live", room.name)]))["live", room.name]
    assert (found.impressions, found.stays, found.skips, found.seconds) == (1, 1, 0, 12.5)
    assert not await sums.find([("live", "unknown"), ("live", "k3v9x2")])


async def test_views_of_what_another_server_has_shown_count(
    server: Server, creator: Browser
) -> None:
    async with Browser(server.url) as viewer:
        await viewer.person()
        await _stay_with_others(server, viewer)
        room = await go_live(server, creator, "shown at another server")
        newer = await go_live(server, creator, "shown here")
        query = {"mode": "chronological", "limit": 1}
        await until(viewer, lambda items: ids(items) == [newer.name], **query)
        body = {"kind": "live", "id": room.name, "seconds": 9}
        assert await viewer.status("POST", "/api/feed/watched", body) == 204

    async def stored() -> bool:
        return bool(await server.storage.feed_items.find([("live", room.name)]))

    await _until(stored)


async def test_who_stays_with_one_creator_only_does_not_count(
    server: Server, creator: Browser
) -> None:
    room = await go_live(server, creator, "bought")
    fair = {"kind": "live", "id": room.name, "seconds": 9.5}
    async with Browser(server.url) as bot, Browser(server.url) as viewer:
        await bot.person()
        await viewer.person()
        await until(bot, lambda items: len(items) == 1)
        for _ in range(3):
            body = {**fair, "seconds": 60}
            assert await bot.status("POST", "/api/feed/watched", body) == 204
        await _stay_with_others(server, viewer)
        assert await viewer.status("POST", "/api/feed/watched", fair) == 204

    async def stored() -> bool:
        return bool(await server.storage.feed_items.find([("live", room.name)]))

    await _until(stored)
    found = await server.storage.feed_items.find([("live", room.name)])
    assert (found["live", room.name].stays, found["live", room.name].seconds) == (1, 9.5)


BAD_VIEWS: tuple[tuple[str, object], ...] = (
    ("kind", "room"),
    *(("id", id) for id in ("a/b", "x" * 33, 7)),
    *(("seconds", seconds) for seconds in (-1, 1e9, "x")),
    ("skipped", []),
    ("zone", "x" * 65),
)


async def test_bad_views(browser: Browser) -> None:
    for name, value in BAD_VIEWS:
        body = {"kind": "live", "id": "abc", "seconds": 5, name: value}
        answer = await refusal(browser, "POST", "/api/feed/watched", body)
        assert answer == (422, "bad_view"), (name, value)


async def test_only_pages_of_this_server_count_views(server: Server) -> None:
    body = {"kind": "live", "id": "abc", "seconds": 5}
    async with Browser(server.url, origin="https://other.example") as foreign:
        answer = await refusal(foreign, "POST", "/api/feed/watched", body)
        assert answer == (403, "foreign_origin")


async def test_the_taste_of_a_person_with_a_handle(server: Server, creator: Browser) -> None:
    await go_live(server, creator, "#ramen")
    async with Browser(server.url) as viewer:
        await take_handle(viewer, "sam")
        (item,) = await until(viewer, lambda items: len(items) == 1)
        body = {"kind": "live", "id": item["id"], "seconds": 300, "zone": "Asia/Seoul"}
        assert await viewer.status("POST", "/api/feed/watched", body) == 204
        _, answer = await viewer.ask("GET", "/api/taste")
        assert (answer["kept"], answer["personal"]) == ("server", True)
        assert list(answer["taste"]["t"]) == ["ramen"]
        (item,) = (await read(viewer))["items"]
        reasons = {reason["code"]: reason for reason in item["reasons"]}
        assert reasons["tag"]["detail"] == "ramen" and reasons["tag"]["weight"] > 0
        assert "seen" in reasons
        _, answer = await viewer.ask("PUT", "/api/taste", {"personal": False})
        assert (answer["personal"], answer["taste"]) == (False, {})
        (item,) = (await read(viewer))["items"]
        assert "tag" not in {reason["code"] for reason in item["reasons"]}
        await viewer.ask("PUT", "/api/taste", {"personal": True})
        await viewer.status("POST", "/api/feed/watched", body)
        assert (await viewer.ask("GET", "/api/taste"))[1]["taste"]["t"]
        assert await viewer.status("DELETE", "/api/taste") == 204
        assert (await viewer.ask("GET", "/api/taste"))[1]["taste"] == {}
        (item,) = (await read(viewer))["items"]
        assert not {"tag", "seen"} & {reason["code"] for reason in item["reasons"]}


async def test_the_taste_of_a_guest_is_in_the_browser(server: Server, creator: Browser) -> None:
    await go_live(server, creator, "#ramen")
    async with Browser(server.url) as guest:
        await until(guest, lambda items: len(items) == 1)
        taste = {"v": 1, "at": 1, "t": {"ramen": [9, 2]}, "c": {}, "m": {}}
        (item,) = (await read(guest, taste=json.dumps(taste)))["items"]
        assert "tag" in {reason["code"] for reason in item["reasons"]}
        empty = {"kept": "browser", "personal": True, "taste": {}}
        assert await guest.ask("GET", "/api/taste") == (200, empty)
        assert await guest.ask("PUT", "/api/taste", {"personal": False}) == (200, empty)
        person = (await guest.person())["id"]
        for _ in range(2):  # the second request finds the guest in storage
            assert await guest.status("DELETE", "/api/taste") == 204
        found = await server.storage.feed_viewers.find(person, 0.0)
        assert found.taste.forgotten_at > 0


async def test_a_server_with_a_wrong_clock_does_not_make_the_feed_forget_new_views(
    server: Server, creator: Browser
) -> None:
    await go_live(server, creator, "A live")
    async with Browser(server.url) as viewer:
        person = await take_handle(viewer, "sam")
        (item,) = await until(viewer, lambda items: len(items) == 1)
        await server.storage.feed_viewers.forget_taste(person["id"], time.time() + 86_400)
        body = {"kind": "live", "id": item["id"], "seconds": 300}
        assert await viewer.status("POST", "/api/feed/watched", body) == 204
        assert "seen" in await reasons_of_the_only_item(viewer)


async def test_this_server_forgets_the_views_of_a_guest_who_cannot_be_stored(
    server: Server, creator: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise StorageUnavailable("away")

    await go_live(server, creator, "A live")
    async with Browser(server.url) as guest:
        (item,) = await until(guest, lambda items: len(items) == 1)
        body = {"kind": "live", "id": item["id"], "seconds": 300}
        assert await guest.status("POST", "/api/feed/watched", body) == 204
        assert "seen" in await reasons_of_the_only_item(guest)
        monkeypatch.setattr(server.storage.people, "add", away)
        assert await guest.status("DELETE", "/api/taste") == 503
        assert "seen" not in await reasons_of_the_only_item(guest)


async def test_bad_tastes(browser: Browser) -> None:
    bodies: tuple[dict[str, object], ...] = ({}, {"personal": 1}, {"personal": True, "more": 1})
    for body in bodies:
        assert await refusal(browser, "PUT", "/api/taste", body) == (422, "bad_taste")


async def test_what_the_server_remembers_of_viewers_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> object:
        raise StorageUnavailable("away")

    monkeypatch.setattr("server.feed.feed.MAX_RECORDS", ViewerRecord().size)
    async with (
        running(tmp_path) as server,
        Browser(server.url) as first,
        Browser(server.url) as last,
    ):
        for viewer, handle in ((first, "first"), (last, "last")):
            await take_handle(viewer, handle)  # storage knows the person from now on
            await read(viewer)
        monkeypatch.setattr(server.storage.database, "select", away)
        assert await last.status("GET", "/api/feed") == 200
        assert await first.status("GET", "/api/feed") == 503


async def test_the_feed_shows_lives_while_the_database_is_away(
    server: Server, creator: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whom the server knows sees what is in memory, however long the database is away."""
    await go_live(server, creator, "known")
    async with Browser(server.url) as viewer:
        await until(viewer, lambda items: len(items) == 1)

        async def away(*_: object) -> object:
            raise StorageUnavailable("away")

        database = server.storage.database
        await viewer.create_room()  # storage knows the person from now on
        assert len((await read(viewer))["items"]) == 1
        monkeypatch.setattr(database, "read", away)
        monkeypatch.setattr(database, "select", away)
        monkeypatch.setattr("server.discovery.items.KEPT", 0.0)
        monkeypatch.setattr(candidates, "STALE", 0.0)
        for answers in (True, False):
            monkeypatch.setattr(database, "_answers", answers)
            for mode in Mode:
                shown = len((await read(viewer, mode=mode.value))["items"])
                assert shown == (mode is not Mode.FOLLOWS)
        # Whom this person hides is unknown.
        assert await creator.status("GET", "/api/feed") == 503
