"""Clips over HTTP, as API.md describes them. The media is fed to the room; all else is real."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from relay.client_address import keys_of
from relay.sample import VIDEO
from server.clips import drafts as drafts_module
from server.clips.clips import Change
from server.clips.cut import Cut
from server.clips.draft import Draft
from server.clips.rights import Rights
from server.people.person import ANONYMOUS
from server.people.purge import Purge
from server.social.author import Requester
from server.storage.clip_record import ClipRecord
from server.storage.clips import ClipLimits
from server.storage.errors import StorageUnavailable
from tests.fixtures import live_samples
from tests.fixtures.clips import (
    S,
    frames,
    go_live,
    lengths,
    make_clip,
    publish,
    publish_clip,
    refusal,
    settled,
)
from tests.fixtures.deadline import eventually
from tests.fixtures.people import Browser
from tests.fixtures.server import NewRoom, Server, running


@dataclass(frozen=True, slots=True)
class Party:
    """A live with its creator and two viewers."""

    server: Server
    room: NewRoom
    creator: Browser
    sam: Browser
    minji: Browser

    @property
    def path(self) -> str:
        return f"/api/rooms/{self.room.name}/clips"

    async def choose(self, **settings: object) -> None:
        """Changes settings of the room, as its creator."""
        status, answer = await self.creator.ask("PATCH", f"/api/rooms/{self.room.name}", settings)
        assert status == 200, answer


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """Starts a server without recordings, so that the tests are faster."""
    async with running(tmp_path, keep_replays="no") as server:
        yield server


@pytest_asyncio.fixture
async def party(server: Server) -> AsyncIterator[Party]:
    async with beginning(server) as party:
        yield party


@asynccontextmanager
async def beginning(server: Server) -> AsyncIterator[Party]:
    async with (
        Browser(server.url) as creator,
        Browser(server.url) as sam,
        Browser(server.url) as minji,
    ):
        for browser in (creator, sam, minji):
            await browser.person()
        room = await creator.create_room(title="A title")
        go_live(server, room)
        yield Party(server, room, creator, sam, minji)


async def download(person: Browser, path: str) -> bytes:
    async with person.http.get(person.url + path) as response:
        assert response.status == 200, await response.text()
        return await response.read()


async def fetched(person: Browser, path: str) -> int:
    """Returns the status of an answer that may be a file."""
    async with person.http.get(person.url + path) as response:
        await response.read()
        return response.status


async def test_a_tap_makes_a_draft_that_plays(party: Party) -> None:
    draft = await make_clip(party.sam, party.room, end=36 * S, seconds=10)
    assert (draft["state"], draft["title"], draft["source"]) == ("draft", "A title", "viewer")
    assert (draft["start"], draft["duration"]) == (26 * S, 10.0)
    assert (draft["from"], draft["until"]) == (10 * S, pytest.approx(40 * S, abs=1))
    assert draft["keyframes"] == list(range(10 * S, 40 * S, 2 * S))
    assert (draft["width"], draft["height"]) == (64, 48)
    assert draft["mine"] and not draft["creator"]
    assert draft["person"]["id"] == (await party.sam.person())["id"]
    played = lengths(await download(party.sam, draft["video"]))
    assert played == pytest.approx({"video": 10, "audio": 10}, abs=0.04)


async def test_a_draft_is_unpacked_once(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if media arrives meanwhile. The pictures are made from the same samples."""
    unpacked: list[Draft] = []
    stretch = Draft.stretch

    async def counted(draft: Draft) -> Cut:
        unpacked.append(draft)
        found = await stretch(draft)
        publish(party.server, party.room, live_samples.video(1, start=40))
        return found

    monkeypatch.setattr(Draft, "stretch", counted)
    await make_clip(party.sam, party.room)
    await settled(party.server.clips)
    (draft,) = unpacked
    assert draft.pictures


