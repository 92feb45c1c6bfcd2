"""Moderation over HTTP: a creator, a moderator, a viewer who writes, and a program with the key."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from server.http import chat
from tests.fixtures.people import Browser
from tests.fixtures.server import NewRoom, Server, running
from tests.fixtures.viewer import Viewer


@dataclass(slots=True)
class People:
    """A room and the browsers of three people, who have written once."""

    server: Server
    room: NewRoom
    minji: Browser
    """The creator."""
    mod: Browser
    sam: Browser
    ids: dict[str, str]

    def path(self, rest: str = "") -> str:
        return f"/api/rooms/{self.room.name}{rest}"

    async def write(self, by: Browser, text: str, id: str) -> tuple[int, Any]:
        return await by.ask("POST", self.path("/messages"), {"id": id, "text": text})

    async def history(self) -> list[str]:
        _, page = await self.minji.ask("GET", self.path("/messages"))
        return [one["text"] for one in page["messages"] if one["kind"] == "chat"]

    async def log(self) -> list[tuple[str, str]]:
        _, answer = await self.minji.ask("GET", self.path("/log"))
        return [(line["action"], line["detail"]) for line in answer["log"]]


@pytest_asyncio.fixture
async def people(server: Server) -> AsyncIterator[People]:
    async with AsyncExitStack() as stack:
        minji, mod, sam = [await stack.enter_async_context(Browser(server.url)) for _ in range(3)]
        ids = {}
        for name, browser in (("minji", minji), ("mod", mod), ("sam", sam)):
            status, me = await browser.ask("PUT", "/api/me/handle", {"handle": f"{name}-test"})
            assert status == 200, me
            ids[name] = me["person"]["id"]
        room = await minji.create_room(title="Morning run")
        people = People(server, room, minji, mod, sam, ids)
        assert await minji.status("PUT", people.path(f"/moderators/{ids['mod']}")) == 204
        assert (await people.write(sam, "hello", "first"))[0] == 201
        yield people


async def test_a_mute(people: People) -> None:
    sam = people.path(f"/mutes/{people.ids['sam']}")
    status, mute = await people.mod.ask("PUT", sam, {"seconds": 60})
    assert status == 200 and mute["person"]["name"] and mute["by"]["id"] == people.ids["mod"]
    status, refusal = await people.write(people.sam, "again", "2")
    assert (status, refusal["code"]) == (403, "muted") and 50 < refusal["retry_after"] <= 60
    _, listed = await people.mod.ask("GET", people.path("/mutes"))
    assert listed == {"mutes": [mute]}
    assert await people.mod.status("DELETE", sam) == 204
    assert (await people.write(people.sam, "again", "2"))[0] == 201
    assert (await people.log())[:2] == [("unmute", ""), ("mute", "60 s")]


async def test_a_ban_closes_connections_and_removes_messages(people: People) -> None:
    """They stay removed until the ban is undone."""
    path = people.path(f"/bans/{people.ids['sam']}")
    async with (
        people.sam.watch(people.room.name) as socket,
        Viewer(people.server.http, people.server.url, people.room.name) as viewer,
    ):
        status, ban = await people.minji.ask("PUT", path, {"for_good": True})
        assert (status, ban["for_good"], ban["person"]["id"]) == (200, True, people.ids["sam"])
        await viewer.event(type="removed")
        while not socket.closed:
            await socket.receive()
        assert socket.close_code == 4403
        assert await people.history() == []
        assert (await people.write(people.sam, "again", "2"))[1]["code"] == "banned"
        assert await people.sam.status("GET", f"/r/{people.room.name}") == 403
        assert await people.sam.status("GET", people.path("/messages")) == 403
        assert len((await people.mod.ask("GET", people.path("/bans")))[1]["bans"]) == 1
        assert await people.minji.status("DELETE", path) == 204
        await viewer.event(type="restored")
    assert await people.history() == ["hello"]
    assert (await people.write(people.sam, "again", "2"))[0] == 201


async def test_a_ban_for_good_holds_in_the_next_live(people: People) -> None:
    """Words, moderators and links hold as well. A ban for this live does not."""
    good, live = people.ids["sam"], "another-person"
    await people.minji.ask("PUT", people.path(f"/bans/{good}"), {"for_good": True})
    await people.minji.ask("PUT", people.path(f"/bans/{live}"), {})
    await people.minji.ask("PUT", people.path("/words"), {"words": ["foo", "바보"]})
    await people.minji.ask("PATCH", people.path(), {"links": True, "slow": 5})
    people.room = await people.minji.create_room()
    assert (await people.write(people.sam, "hi", "a"))[1]["code"] == "banned"
    _, bans = await people.minji.ask("GET", people.path("/bans"))
    assert [ban["person"]["id"] for ban in bans["bans"]] == [good]
    assert (await people.mod.ask("GET", people.path("/words")))[1] == {"words": ["foo", "바보"]}
    _, settings = await people.mod.ask("GET", people.path("/settings"))
    assert (settings["links"], settings["slow"]) == (True, 0)


async def test_a_new_guest_of_a_banned_address_is_refused(people: People) -> None:
    """This affects only guests and only this live, since many people may share an address."""
    await people.minji.ask("PUT", people.path(f"/bans/{people.ids['sam']}"), {})
    async with Browser(people.server.url) as fresh:
        assert (await people.write(fresh, "it is me", "a"))[1]["code"] == "banned"
        people.room = await people.minji.create_room()
        assert (await people.write(fresh, "it is me", "a"))[0] == 201


async def test_settings(people: People) -> None:
    async with Viewer(people.server.http, people.server.url, people.room.name) as viewer:
        status, answer = await people.mod.ask(
            "PATCH", people.path(), {"slow": 300, "followers_only": True, "joins": False}
        )
        assert status == 200 and answer["settings"]["slow"] == 300
        event = await viewer.event(type="chat_settings")
        assert event == {"type": "chat_settings", **answer["settings"]}
        await viewer.event(type="system", key="slow_mode_on")
    assert (await people.write(people.sam, "hi", "a"))[1]["code"] == "followers_only"
    await people.sam.ask("PUT", f"/api/follows/{people.ids['minji']}")
    status, refusal = await people.write(people.sam, "hi", "a")
    assert (status, refusal["code"]) == (429, "slow_mode") and refusal["retry_after"] > 290
    await people.mod.ask("PATCH", people.path(), {"slow": 0})
    assert (await people.write(people.sam, "hi", "a"))[0] == 201
    await people.mod.ask("PATCH", people.path(), {"chat": False})
    assert (await people.write(people.sam, "hi", "b"))[1]["code"] == "chat_off"
    assert (await people.write(people.mod, "still here", "b"))[0] == 201


async def test_only_the_creator_consents_to_clips_by_themselves(people: People) -> None:
    _, settings = await people.mod.ask("GET", people.path("/settings"))
    assert settings["auto_highlights"] is False
    consent = {"auto_highlights": True}
    status, refusal = await people.mod.ask("PATCH", people.path(), consent)
    assert (status, refusal["code"]) == (403, "creator_only")
    status, answer = await people.minji.ask("PATCH", people.path(), consent)
    assert status == 200 and answer["settings"]["auto_highlights"] is True
    assert (await people.log())[0] == ("settings", "auto_highlights: true")


async def test_settings_survive_a_restart(tmp_path: Path) -> None:
    async with running(tmp_path) as server, Browser(server.url) as minji:
        await minji.ask("PUT", "/api/me/handle", {"handle": "minji-test"})
        room = await minji.create_room()
        await minji.ask("PATCH", f"/api/rooms/{room.name}", {"slow": 7, "visibility": "unlisted"})
        await minji.ask("PUT", f"/api/rooms/{room.name}/shield")
    async with running(tmp_path) as server, Viewer(server.http, server.url, room.name) as viewer:
        event = await viewer.event(type="chat_settings")
        assert (event["slow"], event["shield"]["on"]) == (10, True)
        state = await viewer.event(type="room")
        assert state["visibility"] == "unlisted"


async def test_the_shield(people: People) -> None:
    async with Viewer(people.server.http, people.server.url, people.room.name) as viewer:
        status, settings = await people.mod.ask("PUT", people.path("/shield"))
        assert status == 200 and settings["known_only"] and settings["shield"]["on"]
        await viewer.event(type="chat_settings", known_only=True)
    status, refusal = await people.write(people.sam, "raid", "a")
    assert (status, refusal["code"]) == (403, "known_only") and refusal["retry_after"] > 590
    _, settings = await people.mod.ask("DELETE", people.path("/shield"))
    assert settings["shield"] == {"on": False, "until": None}
    assert (await people.write(people.sam, "hi", "a"))[0] == 201


async def test_a_held_message_is_shown_or_rejected(people: People) -> None:
    await people.minji.ask("PUT", people.path("/words"), {"words": ["fudge"]})
    status, message = await people.write(people.sam, "F.U.D.G.E", "a")
    assert (status, message["state"]) == (201, "held")
    _, other = await people.write(people.sam, "oh fudge", "b")
    assert await people.history() == ["hello"]
    _, held = await people.mod.ask("GET", people.path("/held"))
    first, second = held["messages"]
    assert (first["n"], first["reason"], first["matched"]) == (message["n"], "word", "fudge")
    assert (first["text"], first["person"]["id"]) == ("F.U.D.G.E", people.ids["sam"])
    assert second["n"] == other["n"]
    async with Viewer(people.server.http, people.server.url, people.room.name) as viewer:
        assert await people.mod.status("POST", people.path(f"/held/{first['n']}")) == 204
        await viewer.event(type="restored")
    assert await people.mod.status("DELETE", people.path(f"/held/{second['n']}")) == 204
    assert await people.mod.status("DELETE", people.path(f"/held/{second['n']}")) == 404
    assert await people.mod.status("POST", people.path("/held/x")) == 404
    assert await people.history() == ["hello", "F.U.D.G.E"]
    assert (await people.log())[:3] == [("reject", ""), ("show", ""), ("words", "1 words")]


async def test_removal_and_undo_are_in_the_log(people: People) -> None:
    assert await people.mod.status("DELETE", people.path("/messages/1")) == 204
    assert await people.mod.status("POST", people.path("/messages/1/restore")) == 204
    _, answer = await people.minji.ask("GET", people.path("/log"))
    restore, remove, added = answer["log"]
    assert (remove["action"], remove["target"]) == ("remove", "1")
    assert remove["moderator"]["id"] == people.ids["mod"]
    assert remove["person"]["id"] == people.ids["sam"]
    assert (restore["action"], added["action"]) == ("restore", "add_moderator")
    _, page = await people.minji.ask("GET", people.path(f"/log?before={restore['n']}"))
    assert page["log"] == [remove, added]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "", {"slow": 5}),
        ("GET", "/mutes", None),
        ("PUT", "/mutes/p1", {"seconds": 60}),
        ("DELETE", "/mutes/p1", None),
        ("GET", "/bans", None),
        ("PUT", "/bans/p1", {}),
        ("DELETE", "/bans/p1", None),
        ("GET", "/moderators", None),
        ("PUT", "/moderators/p1", None),
        ("DELETE", "/moderators/p1", None),
        ("GET", "/words", None),
        ("PUT", "/words", {"words": []}),
        ("PUT", "/shield", None),
        ("DELETE", "/shield", None),
        ("GET", "/held", None),
        ("POST", "/held/1", None),
        ("DELETE", "/held/1", None),
        ("GET", "/log", None),
        ("GET", "/reports", None),
        ("PUT", "/reports/r1", {"decision": "dismissed"}),
        ("GET", "/links", None),
        ("POST", "/links", {}),
        ("DELETE", "/links/l1", None),
    ],
)
async def test_viewers_may_not_moderate(
    people: People, method: str, path: str, body: object
) -> None:
    status, refusal = await people.sam.ask(method, people.path(path), body)
    assert status == 403 and refusal["code"] in ("moderators_only", "creator_only")
    status, refusal = await people.sam.ask(
        method, people.path(path), body, {"Authorization": "Bearer wrong"}
    )
    assert (status, refusal["code"]) == (403, "wrong_key")


async def test_only_the_creator_changes_what_lasts(people: People) -> None:
    for method, path, body in (
        ("PATCH", "", {"title": "Mine"}),
        ("PATCH", "", {"visibility": "private"}),
        ("PATCH", "", {"links": True}),
        ("PUT", "/words", {"words": ["x"]}),
        ("PUT", f"/moderators/{people.ids['sam']}", None),
        ("GET", "/log", None),
        ("POST", "/links", {}),
    ):
        status, refusal = await people.mod.ask(method, people.path(path), body)
        assert (status, refusal["code"]) == (403, "creator_only"), path


async def test_who_cannot_be_moderated(people: People) -> None:
    for by, target in (
        (people.mod, "minji"),
        (people.mod, "mod"),
        (people.minji, "minji"),
    ):
        path = people.path(f"/bans/{people.ids[target]}")
        status, refusal = await by.ask("PUT", path, {})
        assert (status, refusal["code"]) == (409, "cannot_moderate"), target
    path = people.path(f"/moderators/{people.ids['minji']}")
    assert await people.minji.status("PUT", path) == 409
    path = people.path(f"/mutes/{people.ids['mod']}")
    assert await people.minji.status("PUT", path, {"seconds": 60}) == 200


async def test_a_program_moderates_with_the_key(people: People) -> None:
    """The log then names no moderator."""
    url = people.server.url + people.path(f"/mutes/{people.ids['sam']}")
    options: dict[str, Any] = {"json": {"seconds": 600}, "headers": people.room.bearer}
    async with people.server.http.put(url, **options) as response:
        assert response.status == 200 and (await response.json())["by"] is None
    _, answer = await people.minji.ask("GET", people.path("/log"))
    assert answer["log"][0]["moderator"] is None


async def test_a_moderator_who_is_none_any_more(people: People) -> None:
    path = people.path(f"/moderators/{people.ids['mod']}")
    _, listed = await people.minji.ask("GET", people.path("/moderators"))
    assert [one["handle"] for one in listed["moderators"]] == ["mod-test"]
    assert await people.minji.status("DELETE", path) == 204
    assert await people.mod.status("PUT", people.path("/shield")) == 403


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PATCH", "", {"slow": 301}, 422),
        ("PATCH", "", {"slow": -1}, 422),
        ("PATCH", "", {"slow": "5"}, 422),
        ("PATCH", "", {"chat": 1}, 422),
        ("PATCH", "", {"visibility": "secret"}, 422),
        ("PATCH", "", {"title": "x" * 81}, 422),
        ("PATCH", "", {"known_only": True}, 422),
        ("PATCH", "", [], 400),
        ("PUT", "/mutes/p1", {"seconds": 61}, 422),
        ("PUT", "/mutes/p1", {}, 422),
        ("PUT", "/mutes/p%00", {"seconds": 60}, 422),
        ("PUT", f"/mutes/{'p' * 65}", {"seconds": 60}, 422),
        ("PUT", "/bans/p1", {"for_good": "yes"}, 422),
        ("PUT", "/words", {"words": ["x"] * 1_001}, 422),
        ("PUT", "/words", {"words": ["x" * 51]}, 422),
        ("PUT", "/words", {"words": ["***"]}, 422),
        ("PUT", "/words", {"words": "x"}, 422),
        ("POST", "/links", {"seconds": 59}, 422),
        ("POST", "/links", {"seconds": 2_592_001}, 422),
        ("GET", "/log?before=x", None, 200),
    ],
)
async def test_bad_input(people: People, method: str, path: str, body: object, status: int) -> None:
    assert await people.minji.status(method, people.path(path), body) == status


async def test_a_banned_moderator_cannot_lift_the_ban(people: People) -> None:
    """The moderator cannot do so in this live or through an earlier one; the creator can."""
    past = await people.minji.create_room(title="Yesterday")
    assert await people.minji.status("DELETE", f"/api/rooms/{past.name}") == 204
    ban = f"/bans/{people.ids['mod']}"
    assert await people.minji.status("PUT", people.path(ban), {"for_good": True}) == 200
    for path in (people.path(ban), f"/api/rooms/{past.name}{ban}"):
        assert await people.mod.status("DELETE", path) == 403
    assert (await people.write(people.mod, "hi", "2"))[1]["code"] == "banned"
    assert await people.minji.status("DELETE", people.path(ban)) == 204
    assert await people.mod.status("GET", people.path("/mutes")) == 200


async def test_an_ended_room(people: People) -> None:
    """Its log and the lists of its creator remain. Commands for a running live are refused."""
    await people.mod.ask("PUT", people.path(f"/mutes/{people.ids['sam']}"), {"seconds": 60})
    async with people.server.http.delete(
        people.server.url + people.path(), headers=people.room.bearer
    ) as response:
        assert response.status == 204
    assert ("mute", "60 s") in await people.log()
    assert await people.mod.status("GET", people.path("/words")) == 200
    assert await people.minji.status("PUT", people.path("/words"), {"words": ["x"]}) == 200
    assert await people.mod.status("GET", people.path("/bans")) == 200
    assert await people.mod.status("PUT", people.path("/shield")) == 410
    assert await people.sam.status("GET", people.path("/bans")) == 403
    assert await people.minji.status("PATCH", people.path(), {"slow": 5}) == 410


async def test_changes_at_the_same_time_are_all_kept(people: People) -> None:
    await asyncio.gather(
        people.mod.ask("PATCH", people.path(), {"slow": 3}),
        people.minji.ask("PATCH", people.path(), {"joins": False}),
        people.minji.ask("PUT", people.path("/shield")),
    )
    await people.minji.ask("DELETE", people.path("/shield"))
    _, settings = await people.mod.ask("GET", people.path("/settings"))
    assert (settings["slow"], settings["joins"]) == (3, False)


async def test_a_flood_is_refused_from_memory_and_late(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Storage is not asked. After 20 refusals, the refusals of the address are delayed."""
    monkeypatch.setattr(chat, "DELAY", 0.05)
    await people.minji.ask("PUT", people.path(f"/mutes/{people.ids['sam']}"), {"seconds": 600})
    reads = 0
    database = people.server.storage.database

    def counted(read: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def count(*arguments: Any) -> Any:
            nonlocal reads
            reads += 1
            return await read(*arguments)

        return count

    monkeypatch.setattr(database, "read", counted(database.read))
    monkeypatch.setattr(database, "select", counted(database.select))
    began = asyncio.get_running_loop().time()
    for number in range(25):
        status, refusal = await people.write(people.sam, "again", f"flood-{number}")
        assert (status, refusal["code"]) == (403, "muted")
    assert reads == 0
    assert asyncio.get_running_loop().time() - began > 4 * 0.05
