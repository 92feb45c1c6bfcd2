"""A rendition of a stream: requests that wait, and when it ends."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
import pytest_asyncio

from relay.channel.channel import Channel
from relay.errors import PlaylistError, RefusalCode
from relay.hls import rendition as module
from relay.hls.rendition import Rendition
from relay.hls.segmenter import SCALE
from relay.media.aac import OpusPacket
from relay.worker.workers import WorkerFailed, Workers
from tests.fixtures.channel import make_channel
from tests.fixtures.deadline import eventually
from tests.fixtures.media import sound_sample, video_sample, video_track
from tests.fixtures.workers import running_workers

FRAME = 3_000


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


@pytest.fixture
def channel() -> Channel:
    """A channel with five seconds of video."""
    channel = make_channel()
    channel.stream.set_track(video_track(), 0)
    publish(channel, 0, 5 * SCALE)
    return channel


@pytest_asyncio.fixture
async def workers() -> AsyncIterator[Workers]:
    async with running_workers() as workers:
        yield workers


@pytest_asyncio.fixture
async def rendition(
    channel: Channel, executor: ThreadPoolExecutor, workers: Workers
) -> AsyncIterator[Rendition]:
    rendition = Rendition(channel, executor, workers)
    yield rendition
    await rendition.close()
    assert rendition.over and not rendition.waiting and rendition._encoder.pid is None


def publish(channel: Channel, begin: int, end: int) -> None:
    """Frames with an IDR every two seconds."""
    now = time.time_ns() // 1_000
    for pts in range(begin, end, FRAME):
        channel.stream.publish(video_sample(pts, key=pts % (2 * SCALE) == 0, publish=now))


def present() -> bool:
    return True


async def test_what_was_published_before_can_be_played(rendition: Rendition) -> None:
    await rendition.playable()
    assert rendition.playlist and "#EXTINF" in rendition.playlist.text


async def test_the_first_playlist_has_the_media_that_came_while_it_was_made(
    channel: Channel,
    executor: ThreadPoolExecutor,
    workers: Workers,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A player that starts with an old playlist stays behind."""
    monkeypatch.setattr(module, "PROMPT", 0.0)
    rendition = Rendition(channel, executor, workers)
    encode, goes_on = rendition._encoder.encode, asyncio.Event()

    async def wait(packets: Sequence[OpusPacket]) -> list[list[bytes]]:
        await goes_on.wait()
        return await encode(packets)

    monkeypatch.setattr(rendition._encoder, "encode", wait)
    playable = asyncio.create_task(rendition.playable())
    await eventually(lambda: rendition.waiting)
    publish(channel, 5 * SCALE, 8 * SCALE)
    goes_on.set()
    await playable
    assert sum(segment.duration for segment in rendition.playlist._segments) > 7 * SCALE
    await rendition.close()


async def test_a_clock_that_was_set_forward(executor: ThreadPoolExecutor, workers: Workers) -> None:
    """The media of a moment ago seems to be years old. The media that comes can be played."""
    channel = make_channel()
    channel.stream.set_track(video_track(), 0)
    for pts in range(0, 5 * SCALE, FRAME):
        channel.stream.publish(video_sample(pts, key=pts % (2 * SCALE) == 0, publish=0))
    rendition = Rendition(channel, executor, workers)
    await eventually(lambda: rendition._muxer.began > module.MAX_SILENCE * SCALE)
    publish(channel, 80 * SCALE, 84 * SCALE)
    async with asyncio.timeout(10):
        await rendition.playable()
    assert rendition._muxer.began < 90 * SCALE
    await rendition.close()


async def test_it_says_once_when_it_can_be_played(channel: Channel, rendition: Rendition) -> None:
    said: list[bool] = []
    rendition.on_playable(lambda made: said.append(bool(made.playlist)))
    await rendition.playable()
    number, part = rendition.playlist.position
    publish(channel, 5 * SCALE, 6 * SCALE)
    await rendition.reach(number, part, present)
    assert said == [True]


async def test_a_request_waits_for_its_part(channel: Channel, rendition: Rendition) -> None:
    """Frames that arrive later answer it."""
    await rendition.playable()
    number, part = rendition.playlist.position
    waiting = asyncio.create_task(rendition.reach(number, part, present))
    await eventually(lambda: rendition.waiting)
    publish(channel, 5 * SCALE, 6 * SCALE)
    await waiting
    assert rendition.playlist.contains(number, part)


