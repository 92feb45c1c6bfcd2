"""Clips of a real creator, and clips at two servers that share a database and an object store."""

from pathlib import Path

import pytest

from relay.sample import Track
from server.media.sweeping import Sweeping
from server.storage.kept_media import KeptMedia
from tests.fixtures.clips import S, frames, go_live, lengths, make_clip, publish_clip, refusal
from tests.fixtures.people import Browser
from tests.fixtures.postgres import Postgres
from tests.fixtures.s3 import S3Server, give_credentials
from tests.fixtures.server import Server, running
from tests.integration.conftest import Live


async def fetched(person: Browser, path: str) -> tuple[int, bytes]:
    async with person.http.get(person.url + path) as response:
        return response.status, await response.read()


async def test_what_a_viewer_has_seen(live: Live) -> None:
    """The video of the clip equals the video of the live, byte for byte, up to the viewer's own
    playhead, which is behind the live edge.
    """
    viewer, stream = live.viewer, live.server.stream(live.room)
    first = viewer.media(Track.VIDEO)[0].media_time
    await viewer.until(lambda: viewer.edge(Track.VIDEO) - first > 8 * S, 30)
    seen = viewer.edge(Track.VIDEO) - S
    window = {
        sample.media_time: sample.data for sample in stream.window if sample.track is Track.VIDEO
    }
    async with Browser(live.server.url) as person:
        await person.person()
        draft = await make_clip(person, live.room, end=seen, seconds=6)
        assert draft["end"] == pytest.approx(seen, abs=S / 15)
        body = {"start": draft["start"], "end": draft["end"]}
        status, clip = await person.ask("PUT", f"/api/clips/{draft['id']}", body)
        assert (status, clip["start"], clip["end"]) == (200, draft["start"], draft["end"])
        assert (await fetched(person, draft["video"]))[0] == 404, "the final clip has replaced it"
        _, video = await fetched(person, clip["video"])
    assert lengths(video)["video"] == pytest.approx(clip["duration"], abs=1 / 30)
    within = [at for at in window if draft["start"] <= at < draft["end"]]
    assert frames(video) == [window[at] for at in within] and len(within) > 100
    live.viewer.assert_unbroken()


async def test_two_servers(
    postgres: Postgres, s3_server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clip of one server is read, changed and deleted at the other server. Only the server of the
    live has the drafts; the other server refuses with `room_elsewhere`.
    """
    give_credentials(monkeypatch)
    media = s3_server.bucket().settings()
    with postgres.database() as url:
        async with (
            running(tmp_path / "one", database=url, **media) as one,
            running(tmp_path / "two", database=url, **media) as two,
        ):
            await _share(one, two)


async def _share(one: Server, two: Server) -> None:
    async with Browser(one.url) as sam:
        await sam.person()
        room = await sam.create_room()
        go_live(one, room, 12)
        draft = await make_clip(sam, room)
        clip = await publish_clip(sam, room)
        async with Browser(two.url, cookie=sam.cookie) as there, Browser(two.url) as minji:
            path = f"/api/clips/{draft['id']}"
            assert await refusal(there, "GET", path) == (421, "room_elsewhere")
            assert await refusal(minji, "GET", path) == (404, "clip_not_found")
            path = f"/api/clips/{clip['id']}"
            assert (await minji.ask("GET", path))[1]["title"] == clip["title"]
            status, video = await fetched(minji, clip["video"])
            assert (status, len(video) > 1_000) == (200, True)
            assert (await there.ask("PATCH", path, {"visibility": "private"}))[0] == 200
            assert await minji.status("GET", path) == 404
            assert (await fetched(there, clip["video"]))[0] == 200
            assert await there.status("DELETE", path) == 204
        assert await sam.status("GET", path) == 404
        assert (await sam.ask("POST", f"{path}/restore"))[0] == 200
        await two.storage.kept_media.delete([KeptMedia("clip", clip["id"], 0)], 0.0)
        assert await sam.status("GET", path) == 404
        await Sweeping(one.storage.discarded, one.objects).run(0.0)
        assert await one.objects.list(f"clips/{clip['id']}/") == []
