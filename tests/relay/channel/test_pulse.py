"""The pulse: batches grow while the event loop is late, and shrink when it is not."""

import asyncio

from relay.channel.pulse import MAX_BATCH, Pulse


def test_batches_follow_the_lateness() -> None:
    """Each late beat puts one more into a batch, up to the bound; each punctual one takes one out;
    between the two nothing changes.
    """
    pulse = Pulse()
    seen = []
    for lateness in [0.0, 0.1, 0.1, 0.06, 0.06, 0.01, 0.01, 0.01]:
        pulse.observe(lateness)
        seen.append(pulse.batch)
    assert seen == [1, 2, 3, 3, 3, 2, 1, 1]
    for _ in range(50):
        pulse.observe(1.0)
    assert pulse.batch == MAX_BATCH and pulse.worst == 1.0


async def test_it_beats_until_it_is_closed() -> None:
    """A started pulse observes; a closed one leaves no timer behind."""
    pulse = Pulse()
    beats: list[float] = []
    beaten = asyncio.Event()

    def observe(lateness: float) -> None:
        beats.append(lateness)
        beaten.set()

    pulse.observe = observe  # type: ignore[method-assign]
    pulse.start()
    async with asyncio.timeout(5):
        await beaten.wait()
    pulse.close()
    assert beats[0] >= 0
