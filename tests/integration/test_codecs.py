"""Publishers whose codec viewers cannot decode: VP8 and B-frames are transcoded."""

import os
import signal
from itertools import accumulate, pairwise
from typing import Any

import pytest

from relay.sample import Track
from server.ingest.transcoded_source import TranscodedSource
from tests.fixtures import media
from tests.fixtures.deadline import eventually
from tests.fixtures.encoder import reordering
from tests.fixtures.publisher import BRIGHT, DARK, Publisher
from tests.fixtures.server import SDP, Server
from tests.fixtures.viewer import Viewer, assert_sound_has_no_hole


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"transcoders": 1}


def workers(server: Server) -> set[int]:
    """The process ids of the transcoders of all rooms."""
    sessions = [session for room in server.rooms._rooms.values() for session in room.sessions]
    sources = [session.source for session in sessions]
    return {source.pid for source in sources if isinstance(source, TranscodedSource) and source.pid}


async def test_vp8_reaches_viewers_as_h264(server: Server) -> None:
    """Pixels, times, sound and sizes are right.

    A turned phone produces a new init segment, and the transcoder ends with the session.
    """
    room = await server.create()
    async with (
        Publisher(server.http, room.whip, room.key, size=(320, 240), video="VP8") as publisher,
        Viewer(server.http, server.url, room.name) as viewer,
    ):
        await viewer.frames(45)
        publisher.camera.size = (240, 320)
        await viewer.until(lambda: len(viewer.inits(Track.VIDEO)) == 2)
        await viewer.frames(45)
        (worker,) = workers(server)
    assert {
        notice["tracks"][0]["codec"][:9]
        for notice in viewer.notices
        if notice["type"] == "hello" and notice["tracks"]
    } <= {"avc1.42C0"}
    viewer.assert_unbroken(0.5)
    assert_sound_has_no_hole(viewer)
    pictures = viewer.pictures()
    sizes = [(picture.width, picture.height) for picture in pictures]
    assert sizes == sorted(sizes, reverse=True) and set(sizes) == {(320, 240), (240, 320)}
    lights = [picture.to_ndarray()[: picture.height].mean() for picture in pictures]
    assert {DARK, BRIGHT} == {
        min((DARK, BRIGHT), key=lambda light: abs(light - seen)) for seen in lights
    }
    assert all(min(abs(seen - DARK), abs(seen - BRIGHT)) < 8 for seen in lights)
    delays = [record.publish - record.capture for record in viewer.media(Track.VIDEO)]
    assert 0 <= min(delays) and sorted(delays)[len(delays) // 2] < 60_000, (
        "capture and arrival are those of the VP8 frame"
    )
    await eventually(lambda: not os.path.exists(f"/proc/{worker}"), 15)


async def test_a_viewer_who_joins_meets_a_fresh_idr(server: Server) -> None:
    room = await server.create()
    async with (
        Publisher(server.http, room.whip, room.key, video="VP8"),
        Viewer(server.http, server.url, room.name) as first,
    ):
        await first.frames(40)
        keys = server.session(room).rtc.counters.plis
        async with Viewer(server.http, server.url, room.name) as second:
            await second.frames(10, 3)
            assert len(second.pictures()) >= 10
        assert server.session(room).rtc.counters.plis <= keys + 1, (
            "the creator need not send one for that"
        )


async def test_no_place_left(server: Server) -> None:
    """503 with advice.

    The publisher that holds the transcoder may take over from itself, and leaving frees it.
    """
    room, other = await server.create(), await server.create()
    refused = Publisher(server.http, other.whip, other.key, video="VP8")
    async with (
        Publisher(server.http, room.whip, room.key, video="VP8") as former,
        Viewer(server.http, server.url, room.name) as viewer,
    ):
        await viewer.frames(5)
        async with server.http.post(
            other.whip, data=await refused.offer(), headers={"Content-Type": SDP, **other.bearer}
        ) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "10")
            assert "already transcodes 1 publishers: publish H.264" in await answer.text()
        await refused.peer.close()
        async with Publisher(server.http, room.whip, room.key, video="VP8") as latter:
            await viewer.until(lambda: viewer.media(Track.VIDEO)[-1].epoch == 2)
            await viewer.frames(5)
            assert former.location != latter.location
            await latter.delete()
    async with (
        Publisher(server.http, other.whip, other.key, video="VP8"),
        Viewer(server.http, server.url, other.name) as viewer,
    ):
        await viewer.frames(5)


async def test_a_transcoder_that_dies_costs_its_room_only(server: Server) -> None:
    """The same session continues with another one within a second or two; the other room is not
    affected.
    """
    room, other = await server.create(), await server.create()
    async with (
        Publisher(server.http, room.whip, room.key, video="VP8"),
        Publisher(server.http, other.whip, other.key),
        Viewer(server.http, server.url, room.name) as viewer,
        Viewer(server.http, server.url, other.name) as stranger,
    ):
        await viewer.frames(5)
        await stranger.frames(5)
        (worker,) = workers(server)
        os.kill(worker, signal.SIGKILL)
        await eventually(lambda: workers(server) not in (set(), {worker}))
        await viewer.frames(5, 3)
        assert await server.state(room) == "live" and viewer.media(Track.VIDEO)[-1].epoch == 1
        await stranger.frames(5)
        assert await server.state(other) == "live"
        stranger.assert_unbroken()


async def test_b_frames_reach_viewers_in_order(server: Server) -> None:
    """The transcoder continues where the forwarded frames end. Only the B-frames that come before
    the first two forwarded frames are missing, because the second one is shown already.
    """
    room = await server.create()
    publisher = Publisher(server.http, room.whip, room.key, sound=False)
    publisher.camera = reordering(60)  # type: ignore[assignment]
    async with publisher, Viewer(server.http, server.url, room.name) as viewer:
        await eventually(lambda: workers(server))
        await viewer.until(lambda: len(viewer.inits(Track.VIDEO)) == 2)
        await viewer.frames(60)
    viewer.assert_unbroken(0.4)
    pictures = viewer.pictures()
    times = [picture.pts or 0 for picture in pictures]
    assert times == sorted(set(times))
    lights = [picture.to_ndarray()[:240].mean() for picture in pictures[-45:]]
    greys = [media.luma_of(index) for index in range(60)]
    # A transcoder without CPU time omits frames. The timeline moves each later frame by up to 4 ms
    # if packets arrive faster than before, so count the frames between two frames.
    steps = [round((later - time) / 3_000) for time, later in pairwise(times[-45:])]
    places = list(accumulate(steps, initial=0))
    assert abs(times[-1] - times[-45] - 3_000 * places[-1]) <= 44 * 0.004 * 90_000
    first = min(
        range(60),
        key=lambda start: sum(
            abs(greys[(start + place) % 60] - light)
            for place, light in zip(places, lights, strict=True)
        ),
    )
    assert lights == pytest.approx([greys[(first + place) % 60] for place in places], abs=8)


async def test_b_frames_without_a_free_transcoder_end_the_session(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says what to do."""
    room, other = await server.create(), await server.create()
    publisher = Publisher(server.http, room.whip, room.key, sound=False)
    publisher.camera = reordering()  # type: ignore[assignment]
    with caplog.at_level("INFO"):
        async with (
            Publisher(server.http, other.whip, other.key, video="VP8"),
            publisher,
            Viewer(server.http, server.url, room.name) as viewer,
        ):
            await viewer.event(state="away")
    assert (
        "the encoder sends B-frames: the server already transcodes 1 publishers: publish "
        "H.264 video with keyframes and without B-frames"
    ) in caplog.text
