"""A process that the supervisor starts, restarts and ends."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from server.supervisor.lifetime import Action, Lifetime, State

logger = logging.getLogger(__name__)


class Member:
    """One process and its successors. `run()` returns once `stop()` was called and the process has
    ended. Subclasses start the process, and call `heard` and `ready`.
    """

    def __init__(self, name: str, changed: Callable[[], None], *, beats: bool) -> None:
        """`name` stands in log lines. `changed` is called when a process serves or has ended.
        `beats`: whether the process must say again and again that it runs.
        """
        self.name = name
        self.problem: list[str] = []
        """Why the last process ended, in lines; empty once its successor serves."""
        self.code = 0
        """The exit code of the last process; negative: the signal that ended it."""
        self._changed = changed
        self._wake = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._exit: asyncio.Task[None] | None = None
        self.lifetime = Lifetime(_now(), beats=beats)

    async def launch(self) -> asyncio.subprocess.Process:
        """Starts the process. Raises OSError."""
        raise NotImplementedError

    async def last_words(self) -> list[str]:
        """Returns what the process, which has ended, has said about the reason; may be empty."""
        raise NotImplementedError

    @property
    def pid(self) -> int | None:
        """The id of the process that runs."""
        return self._process.pid if self._process else None

    @property
    def serves(self) -> bool:
        return self.lifetime.state is State.SERVING

    def heard(self) -> None:
        """The process says that it runs."""
        self.lifetime.heard(_now())

    def ready(self) -> None:
        """The process serves."""
        self.lifetime.ready(_now())
        self.problem = []
        logger.info("%s serves (process id %s)", self.name, self.pid)
        self._changed()

    def stop(self, number: int, within: float) -> None:
        """Sends a signal to the process, which must then end within that time (seconds). Starts no
        other process.
        """
        if self.lifetime.stop(_now(), within):
            self.signal(number)
        self._wake.set()

    def signal(self, number: int) -> None:
        if self._process:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def run(self) -> None:
        """Keeps a process running until `stop`. If the call is cancelled, kills the process."""
        try:
            while self.lifetime.state is not State.OVER:
                self._wake.clear()
                match self.lifetime.due(_now()):
                    case Action.START:
                        await self._start()
                    case Action.KILL:
                        self._kill()
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(self.lifetime.next_at()):
                        await self._wake.wait()
        finally:
            if self._exit:
                self.signal(9)
                await asyncio.wait([self._exit])

    async def _start(self) -> None:
        try:
            self._process = await self.launch()
        except OSError as error:
            self.problem = [f"{self.name} cannot be started: {error.strerror or error}"]
            logger.error("%s", self.problem[0])
            self.code = 1
            self.lifetime.exited(_now())
            self._changed()
            return
        self.lifetime.started(_now())
        self._exit = asyncio.create_task(self._await_exit(self._process))

    def _kill(self) -> None:
        if self.lifetime.state is not State.ENDING:
            logger.error("%s does not answer: it is killed", self.name)
        self.signal(9)

    async def _await_exit(self, process: asyncio.subprocess.Process) -> None:
        self.code = await process.wait()
        said = await self.last_words()
        self._process = self._exit = None
        if self.lifetime.state not in (State.ENDING, State.OVER):
            how = f"was ended by signal {-self.code}" if self.code < 0 else f"ended ({self.code})"
            self.problem = said or [f"{self.name} {how}"]
            logger.error("%s %s", self.name, ": ".join([how, *said]))
        self.lifetime.exited(_now())
        self._wake.set()
        self._changed()


def _now() -> float:
    return asyncio.get_running_loop().time()
