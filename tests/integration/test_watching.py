"""From camera to viewer: a publisher over UDP, a viewer over WebSocket that decodes."""

import numpy as np

from relay.message import Flag, Kind, Record
from relay.sample import Track
from tests.fixtures.publisher import BRIGHT, DARK
from tests.fixtures.server import Server
from tests.fixtures.viewer import Viewer, assert_sound_has_no_hole
from tests.integration.conftest import Live


async def test_a_viewer_sees_and_hears_the_creator(live: Live) -> None:
    """Three seconds decode without a gap; flash and tone are within 40 ms of each other."""
    viewer = live.viewer
    await viewer.frames(110, 20)
    viewer.assert_unbroken()
    pictures, sounds = viewer.pictures(), viewer.sounds()
    times = [frame.pts for frame in pictures]
    assert len(pictures) == len(viewer.media(Track.VIDEO))
    assert all(
        before < after
        for before, after in zip(times, times[1:], strict=False)
        if before is not None and after is not None
    )
    assert_sound_has_no_hole(viewer)

    light = (
        np.array([frame.to_ndarray()[: frame.height].mean() for frame in pictures])
        > (BRIGHT + DARK) / 2
    )
    flashes = [
        (pictures[index].pts or 0) / 90_000
        for index in range(1, len(pictures))
        if light[index] and not light[index - 1]
    ]
    wave = np.concatenate([np.abs(frame.to_ndarray()).max(axis=0) for frame in sounds])
    loud = wave.astype(float) / (np.iinfo(wave.dtype).max if wave.dtype.kind == "i" else 1) > 0.1
    began = (
        np.flatnonzero(
            loud[1:]
            & ~np.array(
                [loud[max(0, index - 4_800) : index + 1].any() for index in range(len(loud) - 1)]
            )
        )
        + 1
    )
    tones = [(sounds[0].pts or 0) / 48_000 + index / 48_000 for index in began]
    # From the second flash, when sender reports have arrived. The last tone may still be on its
    # way.
    heard = [flash for flash in flashes[1:] if any(abs(flash - tone) < 0.4 for tone in tones)]
    assert heard
    for flash in heard:
        assert min(abs(flash - tone) for tone in tones) < 0.04, (
            f"flashes at {flashes}, tones at {tones}"
        )


async def test_a_joining_viewer_gets_all_that_it_needs_at_once(live: Live) -> None:
    """Hello with both tracks, the room's event, an init per track, then media from a keyframe.

    The keyframe is at most 2.5 s old.
    """
    async with Viewer(live.server.http, live.server.url, live.room.name) as late:
        await late.frames(20)
        hello, event = late.log[:2]
        kinds = [record.kind for record in late.log[1:] if isinstance(record, Record)]
        inits = 1 + kinds.index(Kind.INIT)
        assert set(kinds[: inits - 1]) == {Kind.EVENT}
        first, second, start = late.log[inits : inits + 3]
        assert isinstance(hello, dict)
        assert (hello["type"], hello["version"], hello["stream"]) == (
            "hello",
            1,
            live.server.stream(live.room).id,
        )
        assert [track["track"] for track in hello["tracks"]] == ["video", "audio"]
        assert (hello["tracks"][0]["width"], hello["tracks"][0]["height"]) == (160, 120)
        assert isinstance(event, Record) and late.events[0]["state"] == "live"
        assert [
            (record.kind, record.track) for record in (first, second) if isinstance(record, Record)
        ] == [(Kind.INIT, 0), (Kind.INIT, 1)]
        assert isinstance(start, Record) and (start.kind, start.track, Flag.KEY in start.flags) == (
            Kind.MEDIA,
            0,
            True,
        )
        assert hello["now"] - start.publish < 2_500_000
        late.assert_unbroken()
        assert len(late.pictures()) == len(late.media(Track.VIDEO))


async def test_clocks_of_a_sample(live: Live) -> None:
    """Capture precedes publish by little; both are on the clock of the time exchange."""
    await live.viewer.frames(60)
    await live.viewer.ws.send_json({"type": "time", "id": 7})
    await live.viewer.until(
        lambda: [notice for notice in live.viewer.notices if notice["type"] == "time"]
    )
    answer = live.viewer.notices[-1]
    assert answer["id"] == 7
    record = live.viewer.media(Track.VIDEO)[-1]
    assert Flag.CAPTURE_ESTIMATED not in record.flags
    assert 0 <= record.publish - record.capture < 1_000_000
    assert abs(answer["now"] - record.publish) < 500_000


async def test_waiting_viewers_get_the_beginning_and_the_end(server: Server) -> None:
    """A viewer of an idle room gets a hello without tracks.

    DELETE of the room closes it with 4410, and later viewers get 410.
    """
    room = await server.create(title="Soon")
    async with Viewer(server.http, server.url, room.name) as viewer:
        await viewer.event(state="idle", title="Soon")
        assert viewer.notices[0]["tracks"] == []
        assert await server.status("DELETE", f"/api/rooms/{room.name}", headers=room.bearer) == 204
        assert await viewer.closed() == 4410
        assert viewer.events[-1]["state"] == "ended"
    assert await server.status("GET", f"/ws/{room.name}") == 410
    assert await server.status("DELETE", f"/api/rooms/{room.name}", headers=room.bearer) == 204