async def test_drafts_are_unpacked_one_after_another(
    party: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the event loop had no time for frames."""
    for person in (party.sam, party.minji):
        await make_clip(person, party.room)
    running, most = 0, 0
    stretch = Draft.stretch

    async def counted(draft: Draft) -> Cut:
        nonlocal running, most
        running += 1
        most = max(most, running)
        found = await stretch(draft)
        running -= 1
        return found

    monkeypatch.setattr(Draft, "stretch", counted)
    clips = party.server.clips
    await asyncio.gather(*(clips._drafting.stretch(draft) for draft in clips.drafts))
    assert most == 1


async def test_a_draft_gets_a_filmstrip(party: Party) -> None:
    draft = await make_clip(party.sam, party.room)
    path = f"/api/clips/{draft['id']}"
    async with asyncio.timeout(20):
        while draft["filmstrip"] is None:
            await asyncio.sleep(0.02)
            _, draft = await party.sam.ask("GET", path)
    strip = draft["filmstrip"]
    assert [tile["at"] for tile in strip["tiles"]] == draft["keyframes"]
    assert [tile["x"] for tile in strip["tiles"]] == [n * strip["width"] for n in range(15)]
    for url in (strip["url"], draft["poster"]):
        assert (await download(party.sam, url)).startswith(b"\xff\xd8")
    assert (await download(party.sam, draft["poster_webp"])).startswith(b"RIFF")


async def test_a_draft_grows_for_five_seconds(party: Party) -> None:
    draft = await make_clip(party.sam, party.room)
    assert draft["until"] == pytest.approx(40 * S, abs=1)
    publish(party.server, party.room, live_samples.video(8, start=40))
    _, grown = await party.sam.ask("GET", f"/api/clips/{draft['id']}")
    assert grown["until"] == pytest.approx(45 * S, abs=40_000)


async def test_done_makes_the_final_clip(party: Party) -> None:
    """The final clip replaces the draft, and everyone sees the clip. Only the creator sees who made
    the clip.
    """
    draft = await make_clip(party.sam, party.room)
    path = f"/api/clips/{draft['id']}"
    assert await refusal(party.minji, "GET", path) == (404, "clip_not_found")
    assert await refusal(party.creator, "GET", path) == (404, "clip_not_found")
    body = {"start": 20 * S, "end": 27 * S, "title": "  Look  "}
    status, clip = await party.sam.ask("PUT", path, body)
    assert (status, clip["state"], clip["title"]) == (200, "published", "Look")
    assert (clip["start"], clip["end"]) == (20 * S, 27 * S)
    assert "from" not in clip and clip["filmstrip"] is None and clip["bytes"] > 0
    video = await download(party.minji, clip["video"])
    assert lengths(video) == pytest.approx({"video": 7, "audio": 7}, abs=0.04)
    assert (await download(party.minji, clip["poster"])).startswith(b"\xff\xd8")
    assert await fetched(party.sam, draft["video"]) == 404
    for person, seen in ((party.minji, False), (party.creator, True), (party.sam, True)):
        status, found = await person.ask("GET", path)
        assert (status, found["person"] is not None) == (200, seen)
        _, listed = await person.ask("GET", party.path)
        assert listed["clips"] == [found]
    assert await refusal(party.sam, "PUT", path, body) == (409, "clip_finished")


async def test_a_clip_without_sound(server: Server, browser: Browser) -> None:
    room = await browser.create_room()
    go_live(server, room, 12, sound=False)
    clip = await publish_clip(browser, room)
    assert clip["state"] == "published"
    played = lengths(await download(browser, clip["video"]))
    assert played == {"video": pytest.approx(clip["duration"], abs=0.001)}


async def test_a_program_with_the_creator_key(party: Party) -> None:
    """The program may make highlights. Only programs with the key see the program's drafts."""
    url = party.server.url
    async with party.server.http.post(
        url + party.path, json={"source": "highlight"}, headers=party.room.bearer
    ) as response:
        assert response.status == 201
        draft = await response.json()
    assert (draft["source"], draft["person"], draft["mine"]) == ("highlight", None, True)
    path = f"/api/clips/{draft['id']}"
    for headers, status in (
        ({}, 404),
        (party.room.bearer, 200),
        ({"Authorization": "Bearer x"}, 404),
    ):
        assert await party.server.status("GET", path, headers=headers) == status
    body = {"source": "highlight", "publish": True}
    assert await refusal(party.sam, "POST", party.path, body) == (403, "creator_only")
    assert (await publish_clip(party.creator, party.room, **body))["creator"]


NO_CLIPS: list[tuple[object, tuple[int, str]]] = [
    ({"end": 100 * S}, (422, "bad_clip")),
    ({"end": 43 * S}, (422, "bad_clip")),
    ({"end": 1 * S}, (410, "moment_gone")),
    ({"end": 13 * S}, (422, "clip_too_short")),
    ({"end": -1}, (422, "bad_clip")),
    ({"seconds": -10}, (422, "bad_clip")),
    ({"seconds": 600}, (422, "bad_clip")),
    ({"seconds": "NaN"}, (422, "bad_clip")),
    ({"title": "x" * 81}, (422, "bad_clip")),
    ({"source": "magic"}, (422, "bad_clip")),
    ({"colour": 1}, (422, "bad_clip")),
    ([], (400, "not_json")),
]


async def test_moments_that_are_no_clip(party: Party) -> None:
    """Refused moments leave no draft, and do not count."""
    for body, code in NO_CLIPS:
        assert await refusal(party.sam, "POST", party.path, body) == code, body
    assert not party.server.clips.drafts
    assert (await party.sam.ask("GET", party.path))[1] == {"clips": []}
    for _ in range(party.server.clips.drafts.limit[0]):
        await refusal(party.sam, "POST", party.path, {"end": 1 * S})
    await make_clip(party.sam, party.room)


async def test_ends_that_are_not_possible(party: Party) -> None:
    """The draft remains, and can be finished with other ends."""
    draft = await make_clip(party.sam, party.room)
    path = f"/api/clips/{draft['id']}"
    for start, end, code in (
        (20, 22, (422, "clip_too_short")),
        (30, 20, (422, "clip_too_short")),
        (10, 400, (422, "clip_too_long")),
        (400, 410, (410, "moment_gone")),
        (-5, 10, (422, "bad_clip")),
    ):
        body = {"start": start * S, "end": end * S}
        assert await refusal(party.sam, "PUT", path, body) == code
    body = {"start": 20 * S, "end": 30 * S}
    assert await party.sam.status("PUT", path, body) == 200


async def test_a_room_that_is_not_live(server: Server, browser: Browser) -> None:
    await browser.person()
    room = await browser.create_room()
    path = f"/api/rooms/{room.name}/clips"
    assert await refusal(browser, "POST", path, {}) == (409, "room_not_live")
    go_live(server, room, 3)
    assert await refusal(browser, "POST", path, {}) == (422, "clip_too_short")
    assert await browser.status("DELETE", f"/api/rooms/{room.name}") == 204
    async with Browser(server.url) as other:
        assert await refusal(other, "POST", path, {}) == (410, "room_ended")
    assert await refusal(browser, "POST", "/api/rooms/nowhere/clips", {}) == (404, "room_not_found")
    assert await refusal(browser, "GET", "/api/rooms/nowhere/clips") == (404, "room_not_found")


async def test_across_a_new_picture_size(party: Party) -> None:
    """The clip and its handles stop at the change of the size, on the side of the tap."""
    track = live_samples.track(96, 64)
    party.server.stream(party.room).set_track(track, time.time_ns() // 1_000)
    publish(party.server, party.room, live_samples.video(8, start=40, width=96, height=64))
    after = await make_clip(party.sam, party.room, end=48 * S)
    assert (after["width"], after["from"], after["start"]) == (96, 40 * S, 40 * S)
    before = await make_clip(party.sam, party.room, end=39 * S)
    assert (before["width"], before["start"]) == (64, 30 * S)
    assert before["until"] == pytest.approx(40 * S, abs=1)


async def test_across_an_interruption(party: Party) -> None:
    """After a long absence, the clip begins when the creator returns."""
    samples = live_samples.together(
        live_samples.video(8, start=60, epoch=2), live_samples.sound(8, start=60, epoch=2)
    )
    publish(party.server, party.room, samples)
    draft = await make_clip(party.sam, party.room)
    assert (draft["from"], draft["start"], draft["duration"]) == (60 * S, 60 * S, 8.0)


async def test_the_creator_forbids_clips(party: Party) -> None:
    """Drafts that began before cannot be finished either. The creator still makes clips."""
    draft = await make_clip(party.sam, party.room)
    await party.choose(clips="off")
    assert await refusal(party.minji, "POST", party.path, {}) == (403, "clips_off")
    body = {"start": 20 * S, "end": 30 * S}
    path = f"/api/clips/{draft['id']}"
    assert await refusal(party.sam, "PUT", path, body) == (403, "clips_off")
    assert (await publish_clip(party.creator, party.room))["state"] == "published"
    settings = {"clips": "some"}
    room = f"/api/rooms/{party.room.name}"
    assert await refusal(party.creator, "PATCH", room, settings) == (422, "bad_moderation")
    assert await refusal(party.sam, "PATCH", room, {"clips": "off"}) == (403, "moderators_only")


async def test_the_creator_approves_clips_first(party: Party) -> None:
    await party.choose(clips="approve")
    assert (await publish_clip(party.creator, party.room))["state"] == "published"
    clip = await publish_clip(party.sam, party.room)
    path = f"/api/clips/{clip['id']}"
    assert (clip["state"], clip["published_at"]) == ("waiting", None)
    assert await party.minji.status("GET", path) == 404
    assert await fetched(party.minji, clip["video"]) == 404
    assert len((await party.minji.ask("GET", party.path))[1]["clips"]) == 1
    assert len((await party.creator.ask("GET", party.path))[1]["clips"]) == 2
    assert await refusal(party.sam, "POST", f"{path}/approve") == (403, "creator_only")
    assert await refusal(party.minji, "POST", f"{path}/approve") == (404, "clip_not_found")
    status, approved = await party.creator.ask("POST", f"{path}/approve")
    assert (status, approved["state"]) == (200, "published")
    assert await fetched(party.minji, clip["video"]) == 200


async def test_the_words_of_an_approved_clip_are_final(party: Party) -> None:
    """Otherwise a person could write after the approval what the creator would not approve."""
    await party.choose(clips="approve")
    clip = await publish_clip(party.sam, party.room)
    path = f"/api/clips/{clip['id']}"
    assert await party.sam.status("PATCH", path, {"title": "Good"}) == 200
    assert await party.creator.status("POST", f"{path}/approve") == 200
    for words in ({"title": "Bad"}, {"caption": "Bad"}, {"caption": ""}):
        assert await refusal(party.sam, "PATCH", path, words) == (403, "creator_only")
    assert await party.sam.status("PATCH", path, {"visibility": "unlisted"}) == 200
    status, changed = await party.creator.ask("PATCH", path, {"caption": "Mine"})
    assert (status, changed["title"], changed["caption"]) == (200, "Good", "Mine")
    await party.choose(clips="allowed")
    assert await party.sam.status("PATCH", path, {"title": "Better"}) == 200


async def test_a_deletion_and_its_undo(party: Party) -> None:
    clip = await publish_clip(party.sam, party.room)
    path = f"/api/clips/{clip['id']}"
    assert await refusal(party.minji, "DELETE", path) == (403, "clipper_only")
    for person in (party.sam, party.creator):
        assert await person.status("DELETE", path) == 204
        for gone in (path, clip["video"], clip["poster"]):
            assert await fetched(party.minji, gone) == 404
        assert (await party.creator.ask("GET", party.path))[1] == {"clips": []}
        assert await refusal(party.minji, "POST", f"{path}/restore") == (404, "clip_not_found")
        status, restored = await person.ask("POST", f"{path}/restore")
        assert (status, restored["state"]) == (200, "published")
    assert await fetched(party.minji, clip["video"]) == 200
    await party.server.storage.clips.delete(clip["id"], time.time() - 11)
    assert await refusal(party.sam, "POST", f"{path}/restore") == (409, "undo_over")


async def test_only_the_creator_undoes_a_deletion_by_the_creator(party: Party) -> None:
    clip = await publish_clip(party.sam, party.room)
    path = f"/api/clips/{clip['id']}"
    assert await party.creator.status("DELETE", path) == 204
    assert await refusal(party.sam, "POST", f"{path}/restore") == (403, "creator_only")
    assert await fetched(party.minji, clip["video"]) == 404
    assert await party.creator.status("POST", f"{path}/restore") == 200
    assert await party.sam.status("DELETE", path) == 204
    assert await party.sam.status("POST", f"{path}/restore") == 200, "an own deletion"
    assert await fetched(party.minji, clip["video"]) == 200


async def test_a_draft_is_deleted_for_good(party: Party) -> None:
    draft = await make_clip(party.sam, party.room)
    path = f"/api/clips/{draft['id']}"
    assert await party.sam.status("DELETE", path) == 204
    assert await refusal(party.sam, "POST", f"{path}/restore") == (404, "clip_not_found")
    assert await fetched(party.sam, draft["video"]) == 404
    assert not party.server.clips.drafts


async def test_changes(party: Party) -> None:
    """Only the creator makes a clip visible to more people."""
    clip = await publish_clip(party.sam, party.room)
    path = f"/api/clips/{clip['id']}"
    body = {"title": "New", "caption": "Words", "visibility": "unlisted"}
    status, changed = await party.sam.ask("PATCH", path, body)
    assert status == 200 and {name: changed[name] for name in body} == body
    assert await party.minji.status("GET", path) == 200
    assert (await party.minji.ask("GET", party.path))[1] == {"clips": []}
    wider = {"visibility": "public"}
    assert await refusal(party.sam, "PATCH", path, wider) == (403, "creator_only")
    assert await refusal(party.minji, "PATCH", path, {"title": ""}) == (403, "clipper_only")
    assert await party.creator.status("PATCH", path, wider) == 200
    lines = {"caption": "a\n" * 9}
    for bad in ({"caption": "x" * 301}, lines, {"visibility": "secret"}, {"state": "published"}):
        assert await refusal(party.sam, "PATCH", path, bad) == (422, "bad_clip")


async def test_a_caption_is_a_text_track(party: Party) -> None:
    draft = await make_clip(party.sam, party.room)
    path, track = f"/api/clips/{draft['id']}", f"/clips/{draft['id']}/captions.vtt"
    assert draft["captions"] is None and await fetched(party.sam, track) == 404
    body = {"start": 30 * S, "end": 40 * S, "caption": "Look!\r\n\n  There \u202e <b> "}
    _, clip = await party.sam.ask("PUT", path, body)
    assert (clip["caption"], clip["captions"]) == ("Look!\nThere <b>", track)
    async with party.minji.http.get(party.minji.url + track) as response:
        assert response.content_type == "text/vtt"
        assert response.headers["Cache-Control"] == "no-cache"
        text, known = await response.text(), {"If-None-Match": response.headers["ETag"]}
    assert text == (
        "WEBVTT\n\n00:00.000 --> 00:04.411\nLook!\n\n00:04.411 --> 00:10.000\nThere &lt;b&gt;\n"
    )
    async with party.minji.http.get(party.minji.url + track, headers=known) as response:
        assert response.status == 304
    assert await party.creator.status("PATCH", path, {"caption": "Mine"}) == 200
    assert "Mine" in (await download(party.minji, track)).decode()
    assert await party.creator.status("PATCH", path, {"visibility": "private"}) == 200
    assert await fetched(party.minji, track) == 404
    assert await party.creator.status("PATCH", path, {"caption": ""}) == 200
    assert await fetched(party.sam, track) == 404


async def test_the_caption_of_a_banned_person_disappears(party: Party) -> None:
    clip = await publish_clip(party.sam, party.room)
    path = f"/api/clips/{clip['id']}"
    assert await party.sam.status("PATCH", path, {"caption": "Words"}) == 200
    person = (await party.sam.person())["id"]
    ban, track = f"/api/rooms/{party.room.name}/bans/{person}", f"/clips/{clip['id']}/captions.vtt"
    assert await party.creator.status("PUT", ban, {"for_good": False}) == 200
    assert await refusal(party.sam, "PATCH", path, {"caption": "Again"}) == (403, "banned")
    assert await party.creator.status("PUT", ban, {"for_good": True}) == 200
    assert await fetched(party.minji, track) == 404


async def test_words_of_the_creators_list(party: Party) -> None:
    """A clip with such a word in its title waits for the creator. Others cannot change a clip so
    that it has such a word.
    """
    words = {"words": ["spoiler"]}
    assert await party.creator.status("PUT", f"/api/rooms/{party.room.name}/words", words) == 200
    held = await publish_clip(party.sam, party.room, title="The SP0ILER")
    clip = await publish_clip(party.sam, party.room, title="The end")
    assert (held["state"], clip["state"]) == ("waiting", "published")
    path = f"/api/clips/{clip['id']}"
    for change in ({"title": "a spoiler"}, {"title": "A", "caption": "s p o i l e r"}):
        assert await refusal(party.sam, "PATCH", path, change) == (422, "bad_clip")
    assert (await party.minji.ask("GET", path))[1] == clip | {"mine": False, "person": None}
    assert await party.creator.status("PATCH", path, {"caption": "a spoiler"}) == 200
    assert await party.sam.status("PATCH", path, {"title": "Fine"}) == 200
    draft = await make_clip(party.sam, party.room)
    body = {"start": 20 * S, "end": 30 * S, "title": "spoiler!"}
    _, held = await party.sam.ask("PUT", f"/api/clips/{draft['id']}", body)
    assert held["state"] == "waiting"
    draft = await make_clip(party.sam, party.room)
    body = {"start": 20 * S, "end": 30 * S, "caption": "Fine\nspoiler!"}
    _, held = await party.sam.ask("PUT", f"/api/clips/{draft['id']}", body)
    assert held["state"] == "waiting"
    await party.choose(title="No spoilers, one spoiler")
    made = await publish_clip(party.creator, party.room, title="spoiler")
    assert made["state"] == "published"
    made = await publish_clip(party.sam, party.room)
    assert (made["title"], made["state"]) == ("No spoilers, one spoiler", "published")


async def test_changes_at_the_same_time(party: Party) -> None:
    """Each change keeps what the other one has changed."""
    await party.choose(clips="approve")
    clip = await publish_clip(party.sam, party.room)
    path, clips = f"/api/clips/{clip['id']}", party.server.clips
    before = await clips.find(clip["id"])
    assert before and before.record.state == "waiting"
    assert await party.creator.status("POST", f"{path}/approve") == 200
    assert await party.creator.status("PATCH", path, {"visibility": "private"}) == 200
    await clips.change(before, Rights(clipper=True), Requester(ANONYMOUS), Change(title="New"))
    _, changed = await party.creator.ask("GET", path)
    assert (changed["title"], changed["visibility"]) == ("New", "private")
    assert changed["state"] == "published"


async def test_a_clip_of_a_private_live(party: Party) -> None:
    """The clip is private too: only followers of the creator and holders of a link can see the
    clip.
    """
    await party.choose(visibility="private")
    clip = await publish_clip(party.creator, party.room)
    path = f"/api/clips/{clip['id']}"
    assert clip["visibility"] == "private"
    link = f"/api/rooms/{party.room.name}/links"
    _, made = await party.creator.ask("POST", link, {"seconds": 600})
    token = made["url"].partition("?k=")[2]
    for wanted in (path, clip["video"]):
        assert await fetched(party.minji, wanted) == 404
        assert await fetched(party.minji, f"{wanted}?k={token}") == 200
        assert await fetched(party.minji, f"{wanted}?k={token[:-1]}") == 404
    creator = (await party.creator.person())["id"]
    await party.sam.ask("PUT", f"/api/follows/{creator}")
    assert await fetched(party.sam, clip["video"]) == 200
    await party.choose(visibility="public")
    assert await party.minji.status("GET", path) == 404, "the clip stays private"
    await party.creator.ask("PATCH", path, {"visibility": "public"})
    assert await party.minji.status("GET", path) == 200


async def test_a_live_that_becomes_private_after_the_tap(party: Party) -> None:
    """The clip is as visible as the live when the clip is finished, but never more than before."""
    drafts = [await make_clip(party.sam, party.room) for _ in range(2)]
    await party.choose(visibility="unlisted")
    drafts.append(await make_clip(party.sam, party.room))
    assert [draft["visibility"] for draft in drafts] == ["public", "public", "unlisted"]
    body = {"start": 20 * S, "end": 30 * S}
    for draft, live, expected in (
        (drafts[0], "unlisted", "unlisted"),
        (drafts[1], "private", "private"),
        (drafts[2], "public", "unlisted"),
    ):
        await party.choose(visibility=live)
        path = f"/api/clips/{draft['id']}"
        status, clip = await party.sam.ask("PUT", path, body)
        assert (status, clip["visibility"]) == (200, expected)
        assert (await party.sam.ask("GET", path))[1] == clip
        assert (await fetched(party.minji, path) == 404) is (expected == "private")


async def test_a_ban_for_good_takes_the_clips_away(party: Party) -> None:
    clip = await publish_clip(party.sam, party.room)
    draft = await make_clip(party.sam, party.room)
    sam = (await party.sam.person())["id"]
    ban = f"/api/rooms/{party.room.name}/bans/{sam}"
    assert await party.creator.status("PUT", ban, {"for_good": False}) == 200
    assert await fetched(party.minji, clip["video"]) == 200
    assert await refusal(party.sam, "POST", party.path, {}) == (403, "banned")
    body = {"start": 20 * S, "end": 30 * S}
    assert await refusal(party.sam, "PUT", f"/api/clips/{draft['id']}", body) == (403, "banned")
    assert await party.creator.status("PUT", ban, {"for_good": True}) == 200
    assert await fetched(party.minji, clip["video"]) == 404
    assert await party.creator.status("DELETE", ban) == 204
    assert await fetched(party.minji, clip["video"]) == 200


async def test_a_banned_person_does_not_bring_clips_back(party: Party) -> None:
    clip = await publish_clip(party.sam, party.room)
    restore = f"/api/clips/{clip['id']}/restore"
    sam = (await party.sam.person())["id"]
    ban = f"/api/rooms/{party.room.name}/bans/{sam}"
    assert await party.creator.status("PUT", ban, {"for_good": True}) == 200
    assert await refusal(party.sam, "POST", restore) == (403, "banned")
    assert await fetched(party.minji, clip["video"]) == 404
    assert await party.creator.status("POST", restore) == 200


async def test_a_creator_whom_the_operator_bans_finishes_no_clip(party: Party) -> None:
    draft = await make_clip(party.creator, party.room)
    creator, now = (await party.creator.person())["id"], time.time()
    await party.server.storage.bans.add_by_operator(creator, "ban", now, now + 600, "")
    body = {"start": 20 * S, "end": 30 * S}
    path = f"/api/clips/{draft['id']}"
    assert await refusal(party.creator, "PUT", path, body) == (403, "banned")


async def test_a_deleted_person_takes_the_clips_along(party: Party) -> None:
    clip = await publish_clip(party.sam, party.room)
    sam = (await party.sam.person())["id"]
    _, data = await party.sam.ask("GET", "/api/me/data")
    assert [one["id"] for one in data["clips"]] == [clip["id"]]
    assert data["clips"][0]["video"] == f"{party.server.url}{clip['video']}?download"
    await party.sam.ask("DELETE", "/api/me")
    storage, now = party.server.storage, time.time() + 30 * 86_400
    await Purge(storage.accounts, party.server.identity.counters).run(now)
    assert await storage.accounts.find(sam) is None
    assert await fetched(party.minji, clip["video"]) == 404
    assert f"clips/{clip['id']}/" in await storage.discarded.oldest(10)


async def test_a_deleted_live_takes_the_clips_along(party: Party) -> None:
    clip = await publish_clip(party.sam, party.room)
    draft = await make_clip(party.sam, party.room)
    assert await party.creator.status("DELETE", f"/api/rooms/{party.room.name}/data") == 204
    body = {"start": 20 * S, "end": 30 * S}
    path = f"/api/clips/{draft['id']}"
    assert await refusal(party.sam, "PUT", path, body) == (404, "clip_not_found")
    assert await fetched(party.minji, clip["video"]) == 404


async def test_an_ended_live_keeps_its_clips(party: Party) -> None:
    """A draft that began before the end can still be finished."""
    draft = await make_clip(party.sam, party.room)
    assert await party.creator.status("DELETE", f"/api/rooms/{party.room.name}") == 204
    body = {"start": 20 * S, "end": 30 * S}
    status, clip = await party.sam.ask("PUT", f"/api/clips/{draft['id']}", body)
    assert (status, clip["state"]) == (200, "published")
    assert await fetched(party.minji, clip["video"]) == 200
    assert (await party.minji.ask("GET", party.path))[1]["clips"][0]["id"] == clip["id"]


async def recorded(party: Party, seconds: float) -> None:
    """Waits until the recording has so many seconds."""
    store = party.server.storage.recordings

    async def duration() -> int:
        return (await store.progress(party.room.name)).duration

    async with asyncio.timeout(20):
        while await duration() < seconds * S:  # noqa: ASYNC110 (another task stores the segments)
            await asyncio.sleep(0.01)


async def test_a_moment_that_only_the_recording_has(tmp_path: Path) -> None:
    """The creator can clip the moment while the live runs, and after the end of the live."""
    async with running(tmp_path) as server, beginning(server) as party:
        await clip_lost_moments(party)


async def clip_lost_moments(party: Party) -> None:
    await recorded(party, 16)
    stream = party.server.stream(party.room)
    window = {sample.media_time: sample.data for sample in stream.window if sample.track is VIDEO}
    stream.window.clear()
    publish(party.server, party.room, live_samples.video(8, start=40))
    lost = {"end": 24 * S, "seconds": 8}
    assert await refusal(party.sam, "POST", party.path, lost) == (410, "moment_gone")
    clip = await publish_clip(party.creator, party.room, **lost, source="highlight")
    assert (clip["source"], clip["start"], clip["end"]) == ("highlight", 16 * S, 24 * S)
    assert await party.creator.status("DELETE", f"/api/rooms/{party.room.name}") == 204
    await eventually(lambda: not party.server.recordings.running, 20)
    assert await refusal(party.sam, "POST", party.path, lost) == (410, "room_ended")
    assert await refusal(party.creator, "POST", party.path, {}) == (422, "bad_clip")
    late = {"end": 500 * S}
    assert await refusal(party.creator, "POST", party.path, late) == (410, "moment_gone")
    draft = await make_clip(party.creator, party.room, **lost)
    assert (draft["source"], draft["from"]) == ("replay", 10 * S)
    body = {"start": 20 * S, "end": 28 * S}
    status, clip = await party.creator.ask("PUT", f"/api/clips/{draft['id']}", body)
    assert (status, clip["state"]) == (200, "published")
    packets = frames(await download(party.minji, clip["video"]))
    assert packets == [window[at] for at in window if 20 * S <= at < 28 * S]


async def test_one_person_makes_few_clips(tmp_path: Path) -> None:
    """The limit counts all clips, also the clips that the person deletes."""
    async with (
        running(tmp_path, clips_per_person=2) as server,
        Browser(server.url) as sam,
        Browser(server.url) as minji,
    ):
        room = await sam.create_room()
        go_live(server, room, 8)
        path = f"/api/rooms/{room.name}/clips"
        await make_clip(sam, room, seconds=5)
        draft = await make_clip(sam, room, seconds=5)
        assert await sam.status("DELETE", f"/api/clips/{draft['id']}") == 204
        for _ in range(3):
            status, answer = await sam.ask("POST", path, {"seconds": 5})
            assert (status, answer["code"]) == (429, "too_many_clips")
            assert 500 < answer["retry_after"] <= 600
        await make_clip(minji, room, seconds=5)


async def test_a_live_has_few_clips(tmp_path: Path) -> None:
    async with running(tmp_path, clips_per_live=1) as server, Browser(server.url) as sam:
        room = await sam.create_room()
        go_live(server, room, 8)
        path = f"/api/rooms/{room.name}/clips"
        await make_clip(sam, room, seconds=5)
        assert await refusal(sam, "POST", path, {"seconds": 5}) == (429, "too_many_clips")
        assert len(server.clips.drafts) == 1


async def test_a_draft_counts_for_its_network(party: Party) -> None:
    await make_clip(party.sam, party.room)
    (draft,) = party.server.clips.drafts
    assert draft.client == keys_of("127.0.0.1")


async def test_a_draft_expires(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = await make_clip(party.sam, party.room)
    monkeypatch.setattr(drafts_module, "LASTS", 0.0)
    await eventually(lambda: not party.server.clips.drafts, 20)
    path = f"/api/clips/{draft['id']}"
    assert await refusal(party.sam, "GET", path) == (404, "clip_not_found")
    await settled(party.server.clips)
    assert await party.server.storage.clips.find(draft["id"]) is None


async def test_a_commit_whose_answer_is_lost(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clip remains when the draft expires."""
    draft = await make_clip(party.sam, party.room)
    store = party.server.storage.clips
    finish = store.finish

    async def lost(record: ClipRecord) -> bool:
        await finish(record)
        raise StorageUnavailable("the answer is lost")

    monkeypatch.setattr(store, "finish", lost)
    path, body = f"/api/clips/{draft['id']}", {"start": 20 * S, "end": 30 * S}
    assert await party.sam.status("PUT", path, body) == 503
    assert len(party.server.clips.drafts) == 1
    monkeypatch.setattr(drafts_module, "LASTS", 0.0)
    await eventually(lambda: not party.server.clips.drafts, 20)
    await settled(party.server.clips)
    _, clip = await party.minji.ask("GET", path)
    assert clip["state"] == "published"
    assert await fetched(party.minji, clip["video"]) == 200


async def test_a_server_that_stops_leaves_no_half_clip(tmp_path: Path) -> None:
    async with running(tmp_path) as server, Browser(server.url) as sam:
        room = await sam.create_room()
        go_live(server, room, 8)
        draft = await make_clip(sam, room, seconds=5)
        clip = await publish_clip(sam, room, seconds=5)
        found = await server.storage.clips.find(draft["id"])
        assert found is not None
    async with running(tmp_path) as server:
        store = server.storage.clips
        assert await store.find(draft["id"]) is None
        assert await store.find(clip["id"]) is not None
        # As after a crash, the rows of drafts still exist.
        await store.add(found.record, ClipLimits(10, 10))
    async with running(tmp_path) as server:
        assert await server.storage.clips.find(draft["id"]) is None
        assert await server.storage.clips.find(clip["id"]) is not None


async def test_a_guessed_id(server: Server, browser: Browser) -> None:
    body = {"start": 0, "end": 10 * S}
    for name in ("x", "a" * 33, "..%2F..%2Fetc", "%00", "0/video.mp4", "💔", "-", "x' OR 1=1"):
        for method, path in (
            ("GET", f"/api/clips/{name}"),
            ("PUT", f"/api/clips/{name}"),
            ("DELETE", f"/api/clips/{name}"),
            ("GET", f"/clips/{name}/1/video.mp4"),
        ):
            assert await browser.status(method, path, body if method == "PUT" else None) == 404


async def test_metrics(party: Party) -> None:
    await make_clip(party.sam, party.room)
    await publish_clip(party.sam, party.room)
    async with party.server.http.get(f"{party.server.url}/metrics") as response:
        text = await response.text()
    for line in (
        "microlive_clip_drafts 1.0",
        'microlive_clips_total{result="draft"} 1.0',
        'microlive_clips_total{result="published"} 1.0',
        'microlive_clips_total{result="failed"} 0.0',
    ):
        assert line in text
    assert 'microlive_memory_held_bytes{kind="clips"}' in text


async def test_a_client_that_leaves_in_the_middle(party: Party) -> None:
    """The work for the draft goes on."""
    drafts = party.server.clips.drafts
    asking = asyncio.create_task(party.sam.ask("POST", party.path, {}))
    await eventually(lambda: len(drafts) == 1, 20)
    asking.cancel()
    await asyncio.wait([asking])
    await eventually(lambda: any(draft.files for draft in drafts), 20)
