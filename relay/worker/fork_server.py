"""Forks confined workers: `python -m relay.worker.fork_server MODULE...`.

Standard input is the control socket. Each message is one JSON object. The server sends `{"start":
[MODULE, ARGUMENTS]}` with the worker's socket, and `{"kill": PID}`. The fork server answers each
start request, in order, with `{"started": PID}` or `{"failed": REASON}`. When a worker ends, the
fork server sends `{"exited": [PID, STATUS]}`. STATUS is a result of `os.waitstatus_to_exitcode`.
When the control socket is closed, the fork server ends and kills all workers.

A worker's module has `MEMORY`, `NICE` and `main` (WorkerModule). The first byte that a worker sends
tells which layers confine the worker (Layer).
"""

import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from relay.worker.confinement import (
    MAX_DESCRIPTORS,
    address_space,
    confine_fork_server,
    confine_worker,
    end_with_parent,
)

MAX_MESSAGE = 65_536
GROUP_NICE = 5
"""Niceness of the group of all workers, if the kernel schedules sessions as groups
(sched_autogroup). The niceness of a process then counts only within its group.
"""


class WorkerModule(Protocol):
    MEMORY: int
    """Maximum number of bytes that the worker may map in addition to the memory that the fork
    server has mapped.
    """
    NICE: int
    """Niceness of the worker. The server, which forwards media, has niceness 0, and so has priority
    over the workers.
    """

    def main(self, requests: BinaryIO, answers: BinaryIO, *arguments: str) -> None:
        """Answers requests until `requests` ends."""


class ForkServer:
    """Forks workers, and reports when a worker ends."""

    def __init__(self, control: socket.socket, modules: dict[str, WorkerModule]) -> None:
        """Confines this process. Afterwards this process cannot open files."""
        self._control = control
        self._modules = modules
        self._workers: set[int] = set()
        """Process ids of the workers that have not been reaped."""
        self._null = os.open(os.devnull, os.O_RDWR)
        # A signal writes a byte to this socket, so that `select` also returns when a worker ends.
        self._woken, self._wakes = socket.socketpair()
        self._wakes.setblocking(False)
        signal.set_wakeup_fd(self._wakes.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._mapped = address_space()
        self._layers = confine_fork_server()

    def run(self) -> None:
        """Serves until the control socket is closed."""
        try:
            while self._serve():
                self._reap()
        except (BrokenPipeError, ConnectionResetError):
            pass
        finally:
            for worker in self._workers:
                os.kill(worker, signal.SIGKILL)

    def _serve(self) -> bool:
        """Waits until a message arrives or a worker ends. Handles the message, if any. Returns
        whether the control socket is still open.
        """
        readable, _, _ = select.select([self._control, self._woken], [], [])
        if self._woken in readable:
            self._woken.recv(MAX_MESSAGE)
        if self._control in readable:
            message, descriptors, _, _ = socket.recv_fds(self._control, MAX_MESSAGE, 1)
            if not message:
                return False
            self._obey(json.loads(message), descriptors)
        return True

    def _obey(self, message: dict[str, Any], descriptors: list[int]) -> None:
        if "kill" in message:
            # The id in `_workers` cannot belong to another process: the operating system does not
            # reuse the id of an ended worker before `_reap` has reaped the worker.
            if message["kill"] in self._workers:
                os.kill(message["kill"], signal.SIGKILL)
            return
        (link,) = descriptors
        try:
            module, arguments = message["start"]
            self._report(started=self._fork(self._modules[module], arguments, link))
        except OSError as error:
            self._report(failed=error.strerror)
        finally:
            os.close(link)

    def _fork(self, module: WorkerModule, arguments: list[str], link: int) -> int:
        parent = os.getpid()
        worker = os.fork()
        if not worker:
            self._work(parent, module, arguments, link)
        self._workers.add(worker)
        return worker

    def _reap(self) -> None:
        while self._workers:
            worker, status = os.waitpid(-1, os.WNOHANG)
            if not worker:
                return
            self._workers.discard(worker)
            self._report(exited=[worker, os.waitstatus_to_exitcode(status)])

    def _report(self, **message: object) -> None:
        self._control.send(json.dumps(message).encode())

    def _work(self, parent: int, module: WorkerModule, arguments: list[str], link: int) -> None:
        """Runs a worker in the forked process, and ends the process."""
        status = 1
        try:
            end_with_parent(parent)
            os.nice(module.NICE)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            # Connect standard input and output to the worker's socket. Discard standard error, so
            # that an attacker's media cannot write to the server's log.
            for source, target in ((link, 0), (link, 1), (self._null, 2)):
                os.dup2(source, target)
            os.closerange(3, MAX_DESCRIPTORS)
            requests, answers = os.fdopen(0, "rb"), os.fdopen(1, "wb")
            layers = self._layers | confine_worker(self._mapped + module.MEMORY)
            answers.write(bytes((layers,)))
            answers.flush()
            module.main(requests, answers, *arguments)
            status = 0
        except BaseException:
            with suppress(BaseException):
                traceback.print_exc()
        finally:
            os._exit(status)


def main() -> None:
    modules = {name: importlib.import_module(name) for name in sys.argv[1:]}
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(GROUP_NICE))
    # Ignore the signals that a service manager sends to every process of the service. Only the
    # server ends workers.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    server = ForkServer(socket.socket(fileno=0), cast(dict[str, WorkerModule], modules))
    # Exclude all objects from garbage collection, so that the workers share the memory of these
    # objects. A collection would write to the objects and so copy their memory.
    gc.collect()
    gc.freeze()
    server.run()


if __name__ == "__main__":
    main()
