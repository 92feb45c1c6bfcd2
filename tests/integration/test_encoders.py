"""Encoders that send no keyframes, and other publishers whose picture or sound is missing."""

from contextlib import AsyncExitStack
from functools import partial
from itertools import pairwise
from typing import Any

import pytest

from relay.media.h264 import PPS, SPS
from relay.sample import Track
from server.ingest import missing
from server.ingest.passthrough_source import PassthroughSource
from server.ingest.transcoded_source import TranscodedSource
from tests.fixtures import media
from tests.fixtures.deadline import eventually
from tests.fixtures.encoder import Encoder, refreshing
from tests.fixtures.publisher import Publisher
from tests.fixtures.server import NewRoom, Server
from tests.fixtures.viewer import Viewer


@pytest.fixture
def settings() -> dict[str, Any]:
    return {"transcoders": 1}


async def test_intra_refresh_without_any_idr(server: Server) -> None:
    """The first recovery point behind the ignored requests starts the transcoder."""
    room = await server.create()
    publisher = Publisher(server.http, room.whip, room.key, sound=False)
    publisher.camera = refreshing(idr=False)  # type: ignore[assignment]
    async with publisher, Viewer(server.http, server.url, room.name) as viewer:
        await viewer.frames(15)
    viewer.assert_unbroken(0.4)
    pictures = viewer.pictures()
    steps = [(after.pts or 0) - (before.pts or 0) for before, after in pairwise(pictures)]
    assert len(pictures) >= 15 and min(steps) > 0


async def test_viewers_see_every_frame_while_recovery_points_replace_keyframes(
    server: Server,
) -> None:
    """The only IDR is forwarded. Viewers see forwarded frames until the transcoder shows some."""
    room = await server.create()
    publisher = Publisher(server.http, room.whip, room.key, sound=False)
    publisher.camera = refreshing(idr=True)  # type: ignore[assignment]
    async with publisher, Viewer(server.http, server.url, room.name) as viewer:
        await viewer.frames(5)
        session = server.session(room)
        assert isinstance(session.source, PassthroughSource)
        session.rtc.request_keyframe()
        await viewer.until(lambda: len(viewer.inits(Track.VIDEO)) == 2)
        assert isinstance(session.source, TranscodedSource)
        await viewer.frames(15)
        async with Viewer(server.http, server.url, room.name) as second:
            await second.frames(10)
            assert len(second.pictures()) >= 10
    viewer.assert_unbroken(0.4)


def without(kinds: set[int]) -> Encoder:
    """Video with an IDR every 15 frames, without NAL units of these types."""
    units = media.access_units(160, 120, 60, gop=15)
    return Encoder([[nal for nal in unit if nal[0] & 0x1F not in kinds] for unit in units])


async def test_creators_learn_what_is_missing(
    server: Server, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The health and the log name the cause for each of these publishers."""
    monkeypatch.setattr(missing, "PATIENCE", 1.2)
    monkeypatch.setattr(missing, "SOUND_PATIENCE", 1.2)
    caplog.set_level("INFO")
    rooms: dict[str, NewRoom] = {}
    async with AsyncExitStack() as stack:
        busy = await server.create()
        await stack.enter_async_context(
            Publisher(server.http, busy.whip, busy.key, sound=False, video="VP8")
        )
        for code, encoder in [
            ("no_packets", None),
            ("no_video", None),
            ("no_sound", None),
            ("no_keyframe", Encoder(media.access_units(160, 120, 300, gop=300)[1:])),
            ("no_parameters", without({SPS, PPS})),
            ("no_transcoder", refreshing(idr=False)),
        ]:
            rooms[code] = await server.create()
            publisher = Publisher(
                server.http, rooms[code].whip, rooms[code].key, sound=code != "no_packets"
            )
            if encoder:
                publisher.camera = encoder  # type: ignore[assignment]
            elif code != "no_sound":
                publisher.camera.running.clear()
            elif publisher.microphone:
                publisher.microphone.running.clear()
            await stack.enter_async_context(publisher)
        for code, room in rooms.items():
            await eventually(partial(missing_now, server, room, code))
            async with server.http.get(
                f"{server.url}/api/rooms/{room.name}/health", headers=room.bearer
            ) as answer:
                (found,) = (await answer.json())["ingest"]["missing"]
            what = "sound" if code == "no_sound" else "picture"
            assert (found["code"], found["what"]) == (code, what)
            assert (found["requests"] >= 2) == (code == "no_keyframe")
            words = found["text"].split(" although")[0]
            line = f"room {room.name}: no {what}: {words}"
            await eventually(partial(logged, caplog, line))


def missing_now(server: Server, room: NewRoom, code: str) -> bool:
    health = server.session(room).health()
    return health is not None and [item.code for item in health.missing] == [code]


def logged(caplog: pytest.LogCaptureFixture, line: str) -> bool:
    return line in caplog.text
