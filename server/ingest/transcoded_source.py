"""Transcodes a publisher's video in a worker process."""

import asyncio
import logging
from collections.abc import Callable
from time import monotonic

from relay.callbacks import ignore
from relay.rtc.receive.reassembly import EncodedFrame
from relay.worker.workers import Worker, WorkerFailed, Workers
from server.ingest.frame_source import DISCARD, FrameOutput
from server.ingest.takeover import Takeover
from server.ingest.transcoder_messages import ANSWER, Kind
from server.ingest.transcoding import Event, State, Transcoding

logger = logging.getLogger(__name__)

KIND = "video"
"""Kind of the worker process."""
MAX_ANSWER = 8 << 20
"""Maximum bytes of one answer."""
MAX_UNREAD = 16 << 20
"""Maximum bytes of requests that the worker has not read. Without this limit, a worker under the
control of an attacker could send answers, read no requests and so fill the server's memory.
"""


class TranscodedSource:
    """A FrameSource that owns one worker process. A worker that crashes is replaced; the video
    continues at the next keyframe. Call `start()` first.

    `on_closed` is called once, when `close()` has ended the worker.
    """

    def __init__(
        self,
        workers: Workers,
        codec: str,
        bitrate: int,
        on_closed: Callable[[], None] = ignore,
        takeover: Takeover | None = None,
    ) -> None:
        """`codec`: a key of `transcoder.DECODERS`. `bitrate`: maximum bitrate of the transcoded
        video, bit/s. `takeover`: what the former source has forwarded.
        """
        self._workers = workers
        self._arguments = codec, str(bitrate)
        self._transcoding = Transcoding(codec, takeover)
        self._output: FrameOutput = DISCARD
        self._on_closed = on_closed
        self._reason = ""
        """Reason why the source has failed."""
        self._worker: Worker | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the worker; None until the worker runs."""
        return self._worker.pid if self._worker else None

    @property
    def dropped(self) -> int:
        """Number of frames dropped because the worker was not ready or too slow."""
        return self._transcoding.dropped

    def start(self) -> None:
        """Starts the worker."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    def deliver_to(self, output: FrameOutput) -> None:
        self._output = output
        if self._transcoding.state is State.LOST:
            output.source_failed(self._reason)

    def receive(self, frame: EncodedFrame) -> None:
        if self._transcoding.forwards(frame):
            self._output.publish_frame(frame)
        if request := self._transcoding.request(frame):
            self._write(request)
        elif self._transcoding.needs_keyframe:
            self._output.request_keyframe()

    def _write(self, requests: bytes) -> None:
        assert self._worker
        self._worker.writer.write(requests)

    def request_keyframe(self) -> None:
        self._transcoding.request_keyframe()

    def check(self, now: float) -> float:
        worker = self._worker
        if worker is None:
            return now
        unread = worker.writer.transport.get_write_buffer_size()
        if unread > MAX_UNREAD or self._transcoding.stuck(now):
            logger.warning("transcoder %s does not answer", self.pid)
            worker.kill()
        return now  # each tick measures the bytes that wait for the worker

    async def close(self) -> None:
        closed = self._transcoding.happen(Event.CLOSED)
        self._output = DISCARD
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])
            # Breaks a reference cycle: the traceback of the cancelled task references this source.
            self._task = None
        if closed:
            self._on_closed()

    async def _run(self) -> None:
        """Runs one worker after another until a worker fails and must not be replaced."""
        while (reason := await self._work()) is None:
            logger.info("transcoder %s is replaced", self.pid)
        if self._transcoding.happen(Event.LOST):
            self._reason = reason
            self._output.source_failed(reason)

    async def _work(self) -> str | None:
        """Runs one worker until the worker ends. Returns None if a new worker may replace this
        worker; otherwise returns the reason of the failure.
        """
        try:
            worker = self._worker = await self._workers.start(KIND, *self._arguments)
        except WorkerFailed as error:
            return str(error)
        try:
            return await self._read(worker.reader)
        except (asyncio.IncompleteReadError, OSError):
            await worker.fail()
            return None if self._transcoding.crash(monotonic()) else "the transcoder ended"
        except Exception:  # a bug here ends only this publisher's video and worker
            logger.exception("transcoder %s", self.pid)
            return "the transcoder ended"
        finally:
            await worker.close()

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
            frame = self._transcoding.receive_answer(kind, timestamp, data, monotonic())
            if frame:
                self._output.publish_frame(frame)
                continue
            if requests := self._transcoding.waiting_requests():
                self._write(requests)
            if kind in (Kind.READY, Kind.BROKEN) and self._transcoding.needs_keyframe:
                self._output.request_keyframe()
