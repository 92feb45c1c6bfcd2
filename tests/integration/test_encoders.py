"""Encoders that send no keyframes."""

from itertools import pairwise
from typing import Any

import pytest

from relay.sample import Track
from server.ingest.passthrough_source import PassthroughSource
from server.ingest.transcoded_source import TranscodedSource
from tests.fixtures.encoder import refreshing
from tests.fixtures.publisher import Publisher
from tests.fixtures.server import Server
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
