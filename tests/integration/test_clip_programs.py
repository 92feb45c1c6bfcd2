"""MediaInfo, mp4box and FFmpeg agree on the length and the tracks of clips."""

import asyncio
import io
import json
import shutil
from pathlib import Path
from typing import Any

import av
import pytest

from server.clips.cut import cut
from server.clips.maker import ClipMaker
from tests.fixtures import live_samples as live
from tests.fixtures.programs import MODULES
from tests.fixtures.requirements import require
from tests.fixtures.workers import running_workers

HERE = Path(__file__).parent
S = 1_000_000
FRAME = 1 / live.FPS


async def said(*command: str, **environ: str) -> Any:
    """Returns the JSON that a program writes."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, env=environ)
    async with asyncio.timeout(30):
        out, _ = await process.communicate()
    assert process.returncode == 0, command
    return json.loads(out)


async def test_programs_agree_on_a_clip(tmp_path: Path) -> None:
    """Each program reports the length of the clip within one frame, with and without audio."""
    samples = live.together(live.video(30), live.sound(30))
    tracks = [(10 * S, live.track())]
    node = shutil.which("node") or "node"
    mediainfo = require("mediainfo", "mediainfo")
    async with running_workers() as workers:
        for wanted in (samples, live.video(30)):
            clip = cut(wanted, tracks, 14 * S, round(21.3 * S))
            seconds = pytest.approx(clip.duration / S, abs=FRAME)
            files = await ClipMaker(workers).make(clip)
            path = tmp_path / "clip.mp4"
            path.write_bytes(files.video)
            kinds = ["Video", "Audio"] if clip.audio else ["Video"]

            found = await said(mediainfo, "--Output=JSON", str(path))
            general, *streams = found["media"]["track"]
            assert (general["Format"], general["IsStreamable"]) == ("MPEG-4", "Yes")
            assert [stream["@type"] for stream in streams] == kinds
            assert all(float(stream["Duration"]) == seconds for stream in (general, *streams))
            assert int(streams[0]["FrameCount"]) == len(clip.video)

            found = await said(
                node, str(HERE.parent / "fixtures/mp4box.mjs"), str(path), NODE_PATH=str(MODULES)
            )
            assert found["progressive"] and found["seconds"] == seconds
            assert all(track["seconds"] == seconds for track in found["tracks"])
            assert [track["edits"] for track in found["tracks"]] == [0] * len(kinds)
            assert found["tracks"][0]["samples"] == len(clip.video)

            with av.open(io.BytesIO(files.video), "r") as container:
                assert (container.duration or 0) / av.time_base == seconds
