"""The encoders of replays end when nothing uses them."""

import asyncio

import pytest

from relay.media.aac import AacTimeline, OpusPacket
from server.recordings import aac_encoders as module
from server.recordings.aac_encoders import AacEncoders
from tests.fixtures.deadline import eventually
from tests.fixtures.media import sound_sample
from tests.fixtures.workers import running_workers


def packets(count: int) -> list[OpusPacket]:
    return list(AacTimeline().packets(sound_sample(n * 960) for n in range(count)))


async def use_all(encoders: AacEncoders) -> None:
    await asyncio.gather(*(encoders.encode(packets(5)) for _ in range(module.PROCESSES)))


async def test_unused_encoders_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IDLE", 0.01)
    async with running_workers() as workers:
        encoders = AacEncoders(workers)
        await use_all(encoders)
        await eventually(lambda: len(workers.processes()) == 1, 20)  # the fork server
        assert len(await encoders.encode(packets(5))) == 5
        await encoders.close()
        assert len(workers.processes()) == 1


async def test_an_encoder_does_not_end_while_it_is_used() -> None:
    async with running_workers() as workers:
        encoders = AacEncoders(workers)
        await use_all(encoders)
        encoders._end_idle()
        await asyncio.sleep(0)  # the first encoder ends
        assert len(await encoders.encode(packets(500))) == 500
        await encoders.close()
        assert not workers.failures
