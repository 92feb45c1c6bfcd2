"""Transcoders in worker processes: pictures in, pictures out, and how many there may be."""

import asyncio
import logging
import sys
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic

from relay.media import h264
from relay.rtc.receive.reassembly import EncodedFrame
from server.ingest.transcoder_process import ANSWER, REQUEST, Kind, Wish

logger = logging.getLogger(__name__)

HURRY = 4
"""Pictures under way from which further ones are decoded only: the transcoder is behind, and shows
fewer of them.
"""
MAX_UNDER_WAY = 12
"""Pictures under way from which all are left out up to the next key one."""
STUCK = 5.0
"""Seconds that a picture may be under way; a worker that takes longer is ended."""
KEY_AT_MOST = 0.3
"""Seconds between two IDRs that viewers ask for."""
MAX_ANSWER = 8 << 20


class Transcoding:
    """One creator's transcoder.

    `start()`, then `receive()` for each picture, `close()` in any state. `on_picture` gets the
    result, whose `arrived` is that of the picture it was made from; `on_broken` says that nothing
    can be decoded until the next key picture; `on_failed(reason)` is called once where the worker
    is lost; `on_closed` when `close()` has ended it.
    """

    def __init__(
        self,
        codec: str,
        bitrate: int,
        *,
        on_picture: Callable[[EncodedFrame], None],
        on_broken: Callable[[], None],
        on_failed: Callable[[str], None],
        on_closed: Callable[[], None] = lambda: None,
    ) -> None:
        self._command = [
            sys.executable,
            "-m",
            "server.ingest.transcoder_process",
            codec,
            str(bitrate),
        ]
        self._on_picture = on_picture
        self._on_broken = on_broken
        self._on_failed = on_failed
        self._on_closed = on_closed
        self._annexb = codec == "H264"
        self._sps = self._pps = b""
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._ready = False
        self._closing = False
        self._waiting = True
        """For a key picture: those before it cannot be decoded."""
        self._key_wanted = True
        self._last_key = 0.0
        self._under_way = 0
        self._answered = 0.0
        self._arrivals: OrderedDict[int, float] = OrderedDict()
        self.dropped = 0
        """Pictures that the worker was too slow, or not there yet, for."""

    @property
    def pid(self) -> int | None:
        """Of the worker, while there is one."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Starts the worker, which takes some tenths of a second."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Ends the worker; no callback comes after this."""
        first, self._closing, self._ready = not self._closing, True, False
        self._kill()
        if self._task:
            await asyncio.wait([self._task])
        if first:
            self._on_closed()

    def request_keyframe(self) -> None:
        """The next picture shall be an IDR, soon."""
        self._key_wanted = True

    def receive(self, picture: EncodedFrame) -> None:
        """Takes the next picture of the creator, in decoding order, or its parameter sets alone."""
        unit = picture.unit
        self._sps, self._pps = unit.sps or self._sps, unit.pps or self._pps
        if not unit.data:
            return
        if self._under_way >= MAX_UNDER_WAY:
            self._waiting = True
        elif unit.key and self._ready:
            self._waiting = False
        if self._waiting or self._process is None or self._process.stdin is None:
            self.dropped += 1
            if self._ready and self._under_way < HURRY:
                self._on_broken()
            return
        wish = Wish.SKIP if self._under_way >= HURRY else Wish.NONE
        if (self._key_wanted and picture.arrived - self._last_key >= KEY_AT_MOST) or unit.key:
            # Where the creator starts a GOP viewers find one, too: so their longest is the
            # creator's longest.
            wish |= Wish.KEY
            self._key_wanted = False
            self._last_key = picture.arrived
        self._send(picture, wish)

    def _send(self, picture: EncodedFrame, wish: Wish) -> None:
        assert self._process and self._process.stdin
        unit = picture.unit
        data = (
            _annexb([self._sps, self._pps] if unit.key else [], unit.data)
            if self._annexb
            else unit.data
        )
        self._arrivals[picture.timestamp] = picture.arrived
        if len(self._arrivals) > 2 * MAX_UNDER_WAY:
            self._arrivals.popitem(last=False)
        if not self._under_way:
            self._answered = picture.arrived
        self._under_way += 1
        self._process.stdin.write(REQUEST.pack(len(data), picture.timestamp, wish) + data)

    def check(self, now: float) -> None:
        """Call now and then: ends a worker that does not answer. `now`: seconds of
        `time.monotonic`.
        """
        if self._under_way and now - self._answered > STUCK:
            logger.warning("transcoder %s does not answer", self.pid)
            self._kill()

    async def _run(self) -> None:
        pipe = asyncio.subprocess.PIPE
        reason = "the transcoder ended"
        try:
            # A session of its own: the terminal's interrupt is for the server, which ends its
            # workers itself.
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=pipe, stdout=pipe, start_new_session=True
            )
            if self._closing:
                self._kill()
            assert self._process.stdout is not None
            reason = await self._read(self._process.stdout)
        except asyncio.IncompleteReadError:
            pass
        except OSError as error:
            reason = f"no transcoder could be started: {error}"
        except (
            Exception
        ):  # whatever it is, it costs this creator only, and leaves no process behind
            logger.exception("transcoder %s", self.pid)
        self._ready = False
        if self._process:
            self._kill()
            await self._process.wait()
        if not self._closing:
            self._on_failed(reason)

    async def _read(self, answers: asyncio.StreamReader) -> str:
        """Passes on what comes, to the end. Raises IncompleteReadError where the worker is gone."""
        while True:
            size, timestamp, kind = ANSWER.unpack(await answers.readexactly(ANSWER.size))
            data = await answers.readexactly(size) if 0 < size <= MAX_ANSWER else b""
            if self._closing:
                continue
            self._answered = monotonic()
            if kind in (Kind.PICTURE, Kind.KEY_PICTURE):
                arrived = self._arrivals.pop(timestamp, self._answered)
                self._on_picture(
                    EncodedFrame(timestamp, h264.access_unit(h264.split_annexb(data)), arrived)
                )
            elif kind == Kind.READY:
                self._ready = True
                self._on_broken()
            elif kind == Kind.FAILED:
                return data.decode(errors="replace")
            else:
                self._under_way -= 1
                if kind == Kind.BROKEN:
                    self._waiting = True
                    self._on_broken()

    def _kill(self) -> None:
        if self._process and self._process.returncode is None:
            try:
                self._process.kill()
            except ProcessLookupError:
                pass


def _annexb(parameter_sets: list[bytes], data: bytes) -> bytes:
    """An access unit with start codes in the place of lengths, its parameter sets before it."""
    parts = [*parameter_sets]
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        parts.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return b"".join(b"\0\0\0\1" + part for part in parts)
