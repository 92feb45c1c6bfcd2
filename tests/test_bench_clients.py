"""The pure parts of scripts/bench clients, and the pipes from which it reads pictures."""

import asyncio
import fcntl
import math
import os
import sys
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from struct import pack

import pytest
import pytest_asyncio

from scripts.benchmarks import clapper, timecode
from scripts.benchmarks.clients import display as displays
from scripts.benchmarks.clients.catalogue import CLIENTS, Client
from scripts.benchmarks.clients.display import Display, display
from scripts.benchmarks.clients.frame_pipe import Pictures, Sound, word_of
from scripts.benchmarks.clients.matrix import Row, guarded, identify
from scripts.benchmarks.clients.pictures import Shown
from scripts.benchmarks.clients.programs import Mpv
from scripts.benchmarks.clients.watching import ClientFailed
from scripts.benchmarks.decoded import Array
from scripts.benchmarks.xvfb import XvfbMissing
from tests.fixtures.deadline import eventually

GREY = b"".join(
    bytes(235 if timecode.encode(700) >> 31 - place & 1 else 16 for place in places for _ in side)
    for row in range(clapper.ROWS)
    for side in [range(clapper.SIDE)]
    for places in [range(row * clapper.COLUMNS, (row + 1) * clapper.COLUMNS)]
    for _ in side
).ljust(clapper.WIDTH * clapper.HEIGHT, b"\x80")
"""A picture with the time code 700."""


def shown(*samples: tuple[float, int]) -> Shown:
    words = [(moment, timecode.encode(code)) for moment, code in samples]
    return Shown.of(words, 1.0, 2.0, lambda code, moment: moment * 1_000 - code)


def test_each_picture_counts_once_with_its_delay_when_it_appeared() -> None:
    seen = shown((0.9, 700), (1.1, 800), (1.15, 800), (1.3, 900), (1.55, 1_000), (1.8, 1_200))
    assert (seen.pictures, seen.stalls) == (4, 0)
    assert (seen.delay.least, seen.delay.most) == pytest.approx((300, 600))
    assert seen.longest == pytest.approx(250)


def test_a_picture_that_stays_is_a_stall_also_at_the_end() -> None:
    assert shown((1.1, 800), (1.5, 900), (1.6, 1_000)).stalls == 2
    assert shown().stalls == 1


def test_an_unreadable_picture_does_not_count() -> None:
    words = [(1.2, timecode.encode(800) ^ 1), (1.3, 0)]
    assert Shown.of(words, 1.0, 2.0, lambda code, moment: 0).pictures == 0


def test_a_row_misses_its_bars_if_nothing_was_measured() -> None:
    row = Row(Client("hls.js", "hls.js", "page", 1_600))
    assert row.valid and math.isnan(row.share)
    assert not any(bar.kept for bar in row.bars)
    row.page = shown()
    assert not row.valid, "the watch page stalled"


def test_the_clients_have_different_names() -> None:
    assert len({client.name for client in CLIENTS}) == len(CLIENTS)


@pytest_asyncio.fixture
async def pictures(tmp_path: Path) -> AsyncIterator[Pictures]:
    pipe = Pictures(tmp_path / "pictures", 1.5, lines=True)
    yield pipe
    pipe.close()


async def test_pictures_are_read_also_after_the_program_opened_the_pipe_again(
    pictures: Pictures, tmp_path: Path
) -> None:
    colours = bytes(len(GREY) // 2)

    def write() -> None:
        with open(tmp_path / "pictures", "wb"):
            pass
        with open(tmp_path / "pictures", "wb", buffering=0) as pipe:
            for data in (b"I420 W640\n", *2 * (b"FRAME\n", GREY, colours)):
                os.write(pipe.fileno(), data)

    await asyncio.to_thread(write)
    found: list[int | None] = []

    def both() -> bool:
        found.extend(timecode.decode(word) for _, word in pictures.take())
        return len(found) == 2

    await eventually(both)
    assert found == [700, 700]


def unread(pipe: int) -> int:
    """Returns the number of bytes in a pipe."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


async def test_only_loud_samples_are_sound(tmp_path: Path) -> None:
    sound = Sound(tmp_path / "sound")
    try:
        with open(tmp_path / "sound", "wb", buffering=0) as pipe:
            pipe.write(bytes(200))
            await eventually(lambda: not unread(pipe.fileno()))
            assert not sound.heard
            pipe.write((12_000).to_bytes(2, "little"))
            await eventually(lambda: sound.heard)
    finally:
        sound.close()


@asynccontextmanager
async def screen(folder: Path) -> AsyncIterator[Display]:
    """A display that shows the time code 700. Its file has a header of 80 bytes (XWDFileHeader)."""
    header = pack(">20I", 80, *(0,) * 11, clapper.WIDTH * 4, *(0,) * 7)
    framebuffer = folder / "screen"
    framebuffer.write_bytes(header + b"".join(bytes([grey]) * 4 for grey in GREY))
    shown = Display(":0", framebuffer)
    try:
        yield shown
    finally:
        shown.close()


async def test_a_picture_that_stays_on_the_display_is_kept_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a long measurement would keep too many samples, and miss the last ones."""
    looks = []

    def look(luma: Array) -> int:
        looks.append(word_of(luma))
        return looks[-1]

    monkeypatch.setattr(displays, "word_of", look)
    async with screen(tmp_path) as shown:
        await eventually(lambda: len(looks) >= 3)
        assert [timecode.decode(word) for _, word in shown.take()] == [700]


async def test_a_missing_program_is_the_error_of_its_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    row = Row(Client("VLC", "vlc-bin", "program"))
    await guarded(row, identify(row))
    assert row.error == "needs cvlc; on Debian: sudo apt-get install vlc-bin"
    assert not row.version


async def test_an_x_server_without_a_display(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "Xvfb"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(XvfbMissing, match="no display"):
        async with display():
            pass


async def test_mpv_that_ends_before_it_answers_has_played_no_sound(tmp_path: Path) -> None:
    """The next `take` says that the program has ended."""

    async def leave(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_unix_server(leave, tmp_path / "control"):
        process = await asyncio.create_subprocess_exec("true")
        async with screen(tmp_path) as shown:
            mpv = Mpv(process, shown, tmp_path / "control")
            assert not await mpv.heard()
            await process.wait()
            with pytest.raises(ClientFailed, match="ended with 0"):
                await mpv.take()
