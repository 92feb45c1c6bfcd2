"""Starts confined workers through a fork server, and ends them."""

import asyncio
import json
import logging
import os
import signal
import socket
import sys
from collections import Counter, deque
from contextlib import suppress
from pathlib import Path
from typing import Any

import relay
from relay.worker.confinement import Layer
from relay.worker.fork_server import MAX_MESSAGE

logger = logging.getLogger(__name__)

START = 10.0
"""Maximum time until the fork server answers a start request, seconds. Also the maximum time from
this answer until the worker sends its first byte.
"""
IMPORT = 30.0
"""Additional time for the first answer of a fork server, seconds. The fork server first imports the
decoders, which takes many seconds on a busy machine.
"""
HUNG = 20.0
"""Maximum time that a fork server may take until its next answer while a start request waits,
seconds. For the first answer, the maximum is HUNG + IMPORT. A fork server that takes longer is
replaced, and its workers end.
"""
MAX_FORK_SERVERS = 5
FORK_SERVERS_WITHIN = 60.0
"""Time in which at most MAX_FORK_SERVERS fork servers are started, seconds. If all these fork
servers end, no worker can be started until this time has passed. This limit protects the machine if
every fork server ends or hangs soon after its start.
"""
ROOT = Path(relay.__file__).parents[1]
KEPT_VARIABLES = ("LD_LIBRARY_PATH",)
"""Environment variables that the fork server gets, because some Python installations need these
variables to start.
"""
NETWORK_LAYERS = Layer.SECCOMP | Layer.NAMESPACE


class WorkerFailed(Exception):
    """A worker could not be started, it ended by itself, or it broke its protocol."""


