"""Measures the load of the event loop twice a second. The meter and the admission use the load."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from relay.channel.pulse import Pulse
from relay.meter import SECOND, Kind, Meter
from relay.rtc.receive.feedback import KeyframeBudget
from relay.rtc.udp import UdpPort
from server.host.admission import SPREAD, Admission
from server.host.headroom import HeadroomEstimate, Level, Measurement

logger = logging.getLogger(__name__)

INTERVAL = SPREAD
BUSY = 0.6
"""Load above which the event loop counts as busy, as a share of the loop's time. The meter then
assumes that other work waits for the loop.
"""
WAITING = 0.03
"""Lateness of a timer above which the event loop counts as busy, seconds. The meter then assumes
that other work waits for the loop.
"""


@dataclass(frozen=True, slots=True)
class Audience:
    """The figures about creators and viewers that the sampler cannot measure itself."""

    creators: int
    viewers: int
    """Viewers over WebSockets and WHEP."""
    delivery_ns: int
    """Time that the delivery to viewers took since the process began, ns."""


class LoadSampler:
    """Takes a measurement every INTERVAL seconds, from `start()` to `close()`. Runs in the thread
    of the event loop.
    """

    def __init__(
        self,
        port: UdpPort,
        pulse: Pulse,
        meter: Meter,
        admission: Admission,
        keyframes: KeyframeBudget,
        read_audience: Callable[[], Audience],
    ) -> None:
        self._port = port
        self._pulse = pulse
        self.meter = meter
        self.admission = admission
        self._keyframes = keyframes
        self._read_audience = read_audience
        self._estimate = HeadroomEstimate(admission.limits)
        self._timer: asyncio.TimerHandle | None = None
        self._at = 0.0
        self._cpu = 0.0
        self._waited = 0.0
        self._totals: tuple[int, int, int, int] = (0, 0, 0, 0)

    def start(self) -> None:
        self._at, self._cpu, self._waited = time.monotonic(), time.thread_time(), _waited()
        self._totals = self._read_totals(self._read_audience())
        self._wait()

    def close(self) -> None:
        if self._timer:
            self._timer.cancel()

    def sample(self) -> None:
        """Takes one measurement."""
        now, cpu, waited = time.monotonic(), time.thread_time(), _waited()
        # The level depends on the mean lateness, not on the maximum: one pause, such as a garbage
        # collection, is no overload.
        lateness, worst = self._pulse.take_recent(now)
        load = (cpu - self._cpu + waited - self._waited) / max(1e-9, now - self._at)
        self.meter.sample(now, waiting=load > BUSY or worst > WAITING)
        audience = self._read_audience()
        totals, before = self._read_totals(audience), self._totals
        receiving, delivering, answering, dropped = (
            new - old for new, old in zip(totals, before, strict=True)
        )
        level = self._estimate.headroom.level
        headroom = self._estimate.add(
            Measurement(
                now - self._at,
                cpu - self._cpu,
                waited - self._waited,
                receiving / SECOND,
                delivering / SECOND,
                answering / SECOND,
                lateness,
                dropped,
                audience.creators,
                audience.viewers,
            )
        )
        self._at, self._cpu, self._waited, self._totals = now, cpu, waited, totals
        self.admission.measured(headroom, self.meter.unmeasured(headroom.creator_cost, now))
        self._keyframes.sessions = audience.creators
        self._keyframes.strained = headroom.level is Level.CROWDED
        if (headroom.level is Level.FREE) is not (level is Level.FREE):
            logger.info(
                "the server is %s: load %.0f %%, timers %.0f ms late, %d datagrams lost in the "
                "receive buffer, %d creators, %d viewers",
                headroom.level.value,
                headroom.load * 100,
                headroom.lateness * 1_000,
                headroom.dropped,
                audience.creators,
                audience.viewers,
            )

    def _read_totals(self, audience: Audience) -> tuple[int, int, int, int]:
        """Returns totals since the process began: the time that creators, viewers and requests
        used, in ns, and the number of dropped datagrams.
        """
        totals = self.meter.totals
        return (
            totals[Kind.CREATOR],
            totals[Kind.VIEWER] + audience.delivery_ns,
            totals[Kind.CLIENT],
            self._port.overflowed,
        )

    def _wait(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(INTERVAL, self._run)

    def _run(self) -> None:
        self._wait()
        self.sample()


def _waited() -> float:
    """Returns the total time for which this thread was ready to run but had to wait for a core,
    seconds. Returns 0 if the system does not report this time. Other programs on the machine can
    cause such waits.
    """
    try:
        with open("/proc/thread-self/schedstat", encoding="ascii") as file:
            return int(file.read().split()[1]) / SECOND
    except (OSError, ValueError, IndexError):
        return 0.0
