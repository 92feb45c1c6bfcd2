"""PulseAudio with a sink that discards sound in real time, for browsers that need a sound card."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from scripts.benchmarks.process_end import end

START_WITHIN = 10.0
"""Seconds."""


class PulseMissing(Exception):
    """PulseAudio is not installed, or did not start."""


@asynccontextmanager
async def null_sink(folder: Path) -> AsyncIterator[Mapping[str, str]]:
    """Starts PulseAudio, with its files in that folder. Yields the variables of the environment
    with which a program finds it. Raises PulseMissing,
    and TimeoutError if PulseAudio does not listen in time.
    """
    if shutil.which("pulseaudio") is None:
        raise PulseMissing("needs PulseAudio; on Debian: sudo apt-get install pulseaudio")
    listens = folder / "pulse.sock"
    process = await asyncio.create_subprocess_exec(
        "pulseaudio",
        "-n",
        "--daemonize=no",
        "--use-pid-file=no",
        "--exit-idle-time=-1",
        f"--load=module-native-protocol-unix socket={listens} auth-anonymous=1",
        "--load=module-null-sink",
        env={"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await _listens(listens, process)
        yield {"PULSE_SERVER": f"unix:{listens}"}
    finally:
        await end(process)


async def _listens(path: Path, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(START_WITHIN):
        while process.returncode is None:
            try:
                _, writer = await asyncio.open_unix_connection(path)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
    raise PulseMissing("PulseAudio ended")