class Worker:
    """A running worker and its socket. `close()` ends the worker."""

    def __init__(
        self,
        server: "_ForkServerLink",
        kind: str,
        pid: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self.pid = pid
        self.reader = reader
        self.writer = writer
        self._server = server
        self._kind = kind
        self._closing = False
        self._exited = asyncio.Event()

    def kill(self) -> None:
        """Kills a worker that does not answer. Does not wait until the process is gone."""
        self._server.kill(self.pid)

    async def fail(self) -> None:
        """Ends a worker that crashed, does not answer or broke its protocol. Waits until the
        process is gone. Counts the failure.
        """
        self.kill()
        try:
            await self._exited.wait()
        finally:
            # Close the socket last. Otherwise the worker might end by itself, which does not count
            # as a failure.
            self.writer.transport.abort()

    def abandon(self) -> None:
        """Ends the worker. Does not wait until the process is gone."""
        self._closing = True
        self.kill()
        self.writer.transport.abort()

    async def close(self) -> None:
        """Ends the worker, and waits until the process is gone."""
        self.abandon()
        await self._exited.wait()

    def exited(self, status: int | None) -> None:
        """Records the end of the process. `status`: exit code, or the negative number of the
        signal; None if unknown.
        """
        self._exited.set()
        if status and not self._closing:
            self._server.failures[self._kind] += 1
            how = signal.Signals(-status).name if status < 0 else f"exit code {status}"
            logger.warning("a worker that decodes %s ended: %s", self._kind, how)


class Workers:
    """Starts workers of several kinds through one fork server. The fork server is started when it
    is first needed, and restarted if it ends. `close()` ends all workers.
    """

    def __init__(self, **modules: str) -> None:
        """`modules`: for each kind of worker, the module that it runs (a WorkerModule)."""
        self.failures: Counter[str] = Counter()
        """Number of failed workers for each kind. A failed worker crashed, or was killed because it
        did not answer or broke its protocol.
        """
        self._modules = modules
        self._command = [
            *(sys.executable, "-P", "-B", "-m", "relay.worker.fork_server"),
            *modules.values(),
        ]
        self._link: asyncio.Task[_ForkServerLink] | None = None
        self._former: list[_ForkServerLink] = []
        """Connections to lost fork servers, whose processes may not have ended yet."""
        self._opened: deque[float] = deque(maxlen=MAX_FORK_SERVERS)
        """Times at which the latest fork servers were started."""
        self._closed = False
        self._described = False

    @property
    def kinds(self) -> list[str]:
        return list(self._modules)

    def processes(self) -> list[int]:
        """Returns the ids of the running processes: first the fork server, then its workers. Empty
        if there is no fork server.
        """
        link = self._link
        if link is None or not link.done() or link.cancelled() or link.exception():
            return []
        return link.result().processes()

    def prepare(self) -> None:
        """Starts the fork server, so that the first worker starts sooner. Does nothing if too many
        fork servers were started lately.
        """
        if not self._closed and not self._usable() and self._may_open():
            loop = asyncio.get_running_loop()
            self._opened.append(loop.time())
            self._keep_former()
            self._link = loop.create_task(self._open())

    async def start(self, kind: str, *arguments: str) -> Worker:
        """Starts a worker. Returns the worker when it is confined. Raises WorkerFailed."""
        self.prepare()
        if self._closed or self._link is None:
            raise WorkerFailed("the server is shutting down")
        if not self._usable():
            raise WorkerFailed("fork servers end too often: no worker can be started for a while")
        link = await asyncio.shield(self._link)
        worker, layers = await link.start(kind, self._modules[kind], arguments)
        self._describe(layers)
        return worker

    async def close(self) -> None:
        """Ends all workers and the fork server. Returns when the processes of fork servers are
        gone.
        """
        self._closed = True
        if self._link:
            await asyncio.wait([self._link])
            self._keep_former()
        for link in self._former:
            await link.close()

    def _keep_former(self) -> None:
        """Keeps the last fork server until its process has ended."""
        self._former = [link for link in self._former if not link.ended]
        if self._link and not self._link.exception():
            self._former.append(self._link.result())

    def _usable(self) -> bool:
        """Whether a fork server is running or is being started."""
        if self._link is None:
            return False
        if not self._link.done():
            return True
        return self._link.exception() is None and not self._link.result().lost

    def _may_open(self) -> bool:
        now = asyncio.get_running_loop().time()
        lately = sum(at > now - FORK_SERVERS_WITHIN for at in self._opened)
        return lately < MAX_FORK_SERVERS

    async def _open(self) -> "_ForkServerLink":
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        variables = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        try:
            # Start the process in a separate session, so that Ctrl-C in the terminal does not reach
            # it.
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=theirs.fileno(),
                stdout=asyncio.subprocess.DEVNULL,
                env=variables | {"PYTHONPATH": str(ROOT)},
                cwd="/",
                start_new_session=True,
            )
        except BaseException as error:
            ours.close()
            if isinstance(error, OSError):
                raise WorkerFailed(f"no worker can be started: {error}") from error
            raise
        finally:
            theirs.close()
        return _ForkServerLink(process, ours, self.failures)

    def _describe(self, layers: Layer) -> None:
        """Logs once how workers are confined."""
        if self._described:
            return
        self._described = True
        level = logging.INFO if layers & NETWORK_LAYERS else logging.WARNING
        names = ", ".join(str(layer.name).lower().replace("_", " ") for layer in layers)
        logger.log(level, "media decoders are confined by: %s", names)


