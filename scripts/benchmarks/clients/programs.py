"""Players that are programs: mpv, VLC, GStreamer and FFmpeg."""

import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from aiohttp import ClientError, ClientSession

from scripts.benchmarks.checkout import ROOT
from scripts.benchmarks.clients.catalogue import Client
from scripts.benchmarks.clients.display import Display, display
from scripts.benchmarks.clients.frame_pipe import Pictures, Sound
from scripts.benchmarks.clients.watching import ClientFailed, Watching
from scripts.benchmarks.process_end import end

GREY, I420 = 1.0, 1.5
LISTED_WITHIN = 15.0
LOOK_EVERY = 0.2
NOT_ROOT = 65_534
"""The id of a user without rights: VLC refuses to run as root."""
SILENCE = -60.0
"""Peak in dB at or below which mpv hears nothing."""


class PipedProgram:
    """A program that writes its pictures and its sound into pipes."""

    def __init__(
        self, process: asyncio.subprocess.Process, pictures: Pictures, sound: Sound
    ) -> None:
        self._process = process
        self._pictures = pictures
        self._sound = sound

    async def take(self) -> list[tuple[float, int]]:
        require_running(self._process)
        return self._pictures.take()

    async def heard(self) -> bool:
        return self._sound.heard


class Mpv:
    """mpv on a display; its sound is measured by its own filter."""

    def __init__(self, process: asyncio.subprocess.Process, shown: Display, control: Path) -> None:
        self._process = process
        self._shown = shown
        self._control = control
        self._heard = False

    async def take(self) -> list[tuple[float, int]]:
        require_running(self._process)
        return self._shown.take()

    async def heard(self) -> bool:
        if not self._heard:
            self._heard = await self._peak() > SILENCE
        return self._heard

    async def _peak(self) -> float:
        """Returns the loudest sound so far, dB. Returns SILENCE if mpv does not answer."""
        ask = {"command": ["get_property", "af-metadata/loudness"]}
        with suppress(OSError):  # mpv does not listen yet, has ended, or is too slow
            reader, writer = await asyncio.open_unix_connection(self._control)
            try:
                writer.write(json.dumps(ask).encode() + b"\n")
                async with asyncio.timeout(5):
                    async for line in reader:
                        answer = json.loads(line)
                        if "error" in answer:  # the others are events
                            levels = answer.get("data") or {}
                            return float(levels.get("lavfi.astats.Overall.Peak_level", SILENCE))
            finally:
                writer.close()
        return SILENCE


def require_running(process: asyncio.subprocess.Process) -> None:
    """Raises ClientFailed if the program has ended."""
    if process.returncode is not None:
        raise ClientFailed(f"the program ended with {process.returncode}")


@asynccontextmanager
async def started(client: Client, url: str) -> AsyncIterator[Watching]:
    """Starts a program that plays the playlist at `url`, once the playlist has enough segments for
    the program. Raises ClientFailed and XvfbMissing.
    """
    if client.segments:
        await _listed(url, client.segments)
    with tempfile.TemporaryDirectory(prefix="microlive-client-") as folder:
        os.chmod(folder, 0o777)
        play = _mpv if client.program == "mpv" else _piped
        async with play(client, Path(folder), url) as watching:
            yield watching


async def version(client: Client) -> str:
    """Returns the version of the installed program. Raises ClientFailed."""
    if client.program == "FFmpeg":
        import av

        return f"{av.ffmpeg_version_info}, PyAV {av.__version__}"
    command = {"mpv": "mpv", "VLC": "cvlc", "GStreamer": "gst-launch-1.0"}[client.program]
    process = await _run(client, (command, "--version"), stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    return next(word for word in said.decode().split() if word[0].isdigit())


@asynccontextmanager
async def _piped(client: Client, folder: Path, url: str) -> AsyncIterator[Watching]:
    pictures = _pictures(client.program, folder / "pictures")
    sound = Sound(folder / "sound")
    try:
        process = await _run(client, _command(client, folder, url))
        try:
            yield PipedProgram(process, pictures, sound)
        finally:
            await end(process)
    finally:
        pictures.close()
        sound.close()


async def _listed(url: str, segments: int) -> None:
    """Waits until the playlist has that many whole segments. Raises ClientFailed."""
    try:
        async with asyncio.timeout(LISTED_WITHIN), ClientSession(raise_for_status=True) as http:
            while True:
                async with http.get(url.replace("index.m3u8", "live.m3u8")) as answer:
                    if (await answer.text()).count("#EXTINF") >= segments:
                        return
                await asyncio.sleep(LOOK_EVERY)
    except (TimeoutError, ClientError) as error:
        raise ClientFailed(f"the playlist: {type(error).__name__} {error}") from error


def _pictures(name: str, path: Path) -> Pictures:
    return Pictures(path, I420, lines=True) if name == "VLC" else Pictures(path, GREY)


@asynccontextmanager
async def _mpv(client: Client, folder: Path, url: str) -> AsyncIterator[Watching]:
    async with display() as shown:
        command = (
            *("mpv", "--no-config", "--vo=x11", "--ao=null", "--fs", "--osd-level=0"),
            *("--af=@loudness:lavfi=[astats=metadata=1]", "--msg-level=all=no"),
            *(f"--input-ipc-server={folder / 'control'}", *client.options, url),
        )
        process = await _run(client, command, DISPLAY=shown.name)
        try:
            yield Mpv(process, shown, folder / "control")
        finally:
            await end(process)


def _command(client: Client, folder: Path, url: str) -> Sequence[str]:
    pictures, sound = folder / "pictures", folder / "sound"
    match client.program:
        case "VLC":
            return (
                *("cvlc", "--no-video-title-show", "--quiet", *client.options),
                *("--vout=yuv", f"--yuv-file={pictures}"),
                *("--aout=afile", f"--audiofile-file={sound}", "--no-audiofile-wav", url),
            )
        case "GStreamer":
            written = "sync=true buffer-mode=unbuffered"
            grey, mono = "video/x-raw,format=GRAY8", "audio/x-raw,format=S16LE"
            return (
                *("gst-launch-1.0", "--quiet", "playbin3", f"uri={url}", *client.options),
                f"video-sink=videoconvert ! {grey} ! filesink location={pictures} {written}",
                f"audio-sink=audioconvert ! {mono} ! filesink location={sound} {written}",
            )
        case _:
            return (
                *(sys.executable, "-m", "scripts.benchmarks.clients.frame_player", url),
                *(str(pictures), str(sound), *client.options),
            )


async def _run(
    client: Client,
    command: Sequence[str],
    stdout: int = asyncio.subprocess.DEVNULL,
    **environ: str,
) -> asyncio.subprocess.Process:
    if shutil.which(command[0]) is None:
        raise ClientFailed(f"needs {command[0]}; on Debian: sudo apt-get install {client.package}")
    user = NOT_ROOT if command[0] == "cvlc" and os.geteuid() == 0 else None
    return await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT if user is None else "/",
        env={**os.environ, **environ},
        user=user,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=stdout,
        stderr=asyncio.subprocess.DEVNULL,
    )
