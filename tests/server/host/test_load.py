"""The figures that the sampler measures of this process."""

import logging
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from relay.channel.pulse import Pulse
from relay.meter import SECOND, Kind, Meter
from relay.rtc.receive.feedback import KeyframeBudget
from relay.rtc.udp import UdpPort
from server.host.admission import Admission
from server.host.headroom import Level, Limits
from server.host.load import INTERVAL, Audience, LoadSampler
from tests.fixtures.deadline import eventually


class Sampled:
    """A sampler with real parts."""

    def __init__(self) -> None:
        self.meter = Meter(thread_ns=time.thread_time_ns)
        self.pulse = Pulse()
        self.budget = KeyframeBudget()
        self.audience = Audience(0, 0, 0)
        self.sampler = LoadSampler(
            UdpPort(self.meter),
            self.pulse,
            self.meter,
            Admission(Limits()),
            self.budget,
            lambda: self.audience,
        )


@pytest_asyncio.fixture
async def sampled() -> AsyncIterator[Sampled]:
    made = Sampled()
    made.pulse.start()
    made.sampler.start()
    yield made
    made.sampler.close()
    made.pulse.close()


def work(seconds: float) -> None:
    """Uses CPU time of this thread."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


async def test_a_busy_loop_is_full_and_then_free_again(
    sampled: Sampled, caplog: pytest.LogCaptureFixture
) -> None:
    """Both are logged once."""
    caplog.set_level(logging.INFO)
    sampler = sampled.sampler
    sampled.audience = Audience(12, 0, 0)
    work(3 * INTERVAL)
    sampler.sample()
    headroom = sampler.admission.headroom
    assert headroom.level is Level.CROWDED and headroom.lateness > 0.1
    assert sampled.budget.strained and sampled.budget.sessions == 12
    await eventually(lambda: sampler.admission.headroom.level is Level.FREE, 20)
    lines = [record.getMessage() for record in caplog.records if record.name == "server.host.load"]
    assert len(lines) == 2
    assert lines[0].startswith("the server is crowded: load ")
    assert lines[1].startswith("the server is free: ")


async def test_costs_of_creators_and_viewers(sampled: Sampled) -> None:
    sampler = sampled.sampler
    accounts = [sampled.meter.open(Kind.CREATOR, 0.0, lambda _: None) for _ in range(10)]
    before = sampler.admission.headroom
    work(0.05)
    for account in accounts:
        account.spent_ns += 3_000_000
    sampled.audience = Audience(10, 100, round(0.02 * SECOND))
    sampler.sample()
    after = sampler.admission.headroom
    assert after.creator_cost != before.creator_cost
    assert after.viewer_cost != before.viewer_cost