class _ForkServerLink:
    """The connection to one fork server process."""

    def __init__(
        self, process: asyncio.subprocess.Process, control: socket.socket, failures: Counter[str]
    ) -> None:
        self.failures = failures
        self.lost = False
        """Whether the fork server has ended."""
        self._process = process
        self._control = control
        self._loop = asyncio.get_running_loop()
        self._answered = False
        """Whether the fork server has answered a start request."""
        self._starting: deque[asyncio.Future[int]] = deque()
        """The start requests that have not been answered, in order."""
        self._unanswered_since = 0.0
        """The later of two times, in seconds: the time of the last answer of the fork server, and
        the time of the oldest unanswered start request. Valid while a start request is unanswered.
        """
        self._workers: dict[int, Worker] = {}
        self._early: dict[int, int] = {}
        """Exit status of each worker that ended before `start` created its Worker object, by
        process id.
        """
        self._discarded: set[int] = set()
        """Process ids of workers that were started although their start request was cancelled. An
        id is removed when the worker has ended.
        """
        self._loop.add_reader(control, self._receive)

    async def start(
        self, kind: str, module: str, arguments: tuple[str, ...]
    ) -> tuple[Worker, Layer]:
        """Starts a worker. Returns the worker and its confinement layers. Raises WorkerFailed."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        with theirs:
            reader, writer = await _open(ours)
            try:
                async with asyncio.timeout(START if self._answered else START + IMPORT):
                    pid = await self._request({"start": [module, arguments]}, theirs)
            except BaseException as error:
                writer.transport.abort()
                if isinstance(error, TimeoutError):
                    self._replace_if_hung()
                    raise WorkerFailed("the fork server does not answer") from error
                raise
        worker = self._workers[pid] = Worker(self, kind, pid, reader, writer)
        if self.lost or pid in self._early:
            self._end(pid, self._early.pop(pid, None))
        try:
            async with asyncio.timeout(START):
                return worker, Layer((await reader.readexactly(1))[0])
        except (TimeoutError, asyncio.IncompleteReadError, OSError) as error:
            worker.kill()
            writer.transport.abort()
            raise WorkerFailed("a worker did not start") from error
        except BaseException:
            worker.abandon()
            raise

    def processes(self) -> list[int]:
        """Returns the ids of the fork server and of the workers; empty if the fork server ended."""
        return [] if self.lost else [self._process.pid, *self._workers]

    @property
    def ended(self) -> bool:
        """Whether the process of the fork server is gone."""
        return self._process.returncode is not None

    def kill(self, pid: int) -> None:
        """Ends a worker. Does nothing if the worker has ended."""
        if pid in self._workers and not self.lost:
            self._send({"kill": pid})

    async def close(self) -> None:
        """Ends the fork server and all workers."""
        self._lose()
        await self._process.wait()

    async def _request(self, message: dict[str, Any], descriptor: socket.socket) -> int:
        """Sends a start request with the worker's socket. Returns the process id of the worker."""
        if self.lost:
            raise WorkerFailed("the fork server ended")
        answer: asyncio.Future[int] = self._loop.create_future()
        try:
            socket.send_fds(self._control, [json.dumps(message).encode()], [descriptor.fileno()])
        except OSError as error:
            raise WorkerFailed(f"no worker can be started: {error.strerror}") from error
        if not self._starting:
            self._unanswered_since = self._loop.time()
        self._starting.append(answer)
        try:
            return await answer
        except asyncio.CancelledError:
            if answer.done() and not answer.cancelled() and not answer.exception():
                self._discard(answer.result())
            raise

    def _replace_if_hung(self) -> None:
        """Ends a fork server that has not answered for too long. The next start replaces it."""
        silent = self._loop.time() - self._unanswered_since
        if not self.lost and silent > (HUNG if self._answered else HUNG + IMPORT):
            logger.error("the fork server of the workers has not answered for %.0f s", silent)
            self._lose()

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self._control.send(json.dumps(message).encode())
        except OSError as error:
            logger.error("the fork server takes no message: %s", error)
            self._lose()

    def _receive(self) -> None:
        try:
            while message := self._control.recv(MAX_MESSAGE):
                self._handle(json.loads(message))
        except BlockingIOError:
            return
        except OSError:
            pass
        logger.error("the fork server of the workers ended")
        self._lose()

    def _handle(self, message: dict[str, Any]) -> None:
        if "exited" in message:
            self._end(*message["exited"])
            return
        self._answered = True
        self._unanswered_since = self._loop.time()
        answer = self._starting.popleft()
        if "failed" in message:
            if not answer.done():
                answer.set_exception(WorkerFailed(f"no worker can be started: {message['failed']}"))
        elif answer.done():  # the task that wanted the worker was cancelled
            self._discard(message["started"])
        else:
            answer.set_result(message["started"])

    def _discard(self, pid: int) -> None:
        """Ends a worker whose start request was cancelled."""
        if self._early.pop(pid, None) is None:
            self._discarded.add(pid)
            self._send({"kill": pid})

    def _end(self, pid: int, status: int | None) -> None:
        worker = self._workers.pop(pid, None)
        if worker:
            worker.exited(status)
        elif pid in self._discarded:
            self._discarded.remove(pid)
        else:
            self._early[pid] = status or 0

    def _lose(self) -> None:
        """Closes the control socket. The fork server and all workers then end, even if the fork
        server hangs.
        """
        if self.lost:
            return
        self.lost = True
        with suppress(ProcessLookupError):
            self._process.kill()
        self._loop.remove_reader(self._control)
        self._control.close()
        while self._starting:
            answer = self._starting.popleft()
            if not answer.done():
                answer.set_exception(WorkerFailed("the fork server ended"))
        for pid, worker in list(self._workers.items()):
            worker.writer.transport.abort()
            self._end(pid, None)


async def _open(sock: socket.socket) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        return await asyncio.open_unix_connection(sock=sock)
    except BaseException:
        sock.close()
        raise
