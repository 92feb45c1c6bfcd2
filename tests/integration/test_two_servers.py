"""Two servers on one PostgreSQL: people are the same at both."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest_asyncio

from server.http.identity import REFRESH_EVERY
from server.people.purge import Purge
from server.rooms.lost_servers import LOST_AFTER, RENEW_EVERY, LostServers
from tests.fixtures.deadline import eventually
from tests.fixtures.passkey import Authenticator
from tests.fixtures.people import Browser
from tests.fixtures.postgres import Postgres
from tests.fixtures.server import Server, running
from tests.fixtures.social import Clock


@dataclass(frozen=True, slots=True)
class Pair:
    one: Server
    two: Server


@pytest_asyncio.fixture
async def pair(postgres: Postgres, tmp_path: Path) -> AsyncIterator[Pair]:
    with postgres.database() as url:
        async with (
            running(tmp_path / "one", database=url) as one,
            running(tmp_path / "two", database=url) as two,
        ):
            yield Pair(one, two)


def at(server: Server, browser: Browser) -> Browser:
    """The same browser at another server behind the same host."""
    return Browser(server.url, cookie=browser.cookie)


async def test_each_accepts_the_cookies_of_the_other(pair: Pair) -> None:
    """This includes guests, who exist only in their cookies. The cookie has the same name."""
    assert pair.one.identity.cookie_name == pair.two.identity.cookie_name
    for here, there in ((pair.one, pair.two), (pair.two, pair.one)):
        async with Browser(here.url) as browser:
            me = await browser.person()
            async with at(there, browser) as same:
                assert await same.person() == me


async def test_a_handle_of_one_is_taken_at_the_other(pair: Pair) -> None:
    async with Browser(pair.one.url) as browser, Browser(pair.two.url) as other:
        assert await browser.status("PUT", "/api/me/handle", {"handle": "Dark"}) == 200
        status, refusal = await other.ask("PUT", "/api/me/handle", {"handle": "D\u0430rk"})
        assert (status, refusal["code"]) == (409, "handle_taken")
        async with at(pair.two, browser) as same:
            assert (await same.person())["handle"] == "Dark"
            assert await same.status("PUT", "/api/me/handle", {"handle": "Bright"}) == 200
        assert (await browser.person())["handle"] == "Bright", "the older cookie learns of it"


async def test_follows_of_one_count_at_the_other(pair: Pair) -> None:
    async with Browser(pair.one.url) as creator, Browser(pair.two.url) as fan:
        await creator.ask("PUT", "/api/me/handle", {"handle": "다크걸"})
        followed = await creator.person()
        path = f"/api/follows/{followed['id']}"
        assert await fan.ask("PUT", path) == (200, {"followers": 1})
        async with at(pair.one, fan) as same:
            assert await same.ask("GET", "/api/me/follows") == (200, {"follows": [followed]})
        for server in (pair.one, pair.two):
            async with Browser(server.url) as visitor:
                _, profile = await visitor.ask("GET", "/api/handles/다크걸")
                assert profile["followers"] == 1


async def test_one_of_two_servers_tells_the_followers(pair: Pair) -> None:
    """Both sign with the same key."""
    assert pair.one.pushes and pair.two.pushes
    assert pair.one.pushes.public_key == pair.two.pushes.public_key
    async with Browser(pair.one.url) as creator:
        await creator.ask("PUT", "/api/me/handle", {"handle": "다크걸"})
        id, now = (await creator.person())["id"], time.time()
        claims = await asyncio.gather(
            *(server.storage.pushed.claim(id, now) for server in (pair.one, pair.two) * 3)
        )
        assert sorted(claims, key=str) == [None] * 5 + ["다크걸"]


async def test_a_new_key_reaches_the_other_before_it_signs(pair: Pair) -> None:
    await pair.one.storage.cookie_keys.add(b"new" * 11, 0.0)
    for server in (pair.one, pair.two):
        await server.identity.refresh()
    async with Browser(pair.one.url) as browser:
        me = await browser.person()
        async with at(pair.two, browser) as same:
            assert await same.person() == me


async def test_a_device_signed_out_at_one_is_so_at_the_other(pair: Pair) -> None:
    async with Browser(pair.one.url) as browser:
        await browser.ask("PUT", "/api/me/handle", {"handle": "Dark"})
        person = await browser.person()
        async with at(pair.two, browser) as same:
            await pair.one.storage.devices.sign_out_others(person["id"], "", time.time())
            status, refusal = await same.ask("PUT", "/api/me/handle", {"handle": "Other"})
            assert (status, refusal["code"]) == (401, "signed_out")


async def test_a_sign_out_reaches_readers_of_the_other_within_5_s(pair: Pair) -> None:
    """This includes requests that do not ask the database, because the other server reads the
    sign-outs. A busy machine may be late.
    """
    async with Browser(pair.one.url) as browser:
        await browser.ask("PUT", "/api/me/handle", {"handle": "Dark"})
        _, answer = await browser.ask("GET", "/api/me/devices")
        [device] = answer["devices"]
        assert await browser.status("DELETE", f"/api/me/devices/{device['device']}") == 204
        known = pair.two.identity.revocations
        await eventually(lambda: device["device"] in known, 3 * REFRESH_EVERY)
    assert REFRESH_EVERY < 5


async def test_options_of_one_are_answered_at_the_other_once(pair: Pair) -> None:
    """Passkeys: the challenge is known to both, and used at both."""
    one, two = (server.url.replace("127.0.0.1", "localhost") for server in (pair.one, pair.two))
    passkey = Authenticator("localhost", one)
    async with Browser(one) as browser, Browser(one) as guest:
        _, options = await browser.ask("POST", "/api/me/passkeys/options")
        made = {"credential": passkey.register(options)}
        assert await browser.status("POST", "/api/me/passkeys", made) == 201

        _, options = await guest.ask("POST", "/api/sign-in/options")
        passkey.origin = two
        async with Browser(two, cookie=guest.cookie) as there:
            body = {"credential": passkey.sign_in(options)}
            assert await there.status("POST", "/api/sign-in", body) == 200
            assert await there.person() == await browser.person()
        passkey.origin = one
        body = {"credential": passkey.sign_in(options)}
        status, refusal = await guest.ask("POST", "/api/sign-in", body)
        assert (status, refusal["code"]) == (403, "wrong_challenge")


async def test_a_code_of_one_works_at_the_other_once(pair: Pair) -> None:
    async with (
        Browser(pair.one.url) as phone,
        Browser(pair.two.url) as other,
        Browser(pair.one.url) as thief,
    ):
        await phone.ask("PUT", "/api/me/handle", {"handle": "Dark"})
        _, made = await phone.ask("POST", "/api/me/transfers")
        body = {"code": made["code"]}
        assert await other.status("POST", "/api/transfers", body) == 200
        assert await thief.status("POST", "/api/transfers", body) == 403
        assert await other.person() == await phone.person()


async def test_a_person_deleted_by_one_is_unknown_to_the_other(pair: Pair) -> None:
    async with Browser(pair.one.url) as browser:
        await browser.ask("PUT", "/api/me/handle", {"handle": "Dark"})
        _, leaving = await browser.ask("DELETE", "/api/me")
        await asyncio.gather(
            *(
                Purge(server.storage.accounts, server.identity.counters).run(leaving["delete_at"])
                for server in (pair.one, pair.two)
            )
        )
        async with at(pair.two, browser) as same:
            assert await same.status("POST", "/api/me/transfers") == 401
            assert (await same.person())["id"] != leaving["person"]["id"]


async def test_a_live_at_one_is_shown_at_the_other(pair: Pair) -> None:
    async with Browser(pair.one.url) as creator:
        await creator.ask("PUT", "/api/me/handle", {"handle": "Dark"})
        _, room = await creator.ask("POST", "/api/rooms", {"title": "Mine"})
        await pair.one.storage.rooms.set_live(room["room"], 1_800_000_000.0)
        async with Browser(pair.two.url) as visitor:
            _, profile = await visitor.ask("GET", "/api/handles/dark")
            assert [live["room"] for live in profile["live"]] == [room["room"]]


async def test_what_one_stores_is_found_at_the_other(pair: Pair) -> None:
    """Lives and tags, and announced lives with their reminders."""
    async with Browser(pair.one.url) as creator, Browser(pair.two.url) as viewer:
        await creator.ask("PUT", "/api/me/handle", {"handle": "Dark"})
        _, room = await creator.ask("POST", "/api/rooms", {"title": "Cooking #먹방"})
        await pair.one.storage.rooms.set_live(room["room"], time.time())
        await pair.one.storage.rooms.change(room["room"], viewers=7)
        _, page = await viewer.ask("GET", "/api/tags/먹방")
        _, found = await viewer.ask("GET", "/api/search?q=cook")
        for [item] in (page["items"], found["items"]):
            assert (item["id"], item["kind"], item["viewers"]) == (room["room"], "live", 7)
        body = {"title": "Again", "starts_at": time.time() + 600}
        _, announced = await creator.ask("POST", "/api/announcements", body)
        path = f"/api/announcements/{announced['id']}"
        await viewer.ask("PUT", f"{path}/reminder")
        assert (await creator.ask("GET", path))[1]["reminders"] == 1


async def test_the_summary_of_a_live_is_the_same_at_the_other(pair: Pair) -> None:
    """With its reactions, votes and messages, for the creator and for everyone."""
    async with Browser(pair.one.url) as creator, Browser(pair.one.url) as viewer:
        await creator.ask("PUT", "/api/me/handle", {"handle": "Dark"})
        _, made = await creator.ask("POST", "/api/rooms", {"title": "Mine"})
        path = f"/api/rooms/{made['room']}"
        await pair.one.storage.rooms.set_live(made["room"], time.time() - 30)
        await pair.one.storage.reactions.put(made["room"], [(3, "any", 9, 2, 2)])
        _, asked = await creator.ask(
            "POST", f"{path}/polls", {"question": "Tea?", "answers": ["Yes", "No"]}
        )
        await viewer.ask("PUT", f"{path}/polls/{asked['poll']['id']}/vote", {"answer": 1})
        await viewer.ask("POST", f"{path}/messages", {"id": "a", "text": "hi"})
        assert await creator.status("DELETE", path) == 204
        for browser in (creator, viewer):
            _, summary = await browser.ask("GET", f"{path}/summary")
            async with at(pair.two, browser) as same:
                assert (await same.ask("GET", f"{path}/summary"))[1] == summary
            if browser is creator:
                assert summary["polls"][0]["votes"] == [0, 1] and summary["messages"] == 1
                assert [talker["messages"] for talker in summary["talkers"]] == [1]
        assert summary["hearts"]["total"] == 9 and "talkers" not in summary


async def test_bans_words_and_moderators_of_one_hold_at_the_other(pair: Pair) -> None:
    """They apply within two seconds in a live that runs at the other server. So do the operator's
    bans.
    """
    async with (
        Browser(pair.one.url) as minji,
        Browser(pair.one.url) as sam,
        Browser(pair.one.url) as ali,
    ):
        for browser, handle in ((minji, "minji"), (sam, "sam"), (ali, "ali")):
            await browser.ask("PUT", "/api/me/handle", {"handle": f"{handle}-test"})
        async with (
            at(pair.two, minji) as minji_2,
            at(pair.two, sam) as sam_2,
            at(pair.two, ali) as ali_2,
        ):
            _, here = await minji.ask("POST", "/api/rooms", {})
            _, there = await minji_2.ask("POST", "/api/rooms", {})
            messages = f"/api/rooms/{there['room']}/messages"
            assert await sam_2.status("POST", messages, {"id": "a", "text": "hi"}) == 201
            assert await ali_2.status("GET", f"/api/rooms/{there['room']}/words") == 403

            path = f"/api/rooms/{here['room']}"
            sam_id = (await sam.person())["id"]
            ali_id = (await ali.person())["id"]
            assert await minji.status("PUT", f"{path}/bans/{sam_id}", {"for_good": True}) == 200
            assert await minji.status("PUT", f"{path}/words", {"words": ["fudge"]}) == 200
            assert await minji.status("PUT", f"{path}/moderators/{ali_id}") == 204
            found = pair.two.rooms.in_memory.find(there["room"])
            assert found
            moderation = found.social.moderation
            await eventually(lambda: moderation.is_banned(sam_id) and moderation.rank(ali_id))

            status, refusal = await sam_2.ask("POST", messages, {"id": "b", "text": "hi"})
            assert (status, refusal["code"]) == (403, "banned")
            words = await ali_2.ask("GET", f"/api/rooms/{there['room']}/words")
            assert words == (200, {"words": ["fudge"]})

            await pair.one.storage.bans.add_by_operator(ali_id, "b", time.time(), None, "")
            await eventually(lambda: moderation.is_banned(ali_id))
            assert await ali_2.status("POST", "/api/rooms", {}) == 403


async def test_an_ended_live_of_one_is_right_at_the_other(pair: Pair) -> None:
    """Its history, its log, its reports, and who may watch it."""
    async with Browser(pair.one.url) as minji, Browser(pair.one.url) as sam:
        await minji.ask("PUT", "/api/me/handle", {"handle": "minji-test"})
        _, room = await minji.ask("POST", "/api/rooms", {})
        path = f"/api/rooms/{room['room']}"
        assert await sam.status("POST", f"{path}/messages", {"id": "a", "text": "hi"}) == 201
        _, report = await minji.ask("POST", f"{path}/reports", {"message": 1, "reason": "spam"})
        sam_id = (await sam.person())["id"]
        assert await minji.status("PUT", f"{path}/mutes/{sam_id}", {"seconds": 60}) == 200
        assert await minji.status("PATCH", path, {"visibility": "private"}) == 200
        assert await minji.status("DELETE", path) == 204
        async with at(pair.two, minji) as minji_2, at(pair.two, sam) as sam_2:
            _, page = await minji_2.ask("GET", f"{path}/messages")
            assert [message["text"] for message in page["messages"]] == ["hi"]
            _, log = await minji_2.ask("GET", f"{path}/log")
            assert [line["action"] for line in log["log"]] == ["settings", "mute"]
            assert (await minji_2.ask("GET", f"{path}/reports"))[1] == {"reports": [report]}
            _, own = await sam_2.ask("GET", "/api/me/reports")
            assert [one["id"] for one in own["about"]] == [report["id"]]
            status, refusal = await sam_2.ask("GET", f"{path}/messages")
            assert (status, refusal["code"]) == (403, "private_room")


async def renewed(observer: Server, other: Server, times: int) -> None:
    """Returns when the other server has renewed its lease that many times."""
    store, id = observer.storage.server_leases, other.storage.rooms.server
    async with asyncio.timeout(10):
        while (await store.read_others()).get(id, 0) < times:  # noqa: ASYNC110 (no event)
            await asyncio.sleep(0.02)


async def test_the_rooms_of_a_lost_server_end_at_the_other(
    postgres: Postgres, tmp_path: Path
) -> None:
    """The rooms of a server that is only restarted remain open."""
    clock = Clock(0.0)
    with postgres.database() as url:
        async with running(tmp_path / "two", database=url) as two:
            store = two.storage.server_leases
            observer = LostServers(store, two.rooms.in_memory.open_names, clock)
            async with running(tmp_path / "one", database=url) as one:
                room = await one.create()
                await renewed(two, one, 1)
            while clock.now < LOST_AFTER:
                await observer.check()
                assert await two.status("GET", f"/api/rooms/{room.name}") == 421
                clock.now += RENEW_EVERY
            async with running(tmp_path / "one", database=url) as one:
                assert await one.state(room) == "idle"
                await renewed(two, one, 2)
            await observer.check()
            assert await two.status("GET", f"/api/rooms/{room.name}") == 421
            for _ in range(round(LOST_AFTER / RENEW_EVERY)):
                clock.now += RENEW_EVERY
                await observer.check()
            assert await two.state(room) == "ended"
