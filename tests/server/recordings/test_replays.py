"""Replays, from the stored recording to segments with AAC."""

import asyncio
import io
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import av
import pytest
import pytest_asyncio

from relay.errors import Refusal, RefusalCode
from relay.media.aac import OpusPacket
from server.objects.objects import Objects
from server.recordings import replays as module
from server.recordings.replays import Kept, Replays
from server.settings import Settings
from server.storage.recordings import segment_key
from server.storage.storage import Storage
from tests.fixtures.recorded import CREATED, ROOM, SECOND, recorded, store
from tests.fixtures.workers import running_workers


@dataclass
class Stored:
    storage: Storage
    objects: Objects
    replays: Replays
    now: float = CREATED + 100

    async def code(self, room: str = ROOM.room) -> RefusalCode | None:
        """Returns the code of the refusal if there is no replay."""
        try:
            await self.replays.find(room)
        except Refusal as refusal:
            assert refusal.status == 404
            return refusal.code
        return None


@pytest_asyncio.fixture
async def stored(tmp_path: Path) -> AsyncIterator[Stored]:
    storage = await Storage.open(tmp_path, None)
    objects = await Objects.open(Settings(data=tmp_path))
    async with running_workers() as workers:
        replays = Replays(storage, objects, workers, lambda: made.now)
        made = Stored(storage, objects, replays)
        yield made
        await replays.close()
    await objects.close()
    await storage.close()


async def test_a_replay_plays_from_the_first_frame_to_the_last(stored: Stored) -> None:
    """The replay contains an interruption and a new picture size."""
    await store(stored.storage, stored.objects, recorded(4, gap_before=3, turned_at=4))
    replay = await stored.replays.find(ROOM.room)
    assert [piece.piece for piece in replay.pieces] == [1, 2]
    assert replay.duration == 4 * SECOND and len(replay.runs) == 2
    for segment in replay.segments:
        init = stored.replays.init(replay, segment.piece)
        media = await stored.replays.segment(replay, segment.sequence)
        with av.open(io.BytesIO(init.data + media.data), "r", format="mp4") as container:
            pictures = list(container.decode(video=0))
        with av.open(io.BytesIO(init.data + media.data), "r", format="mp4") as container:
            sounds = list(container.decode(audio=0))
        assert len(pictures) == 30 and sum(each.samples for each in sounds) > 46 * 1_024
        begin, end = segment.media_time / SECOND, segment.end / SECOND
        for frames in (pictures, sounds):
            first, last = frames[0].time, frames[-1].time
            assert first is not None and last is not None
            assert abs(first - begin) < 0.04 and 0 <= end - last < 0.04


async def test_a_segment_is_made_once_for_all_who_wait(stored: Stored) -> None:
    await store(stored.storage, stored.objects, recorded(3))
    replay = await stored.replays.find(ROOM.room)
    first, second = await asyncio.gather(
        stored.replays.segment(replay, 2), stored.replays.segment(replay, 2)
    )
    assert first is second and first is await stored.replays.segment(replay, 2)
    assert (await stored.replays.find(ROOM.room)) is replay and stored.replays.knows(ROOM.room)


async def test_a_client_that_leaves_does_not_stop_the_others(stored: Stored) -> None:
    await store(stored.storage, stored.objects, recorded(2))
    replay = await stored.replays.find(ROOM.room)
    leaving = asyncio.create_task(stored.replays.segment(replay, 1))
    staying = asyncio.create_task(stored.replays.segment(replay, 1))
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await staying).size > 0


async def test_a_deleted_replay_is_gone_at_once(stored: Stored) -> None:
    await store(stored.storage, stored.objects, recorded(2))
    replay = await stored.replays.find(ROOM.room)
    await stored.replays.segment(replay, 1)
    await stored.storage.recordings.discard(ROOM.room, CREATED + 90)
    assert await stored.code() is RefusalCode.NO_REPLAY
    assert not stored.replays.knows(ROOM.room)


async def test_lives_without_a_replay(stored: Stored) -> None:
    await store(stored.storage, stored.objects, recorded(1), room="old", keep="day")
    assert await stored.code("old") is None
    assert await stored.replays.kept("old") is Kept.READY
    stored.now = 1e11
    assert await stored.code("old") is RefusalCode.NO_REPLAY
    assert await stored.code("nowhere") is RefusalCode.NO_REPLAY
    await stored.storage.rooms.add(ROOM)
    await stored.storage.recordings.begin(ROOM.room, "yes", CREATED)
    assert await stored.code() is RefusalCode.NO_REPLAY, "the live goes on"
    assert await stored.replays.kept(ROOM.room) is Kept.SOON
    await stored.storage.recordings.keep(ROOM.room, "no", {}, CREATED)
    assert await stored.replays.kept(ROOM.room) is Kept.NOTHING


async def test_files_that_the_replay_does_not_have(stored: Stored) -> None:
    await store(stored.storage, stored.objects, recorded(2))
    replay = await stored.replays.find(ROOM.room)
    with pytest.raises(Refusal) as refused:
        stored.replays.init(replay, 2)
    assert refused.value.code is RefusalCode.FILE_NOT_FOUND
    await stored.objects.delete([segment_key(ROOM.room, 2)])
    for sequence in (0, 2, 3):
        with pytest.raises(Refusal) as refused:
            await stored.replays.segment(replay, sequence)
        assert refused.value.code is RefusalCode.FILE_NOT_FOUND


async def test_an_encoder_that_dies_costs_only_the_sound(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hostile packet kills the encoder each time. The segment plays without its sound. The next
    request tries to encode the sound again.
    """
    await store(stored.storage, stored.objects, recorded(2))
    replay = await stored.replays.find(ROOM.room)
    encoders = stored.replays._encoders
    encode = encoders.encode
    failed: list[object] = []

    async def encode_or_die(packets: list[OpusPacket]) -> list[list[bytes]]:
        if not failed:
            failed.append(await encode(packets[:1]))
            for encoder in encoders._free:
                if encoder.pid:
                    os.kill(encoder.pid, signal.SIGKILL)
        return await encode(packets)

    monkeypatch.setattr(encoders, "encode", encode_or_die)
    media = await stored.replays.segment(replay, 1)
    init = stored.replays.init(replay, 1)
    with av.open(io.BytesIO(init.data + media.data), "r", format="mp4") as container:
        assert len(list(container.decode(audio=0))) > 40
    again = await stored.replays.segment(replay, 1)
    assert (media.whole, again.whole) == (False, True) and again.data != media.data


async def test_too_many_segments_at_a_time(stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    await store(stored.storage, stored.objects, recorded(3))
    replay = await stored.replays.find(ROOM.room)
    monkeypatch.setattr(module, "MAX_MAKING", 1)
    first = asyncio.create_task(stored.replays.segment(replay, 1))
    await asyncio.sleep(0)
    with pytest.raises(Refusal) as refused:
        await stored.replays.segment(replay, 2)
    assert (refused.value.status, refused.value.code) == (503, RefusalCode.MEDIA_UNAVAILABLE)
    assert refused.value.retry_after
    await first
    assert (await stored.replays.segment(replay, 2)).size


async def test_the_memory_for_segments_is_bounded(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store(stored.storage, stored.objects, recorded(3))
    replay = await stored.replays.find(ROOM.room)
    first = await stored.replays.segment(replay, 1)
    stored.replays._made._most = first.size + first.size // 2
    await stored.replays.segment(replay, 2)
    again = await stored.replays.segment(replay, 1)
    assert again is not first and again.tag == first.tag, "the same samples give the same bytes"
    assert stored.replays._made.size <= stored.replays._made._most
