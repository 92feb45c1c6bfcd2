"""Best moments that are published when the live ends. The media is fed to the room; all else is
real.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from relay.sample import VIDEO
from server.rooms.commands.room import EndByOperator
from tests.fixtures.clips import S, frames, go_live, publish_clip, settled
from tests.fixtures.people import Browser
from tests.fixtures.server import NewRoom, Server, running

PEAK = 20 * S


@dataclass(frozen=True, slots=True)
class Live:
    """A live of 30 s, with a creator and three people who react at PEAK."""

    server: Server
    creator: Browser
    people: tuple[Browser, ...]
    room: NewRoom

    @property
    def path(self) -> str:
        return f"/api/rooms/{self.room.name}"

    async def choose(self, **settings: object) -> None:
        status, answer = await self.creator.ask("PATCH", self.path, settings)
        assert status == 200, answer

    async def react(self, at: int = PEAK) -> None:
        """Lets three people write about the moment."""
        for person in self.people:
            message = {"id": f"at-{at}", "text": "wow", "media_time": at}
            status, answer = await person.ask("POST", f"{self.path}/messages", message)
            assert status == 201, answer

    async def end(self) -> None:
        """Ends the live. Returns when all clips are published."""
        assert await self.creator.status("DELETE", self.path) == 204
        await settled(self.server.clips)

    async def clips(self, by: Browser) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await by.ask("GET", f"{self.path}/clips"))[1]["clips"]
        return found

    async def stored(self) -> list[str]:
        """The states of all clips of the live."""
        every = ("draft", "making", "waiting", "published", "deleted")
        found = await self.server.storage.clips.of_room(self.room.name, every)
        return [clip.record.state for clip in found]

    def window(self, start: int, end: int) -> list[bytes]:
        """The frames that the window now has."""
        return [
            sample.data
            for sample in self.server.stream(self.room).window
            if sample.track is VIDEO and start <= sample.media_time < end
        ]

    async def video(self, clip: dict[str, Any]) -> list[bytes]:
        """The frames of a clip, as the first person gets them."""
        viewer = self.people[0]
        async with viewer.http.get(viewer.url + clip["video"]) as response:
            assert response.status == 200
            return frames(await response.read())


@asynccontextmanager
async def living(server: Server) -> AsyncIterator[Live]:
    async with (
        Browser(server.url) as creator,
        Browser(server.url) as sam,
        Browser(server.url) as minji,
        Browser(server.url) as jun,
    ):
        for browser in (creator, sam, minji, jun):
            await browser.person()
        room = await creator.create_room(title="A title")
        go_live(server, room)
        yield Live(server, creator, (sam, minji, jun), room)


@pytest_asyncio.fixture
async def live(tmp_path: Path) -> AsyncIterator[Live]:
    """A live that is not recorded."""
    async with running(tmp_path, keep_replays="no") as server, living(server) as live:
        yield live


async def test_a_moment_of_the_window(live: Live) -> None:
    await live.choose(auto_highlights=True, clips="approve")
    await live.react()
    shown = live.window(12 * S, 28 * S)
    await live.end()
    (clip,) = await live.clips(live.people[0])
    assert (clip["source"], clip["state"], clip["title"]) == ("highlight", "published", "A title")
    assert (clip["start"], clip["end"], clip["visibility"]) == (12 * S, 28 * S, "public")
    assert await live.video(clip) == shown
    (own,) = await live.clips(live.creator)
    assert own["creator"] and own["person"] is None and own["poster"]
    assert not live.server.clips.drafts
    assert await live.creator.status("DELETE", f"/api/clips/{clip['id']}") == 204


async def test_a_moment_of_the_recording(tmp_path: Path) -> None:
    """It keeps the visibility of the live, and the limit of a person does not apply."""
    async with running(tmp_path, clips_per_person=1) as server, living(server) as live:
        await live.choose(auto_highlights=True, visibility="unlisted")
        await publish_clip(live.creator, live.room, end=38 * S, seconds=5)
        await live.react()
        shown = live.window(12 * S, 28 * S)
        server.stream(live.room).window.clear()
        await live.end()
        (clip,) = [one for one in await live.clips(live.creator) if one["source"] == "highlight"]
        assert (clip["start"], clip["end"], clip["state"]) == (12 * S, 28 * S, "published")
        assert clip["visibility"] == "unlisted"
        assert await live.video(clip) == shown


async def test_a_private_live(live: Live) -> None:
    await live.react()
    await live.choose(auto_highlights=True, visibility="private")
    await live.end()
    (clip,) = await live.clips(live.creator)
    assert clip["visibility"] == "private"
    assert await live.people[0].status("GET", f"/api/clips/{clip['id']}") == 404


async def test_nothing_without_consent(live: Live) -> None:
    await live.react()
    await live.end()
    assert await live.stored() == []


async def test_a_moment_that_the_creator_has_published(live: Live) -> None:
    """Also if the creator has deleted the clip."""
    await live.choose(auto_highlights=True)
    await live.react()
    moment = {"end": 28 * S, "seconds": 16, "source": "highlight"}
    clip = await publish_clip(live.creator, live.room, **moment)
    assert await live.creator.status("DELETE", f"/api/clips/{clip['id']}") == 204
    await live.end()
    assert await live.stored() == ["deleted"]


async def test_a_live_that_the_operator_ends(live: Live) -> None:
    await live.choose(auto_highlights=True)
    await live.react()
    await live.server.rooms.ask(live.room.name, EndByOperator())
    await settled(live.server.clips)
    assert await live.stored() == []


async def test_a_live_that_is_deleted_at_its_end(live: Live) -> None:
    await live.choose(auto_highlights=True)
    await live.react()
    assert await live.creator.status("DELETE", f"{live.path}/data") == 204
    await settled(live.server.clips)
    assert await live.stored() == []
    assert not live.server.clips.drafts


@pytest.mark.parametrize("keep", ["no", "day"])
async def test_a_server_that_closes_leaves_no_half_clip(tmp_path: Path, keep: str) -> None:
    async with running(tmp_path, keep_replays=keep) as server, living(server) as live:
        await live.choose(auto_highlights=True)
        await live.react()
        if keep == "day":
            server.stream(live.room).window.clear()
        assert await live.creator.status("DELETE", live.path) == 204
    assert not server.clips._tasks._tasks
    async with running(tmp_path) as server:
        found = await server.storage.clips.of_room(live.room.name, ("draft", "making", "published"))
        assert [clip.record.state for clip in found] in ([], ["published"])
