"""Decides when a supervised process is started, and when it is killed. Pure: `now` is in seconds,
monotonic.
"""

from enum import Enum, auto

FIRST_DELAY = 1.0
"""Seconds before a process that has failed twice in a row is started again. After the first
failure, it is started at once; after each further failure, the delay doubles.
"""
MAX_DELAY = 30.0
STEADY = 60.0
"""Seconds that a process must serve until its earlier failures are forgotten."""
BEAT = 2.0
"""Interval at which a process says that its event loop runs, seconds."""
SILENT = 20.0
"""Seconds without a beat after which a process is killed."""
START = 120.0
"""Seconds that a process has from its start to its first beat, or until it serves if it does not
beat.
"""
MAX_PAUSE = 3 * BEAT
"""Maximum seconds between two calls of `due`. After a longer pause, the supervisor itself did not
run, and has not read the beats.
"""


class State(Enum):
    WAITING = auto()
    """There is no process. One is to be started."""
    STARTING = auto()
    SERVING = auto()
    ENDING = auto()
    """The process was asked to end."""
    OVER = auto()
    """There is no process, and none will be started."""


class Event(Enum):
    STARTED = auto()
    READY = auto()
    EXITED = auto()
    STOPPED = auto()
    """The supervisor wants the process to end."""


class Action(Enum):
    START = auto()
    KILL = auto()


TABLE = {
    (State.WAITING, Event.STARTED): State.STARTING,
    (State.WAITING, Event.STOPPED): State.OVER,
    (State.STARTING, Event.READY): State.SERVING,
    (State.STARTING, Event.EXITED): State.WAITING,
    (State.STARTING, Event.STOPPED): State.ENDING,
    (State.SERVING, Event.EXITED): State.WAITING,
    (State.SERVING, Event.STOPPED): State.ENDING,
    (State.ENDING, Event.EXITED): State.OVER,
}
"""All other pairs change nothing."""


class Lifetime:
    """The life of one supervised process over all its restarts. Call the methods for what happens;
    `due` says what to do, and `next_at` when to ask again.
    """

    def __init__(self, now: float, *, beats: bool = True) -> None:
        """`beats`: whether the process says that it runs (`heard`)."""
        self.state = State.WAITING
        self._beats = beats
        self._failures = 0
        self._start_at = now
        self._serving_since = now
        self._kill_at = float("inf")
        self._checked = now

    @property
    def runs(self) -> bool:
        """Whether there is a process."""
        return self.state in (State.STARTING, State.SERVING, State.ENDING)

    def started(self, now: float) -> None:
        """The process was started."""
        self._enter(Event.STARTED)
        self._kill_at = now + START

    def heard(self, now: float) -> None:
        """The process has said that it runs."""
        if self.state in (State.STARTING, State.SERVING):
            self._kill_at = now + SILENT

    def ready(self, now: float) -> None:
        """The process serves."""
        self._enter(Event.READY)
        self._serving_since = now
        if not self._beats and self.state is State.SERVING:
            self._kill_at = float("inf")

    def exited(self, now: float) -> None:
        """The process has ended, or could not be started."""
        if self.state is State.SERVING and now - self._serving_since >= STEADY:
            self._failures = 0
        self._start_at = now + self._delay()
        self._failures += 1
        self._kill_at = float("inf")
        self._enter(Event.EXITED)

    def stop(self, now: float, within: float) -> bool:
        """Ends the life. Returns whether the process must be asked to end; it is killed if it has
        not ended `within` that time. A further call can only shorten the time.
        """
        asked_before = self.state is State.ENDING
        self._enter(Event.STOPPED)
        self._kill_at = min(self._kill_at, now + within) if asked_before else now + within
        return self.runs

    def due(self, now: float) -> Action | None:
        """Returns what must be done now."""
        paused, self._checked = now - self._checked > MAX_PAUSE, now
        if self.state is State.WAITING:
            return Action.START if now >= self._start_at else None
        if not self.runs or now < self._kill_at:
            return None
        if paused and self.state is not State.ENDING:
            self._kill_at = now + SILENT
            return None
        self._kill_at = now + BEAT
        return Action.KILL

    def next_at(self) -> float:
        """Returns the time of the next call of `due`."""
        at = self._start_at if self.state is State.WAITING else self._kill_at
        return min(at, self._checked + BEAT)

    def _delay(self) -> float:
        if not self._failures:
            return 0.0
        return min(MAX_DELAY, FIRST_DELAY * 2.0 ** min(self._failures - 1, 10))

    def _enter(self, event: Event) -> None:
        self.state = TABLE.get((self.state, event), self.state)
