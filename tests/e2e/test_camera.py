"""Viewers keep playing whatever the publisher's camera and microphone do."""

import asyncio

import pytest

from scripts.benchmarks.chromium import until
from scripts.benchmarks.local_server import LocalServer
from tests.e2e.pages import Studio, Visitors

SILENCE = 12.0
"""Seconds without audio RTP: longer than any buffer, and than the times after which the server or
the page takes a live without new media for broken.
"""


@pytest.mark.timeout(120)
async def test_the_camera_changes_its_size(studio: Studio, visitors: Visitors) -> None:
    room = await visitors.room(studio.watch)
    await room.pictured()
    await room.unmute()
    await room.plays(1)
    for width, height in ((360, 640), (640, 480)):
        await studio.replace_video(width, height)
        await room.shows(
            lambda seen, size=(width, height): (  # type: ignore[misc]
                (seen["width"], seen["height"]) == size
            ),
            within=45,
        )
        await room.plays(2)
    stats = await room.stats()
    assert stats["rebuilds"] == 0, "a new size needs no new player"


async def test_the_creator_mutes(studio: Studio, visitors: Visitors) -> None:
    room = await visitors.room(studio.watch)
    await room.pictured()
    await room.unmute()
    await room.plays(1)
    await studio.page.click("#mute")
    await until(studio.page, "document.querySelector('#mute').ariaPressed === 'true'")
    await room.plays(3)
    await studio.page.click("#mute")
    await room.plays(1)


async def test_the_creator_pauses_the_camera(studio: Studio, visitors: Visitors) -> None:
    room = await visitors.room(studio.watch)
    await room.plays(1)
    await studio.page.click("#pause")
    await until(studio.page, "document.querySelector('#pause').ariaPressed === 'true'")
    paused = (await room.seen())["time"]
    await room.shows(lambda seen: seen["time"] > paused + 3)
    await studio.page.click("#pause")
    await room.plays(2)
    await room.state("live")


@pytest.mark.timeout(120)
async def test_sound_stops_and_comes_back(studio: Studio, visitors: Visitors) -> None:
    room = await visitors.room(studio.watch)
    await room.pictured()
    await room.unmute()
    await room.plays(1)
    await studio.stop_sound()
    await room.plays(SILENCE)
    late = await visitors.room(studio.watch)
    await late.plays(1)
    before = await room.seen()
    await studio.page.evaluate(
        """async () => {
            const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
            const senders = connections.made.at(-1).getSenders();
            const sender = senders.find(({ track }) => track === null);
            await sender.replaceTrack(stream.getTracks()[0]);
        }"""
    )
    await asyncio.gather(room.plays(2), late.plays(2))
    await room.shows(lambda seen: seen["heard"] > before["heard"])
    await room.state("live")


async def test_a_creator_without_a_microphone(visitors: Visitors, server: LocalServer) -> None:
    silent = await visitors.studio(
        server.url,
        """
        const ask = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
        if (ask) navigator.mediaDevices.getUserMedia = constraints =>
            constraints.audio
                ? Promise.reject(new DOMException('none', 'NotFoundError'))
                : ask(constraints);
        """,
    )
    room = await visitors.room(await silent.go_live())
    await room.plays(3)
    await room.state("live")
