"""Publishers that are not browsers: the stacks of OBS and GStreamer."""

import asyncio
import logging
import sys
from collections.abc import Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from relay.sample import Track
from tests.fixtures.caddy import caddy
from tests.fixtures.deadline import eventually
from tests.fixtures.offers import offer
from tests.fixtures.programs import GStreamer, Obs
from tests.fixtures.server import SDP, NewRoom, Server
from tests.fixtures.viewer import Viewer, assert_sound_has_no_hole

FFMPEG = """
import sys, av
from server.host.synthetic import publish
with av.open(sys.argv[1], "w", format="whip", options={"authorization": sys.argv[2]}) as container:
    publish(container)
"""

SECOND = 48_000
"""Samples in a second of sound."""


@pytest_asyncio.fixture
async def settings() -> dict[str, Any]:
    return {"trusted_proxies": (ip_network("127.0.0.0/8"),)}


async def watch(server: Server, room: NewRoom, size: tuple[int, int]) -> None:
    """Two seconds decode to changing frames of that size and a tone, without a gap."""
    async with Viewer(server.http, server.url, room.name) as viewer:
        await viewer.frames(70, 20)
        viewer.assert_unbroken(0.1)
        pictures = viewer.pictures()
        assert len(pictures) == len(viewer.media(Track.VIDEO))
        assert {(picture.width, picture.height) for picture in pictures} == {size}
        assert len({picture.to_ndarray().tobytes() for picture in pictures}) > 5
        assert_sound_has_no_hole(viewer)
        async with asyncio.timeout(20):
            while not hears_tone(viewer):
                await viewer.frames(15)


def hears_tone(viewer: Viewer) -> bool:
    """Whether the last second of sound is a tone. A program without CPU time sends its first sound
    late, and silence stands in its place.
    """
    samples = np.concatenate([sound.to_ndarray().max(axis=0) for sound in viewer.sounds()])
    loudness = np.abs(samples[-SECOND:].astype(np.float32))
    return bool(len(loudness) == SECOND and np.median(loudness) > 0.05 * loudness.max() > 0)


async def test_gstreamer_publishes(server: Server) -> None:
    """webrtcbin: candidates in the offer, SPS and PPS before each IDR, RTX, a final DELETE."""
    room = await server.create()
    async with GStreamer(room.whip, room.key) as creator:
        await watch(server, room, (320, 240))
        assert server.session(room).rtc.reassembly.broken_units == 0
        assert await creator.end() == ["deleted: 200"]
        await eventually(lambda: not server.room(room).sessions)
    assert await server.state(room) == "away"


async def test_the_certificate_that_ffmpeg_makes_itself(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    """It is on a curve that OpenSSL rejects; the log explains it.

    With one on P-256 tests/e2e/test_ffmpeg.py publishes.
    """
    room = await server.create()
    with caplog.at_level(logging.INFO, "server.rooms.room"):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", FFMPEG, room.whip, room.key, stderr=asyncio.subprocess.DEVNULL
        )
        async with asyncio.timeout(20):
            assert await process.wait() != 0
        await eventually(lambda: "P-224" in caplog.text)
    assert "give FFmpeg one on P-256 with cert_file and key_file" in caplog.text
    await eventually(lambda: not server.room(room).sessions)


async def test_libdatachannel_publishes_as_obs_does(server: Server) -> None:
    """No candidate in the offer, no trickle, single NAL units, DELETE after the disconnect."""
    room = await server.create()
    async with Obs(room.whip, room.key) as creator:
        assert "a=candidate" not in creator.offer and creator.offer.index(
            "m=audio"
        ) < creator.offer.index("m=video")
        await watch(server, room, (320, 240))
        assert await creator.delete() == 200
        await eventually(lambda: not server.room(room).sessions)
    assert await server.state(room) == "away"


async def test_obs_behind_a_redirecting_proxy(server: Server, tmp_path: Path) -> None:
    """The POST and its key follow a redirect to HTTPS, and DELETE reaches the session."""
    room = await server.create()
    async with caddy(server.url, tmp_path) as proxy:
        async with Obs(f"{proxy.plain}/whip/{room.name}/", room.key) as creator:
            assert creator.redirects == 1
            assert creator.location.startswith(f"{proxy.url}/whip/{room.name}/")
            await watch(server, room, (320, 240))
            assert await creator.delete() == 200
            await eventually(lambda: not server.room(room).sessions)


@pytest.mark.parametrize("endpoint", ["whip", "whep"])
async def test_a_final_slash_changes_nothing(server: Server, endpoint: str) -> None:
    """People copy addresses with a final slash: it changes no answer. Two slashes are not found."""
    room = await server.create()
    headers: Sequence[dict[str, str]] = ({"Content-Type": SDP, **room.bearer}, room.bearer)
    path = f"/{endpoint}/{room.name}/"
    if endpoint == "whip":
        async with server.http.post(
            server.url + path, data=offer("obs"), headers=headers[0], allow_redirects=False
        ) as response:
            assert response.status == 201
            location = response.headers["Location"]
        assert location.startswith(f"{server.url}/whip/{room.name}/") and not location.endswith("/")
        assert (
            await server.status(
                "DELETE", location.removeprefix(server.url) + "/", headers=headers[1]
            )
            == 200
        )
    else:
        assert (
            await server.status("POST", path, data=offer("obs"), headers=headers[0]) == 409
        )  # not live yet
    assert await server.status("OPTIONS", path) == 204
    assert await server.status("PUT", path) == 405
    assert await server.status("POST", path + "/", data=offer("obs"), headers=headers[0]) == 404
