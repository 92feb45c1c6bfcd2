"""A replay of a real live, played by FFmpeg from the playlist."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

import av
from av.frame import Frame

from tests.fixtures.publisher import Publisher
from tests.fixtures.server import NewRoom, Server
from tests.fixtures.viewer import Viewer

AT_ENDS = 0.04
"""Maximum time between sound and picture at both ends of each part of the replay, seconds."""
GAP = 0.5
"""Minimum time between two frames that counts as the interruption, seconds."""
INTERRUPTION = 1.5
"""Time for which the publisher is away, seconds."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of one track without an interruption, in seconds."""

    begin: float
    end: float
    frames: int


def parts(frames: Iterable[tuple[float, float]]) -> list[Part]:
    """`frames`: time and duration of each frame."""
    found: list[Part] = []
    for time, duration in frames:
        last = found[-1] if found else None
        if last is not None and time - last.end < GAP:
            found[-1] = Part(last.begin, time + duration, last.frames + 1)
        else:
            found.append(Part(time, time + duration, 1))
    return found


def played(url: str) -> tuple[list[Part], list[Part]]:
    """Decodes a whole playlist. Returns the parts of the video and of the audio."""
    times: dict[str, list[tuple[float, float]]] = {"video": [], "audio": []}
    with av.open(url) as container:
        for frame in container.decode(video=0, audio=0):
            assert isinstance(frame, Frame) and frame.time is not None
            assert frame.time_base is not None
            seconds = float(frame.duration * frame.time_base)
            times["audio" if isinstance(frame, av.AudioFrame) else "video"].append(
                (frame.time, seconds)
            )
    return parts(times["video"]), parts(times["audio"])


async def publish(server: Server, room: NewRoom, seconds: float) -> None:
    async with (
        Publisher(server.http, room.whip, room.key) as publisher,
        Viewer(server.http, server.url, room.name) as viewer,
    ):
        await viewer.frames(round(seconds * 30))
        assert await publisher.delete() == 200


async def replay_of(server: Server, room: NewRoom) -> str:
    """Returns the URL of the playlist, once the last segment is stored."""
    url = f"{server.url}/replays/{room.name}/index.m3u8"
    async with asyncio.timeout(20):
        while True:
            async with server.http.get(url) as response:
                if response.status == 200:
                    return url
                assert (await response.json())["code"] == "no_replay"
            await asyncio.sleep(0.1)


async def test_a_replay_plays_from_its_first_frame_to_its_last(server: Server) -> None:
    """The live has an interruption, after which another session of the publisher begins."""
    room = await server.create(title="A test")
    await publish(server, room, 5)
    assert await server.status("GET", f"/replays/{room.name}/index.m3u8") == 404, "it is not over"
    await asyncio.sleep(INTERRUPTION)
    await publish(server, room, 3)
    assert await server.status("DELETE", f"/api/rooms/{room.name}", headers=room.bearer) == 204
    url = await replay_of(server, room)
    video, audio = await asyncio.to_thread(played, url)
    assert len(video) == len(audio) == 2, (video, audio)
    for pictures, sounds in zip(video, audio, strict=True):
        assert abs(pictures.begin - sounds.begin) < AT_ENDS, (video, audio)
        assert abs(pictures.end - sounds.end) < AT_ENDS, (video, audio)
        assert pictures.frames > 29 * (pictures.end - pictures.begin) - 3
    async with server.http.get(url) as response:
        text = await response.text()
    assert text.count("#EXT-X-DISCONTINUITY") == 1
    listed = sum(float(line[8:-1]) for line in text.splitlines() if line.startswith("#EXTINF:"))
    seen = sum(part.end - part.begin for part in video)
    assert abs(listed - seen) < 2 * AT_ENDS
