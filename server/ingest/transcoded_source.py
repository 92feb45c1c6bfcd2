"""Transcodes a publisher's video in a worker process."""

import asyncio
import logging
import sys
from collections.abc import Callable
from time import monotonic

from relay.callbacks import ignore
from relay.rtc.receive.reassembly import EncodedFrame
from server.ingest.frame_source import DISCARD, FrameOutput
from server.ingest.transcoder_messages import ANSWER, Kind
from server.ingest.transcoding import Event, State, Transcoding

logger = logging.getLogger(__name__)

MAX_ANSWER = 8 << 20
"""Maximum bytes of one answer."""


class TranscodedSource:
    """A FrameSource that owns one worker process. Call `start()` first.

    `on_closed` is called once, when `close()` has ended the worker.
    """

    def __init__(self, codec: str, bitrate: int, on_closed: Callable[[], None] = ignore) -> None:
        """`codec`: a key of `transcoder.DECODERS`. `bitrate`: maximum bitrate of the transcoded
        video, bit/s.
        """
        self._command = [
            sys.executable,
            "-m",
            "server.ingest.transcoder_process",
            codec,
            str(bitrate),
        ]
        self._transcoding = Transcoding(codec)
        self._output: FrameOutput = DISCARD
        self._on_closed = on_closed
        self._reason = ""
        """Reason for the end of the worker process."""
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the worker; None until the worker runs."""
        return self._process.pid if self._process else None

    @property
    def dropped(self) -> int:
        """Number of frames dropped because the worker was not ready or too slow."""
        return self._transcoding.dropped

    def start(self) -> None:
        """Starts the worker, which takes some tenths of a second."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    def deliver_to(self, output: FrameOutput) -> None:
        self._output = output
        if self._transcoding.state is State.LOST:
            output.source_failed(self._reason)

    def receive(self, frame: EncodedFrame) -> None:
        request = self._transcoding.request(frame)
        if request:
            assert self._process and self._process.stdin
            self._process.stdin.write(request)
        elif self._transcoding.needs_keyframe:
            self._output.request_keyframe()

    def request_keyframe(self) -> None:
        self._transcoding.request_keyframe()

    def check(self, now: float) -> None:
        if self._transcoding.stuck(now):
            logger.warning("transcoder %s does not answer", self.pid)
            self._kill()

    async def close(self) -> None:
        closed = self._transcoding.happen(Event.CLOSED)
        self._output = DISCARD
        self._kill()
        if self._task:
            await asyncio.wait([self._task])
        if closed:
            self._on_closed()

    async def _run(self) -> None:
        pipe = asyncio.subprocess.PIPE
        reason = "the transcoder ended"
        try:
            # In a session of its own, the worker does not receive Ctrl-C from the terminal. The
            # server ends the worker.
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=pipe, stdout=pipe, start_new_session=True
            )
            if self._transcoding.state is State.CLOSED:
                self._kill()
            assert self._process.stdout is not None
            reason = await self._read(self._process.stdout)
        except asyncio.IncompleteReadError:
            pass
        except OSError as error:
            reason = f"no transcoder could be started: {error}"
        except Exception:  # a bug here ends this publisher's video only, and its process
            logger.exception("transcoder %s", self.pid)
        if self._process:
            self._kill()
            await self._process.wait()
        if self._transcoding.happen(Event.LOST):
            self._reason = reason
            self._output.source_failed(reason)

    async def _read(self, answers: asyncio.StreamReader) -> str:
        """Handles the worker's answers until the transcoding fails. Returns the reason for the
        failure. Raises IncompleteReadError if the worker has ended.
        """
        while True:
            size, timestamp, number = ANSWER.unpack(await answers.readexactly(ANSWER.size))
            if size > MAX_ANSWER:
                return f"the transcoder sent a frame of {size} bytes"
            data = await answers.readexactly(size) if size else b""
            kind = Kind(number)
            if kind is Kind.FAILED:
                return data.decode(errors="replace")
            if self._transcoding.state is State.CLOSED:
                continue
            frame = self._transcoding.receive_answer(kind, timestamp, data, monotonic())
            if frame:
                self._output.publish_frame(frame)
            elif kind in (Kind.READY, Kind.BROKEN):
                self._output.request_keyframe()

    def _kill(self) -> None:
        if self._process and self._process.returncode is None:
            try:
                self._process.kill()
            except ProcessLookupError:
                pass