async def test_requests_that_are_refused(
    rendition: Rendition, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request too far ahead gets 400 at once. If nothing new comes in time, it gets 503 and may
    be repeated.
    """
    await rendition.playable()
    number, part = rendition.playlist.position
    with pytest.raises(PlaylistError) as refused:
        await rendition.reach(number + 5, 0, present)
    assert (refused.value.status, refused.value.code) == (400, RefusalCode.TOO_FAR_AHEAD)
    monkeypatch.setattr(module, "BLOCK", 0.0)
    with pytest.raises(PlaylistError) as refused:
        await rendition.reach(number, part, present)
    assert (refused.value.status, refused.value.code) == (503, RefusalCode.NOTHING_NEW)
    assert refused.value.retry_after == 1


async def test_a_client_that_left_is_waited_for_no_longer(
    channel: Channel, rendition: Rendition
) -> None:
    """Its request ends at the next part, whichever part the client wants."""
    await rendition.playable()
    number, part = rendition.playlist.position
    waiting = asyncio.create_task(rendition.reach(number, part + 2, lambda: False))
    await eventually(lambda: rendition.waiting)
    publish(channel, 5 * SCALE, 6 * SCALE)
    with pytest.raises(ConnectionResetError):
        await waiting


async def test_viewers(rendition: Rendition, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client counts once, and at most CLIENTS are counted separately."""
    monkeypatch.setattr(module, "CLIENTS", 2)
    assert [rendition.note_request(client) for client in ("a", "b", "a", "c", None)] == [
        True,
        True,
        False,
        False,
        False,
    ]
    await rendition.playable()
    assert rendition.viewers == 2


async def test_a_viewer_who_waits_for_two_answers_counts_once(
    channel: Channel, rendition: Rendition
) -> None:
    """Such a viewer waits for the next playlist and for the part in the preload hint."""
    await rendition.playable()
    number, part = rendition.playlist.position
    rendition.note_request("one")
    waiting = asyncio.gather(rendition.reach(number, part, present), rendition.reach_hint(present))
    await eventually(lambda: rendition.waiting == 2)
    publish(channel, 5 * SCALE, 6 * SCALE)
    await waiting
    assert rendition.viewers == 1 and rendition.audience == 1


async def test_an_address_counts_a_few_times_in_the_ranking(rendition: Rendition) -> None:
    """This holds for any names of its clients. Every client of another address counts."""
    for number in range(10):
        rendition.note_request(f"one {number}", "192.0.2.1")
    rendition.note_request("other", "192.0.2.2")
    await rendition.playable()
    assert (rendition.viewers, rendition.ranked_viewers) == (11, module.RANKED_EACH + 1)


async def test_it_ends_without_requests(
    channel: Channel, rendition: Rendition, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It leaves its stream and its channel, and says so once."""
    over: list[Rendition] = []
    rendition.on_over(over.append)
    await rendition.playable()
    monkeypatch.setattr(module, "IDLE", 0.0)
    await eventually(lambda: over)
    assert over == [rendition] and rendition.over
    assert rendition not in channel.stream._readers and not channel._outputs


async def test_the_end_of_the_stream_is_listed(channel: Channel, rendition: Rendition) -> None:
    """The listed media stays available for a while after the end."""
    await rendition.playable()
    channel.stream.end()
    await eventually(lambda: rendition.playlist.ended)
    assert rendition.playlist.text.endswith("#EXT-X-ENDLIST\n") and not rendition.over


async def test_more_samples_than_the_encoder_can_take_end_it(
    rendition: Rendition, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rendition.playable()
    monkeypatch.setattr(module, "PENDING", 10)
    publish(channel, 5 * SCALE, 6 * SCALE)
    await eventually(lambda: rendition.over)


async def test_more_bytes_than_the_encoder_can_take_end_it(
    rendition: Rendition, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Further samples are not kept until the end."""
    await rendition.playable()
    before = rendition.held
    assert before >= rendition.playlist.size > 0
    monkeypatch.setattr(module, "PENDING_BYTES", 1_000)
    now = time.time_ns() // 1_000
    for pts in range(5 * SCALE, 6 * SCALE, FRAME):
        channel.stream.publish(video_sample(pts, data=bytes(600), publish=now))
    assert rendition.held - rendition.playlist.size == 1_200
    await eventually(lambda: rendition.over)


async def test_a_new_rendition_has_an_audience(
    rendition: Rendition, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rendition.audience == 1
    monkeypatch.setattr(module, "WATCHING", 0.0)
    assert rendition.audience == 0


async def test_an_encoder_that_dies_costs_no_part(
    channel: Channel, rendition: Rendition, workers: Workers
) -> None:
    """The audio of one part is silence; the next part comes from a new process."""
    await rendition.playable()
    former = rendition._encoder.pid
    assert former
    os.kill(former, signal.SIGKILL)
    number, part = rendition.playlist.position
    publish(channel, 5 * SCALE, 7 * SCALE)
    await rendition.reach(number, part + 3, present)
    assert rendition._encoder.pid not in (None, former)
    await eventually(lambda: workers.failures["audio"] == 1)


async def test_without_encoders_it_ends(
    channel: Channel, rendition: Rendition, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log has one line, and requests get 503."""
    await rendition.playable()

    async def fail(_: object) -> None:
        raise WorkerFailed("no process")

    monkeypatch.setattr(rendition._encoder, "encode", fail)
    channel.stream.publish(sound_sample(5 * 48_000))
    await eventually(lambda: rendition.over)
    with pytest.raises(PlaylistError):
        await rendition.reach(*rendition.playlist.position, present)
