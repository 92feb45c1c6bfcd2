"""The files of replays, from the stored recording to segments with AAC."""

import asyncio
import io
import os
import signal

import av
import pytest

from relay.errors import Refusal, RefusalCode
from relay.media.aac import OpusPacket
from server.recordings import replay_files as module
from server.storage.recordings import segment_key
from tests.fixtures.recorded import ROOM, SECOND, recorded, store
from tests.server.recordings.conftest import Stored


async def test_a_replay_plays_from_the_first_frame_to_the_last(stored: Stored) -> None:
    """The replay contains an interruption and a new picture size."""
    await store(stored.storage, stored.objects, recorded(4, gap_before=3, turned_at=4))
    replay = await stored.replays.find(ROOM.room)
    assert [piece.piece for piece in replay.pieces] == [1, 2]
    assert replay.duration == 4 * SECOND and len(replay.runs) == 2
    for segment in replay.segments:
        init = stored.files.init(replay, segment.piece)
        media = await stored.files.segment(replay, segment.sequence)
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


async def test_segments_with_opus_need_no_encoder(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store(stored.storage, stored.objects, recorded(4, gap_before=3, turned_at=4))
    replay = await stored.replays.find(ROOM.room)
    monkeypatch.setattr(stored.files, "_encoders", None)
    for segment in replay.segments:
        init = stored.files.init(replay, segment.piece, opus=True)
        media = await stored.files.segment(replay, segment.sequence, opus=True)
        times: dict[str, list[float]] = {"video": [], "audio": []}
        with av.open(io.BytesIO(init.data + media.data), "r", format="mp4") as container:
            assert container.streams.audio[0].codec_context.name in ("opus", "libopus")
            for packet in container.demux():
                if packet.pts is not None and packet.duration:
                    base = float(packet.time_base)
                    ends = (packet.pts * base, (packet.pts + packet.duration) * base)
                    times[packet.stream.type] += ends
        for kind, tolerance in (("video", 0.001), ("audio", 0.02)):
            assert abs(times[kind][0] - segment.media_time / SECOND) <= tolerance
            assert abs(times[kind][-1] - segment.end / SECOND) <= tolerance
    monkeypatch.undo()


async def test_a_segment_is_made_once_for_all_who_wait(stored: Stored) -> None:
    await store(stored.storage, stored.objects, recorded(3))
    replay = await stored.replays.find(ROOM.room)
    first, second = await asyncio.gather(
        stored.files.segment(replay, 2), stored.files.segment(replay, 2)
    )
    assert first is second and first is await stored.files.segment(replay, 2)
    assert (await stored.replays.find(ROOM.room)) is replay and stored.replays.knows(ROOM.room)


async def test_a_client_that_leaves_does_not_stop_the_others(stored: Stored) -> None:
    await store(stored.storage, stored.objects, recorded(2))
    replay = await stored.replays.find(ROOM.room)
    leaving = asyncio.create_task(stored.files.segment(replay, 1))
    staying = asyncio.create_task(stored.files.segment(replay, 1))
    await asyncio.sleep(0)
    leaving.cancel()
    assert (await staying).size > 0


async def test_files_that_the_replay_does_not_have(stored: Stored) -> None:
    await store(stored.storage, stored.objects, recorded(2))
    replay = await stored.replays.find(ROOM.room)
    with pytest.raises(Refusal) as refused:
        stored.files.init(replay, 2)
    assert refused.value.code is RefusalCode.FILE_NOT_FOUND
    await stored.objects.delete([segment_key(ROOM.room, 2)])
    for sequence in (0, 2, 3):
        with pytest.raises(Refusal) as refused:
            await stored.files.segment(replay, sequence)
        assert refused.value.code is RefusalCode.FILE_NOT_FOUND


async def test_an_encoder_that_dies_costs_only_the_sound(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hostile packet kills the encoder each time. The segment plays without its sound. The next
    request tries to encode the sound again.
    """
    await store(stored.storage, stored.objects, recorded(2))
    replay = await stored.replays.find(ROOM.room)
    encoders = stored.files._encoders
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
    media = await stored.files.segment(replay, 1)
    init = stored.files.init(replay, 1)
    with av.open(io.BytesIO(init.data + media.data), "r", format="mp4") as container:
        assert len(list(container.decode(audio=0))) > 40
    again = await stored.files.segment(replay, 1)
    assert (media.whole, again.whole) == (False, True) and again.data != media.data


async def test_too_many_segments_at_a_time(stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    await store(stored.storage, stored.objects, recorded(3))
    replay = await stored.replays.find(ROOM.room)
    monkeypatch.setattr(module, "MAX_MAKING", 1)
    first = asyncio.create_task(stored.files.segment(replay, 1))
    await asyncio.sleep(0)
    with pytest.raises(Refusal) as refused:
        await stored.files.segment(replay, 2)
    assert (refused.value.status, refused.value.code) == (503, RefusalCode.MEDIA_UNAVAILABLE)
    assert refused.value.retry_after
    await first
    assert (await stored.files.segment(replay, 2)).size


async def test_the_memory_for_segments_is_bounded(
    stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store(stored.storage, stored.objects, recorded(3))
    replay = await stored.replays.find(ROOM.room)
    first = await stored.files.segment(replay, 1)
    stored.files._made._most = first.size + first.size // 2
    await stored.files.segment(replay, 2)
    again = await stored.files.segment(replay, 1)
    assert again is not first and again.tag == first.tag, "the same samples give the same bytes"
    assert stored.files._made.size <= stored.files._made._most
