"""Server-sent events: the events and the notices of a viewer without a WebSocket."""

import asyncio
import json
from typing import Any

import pytest

from relay.channel.channel import Channel
from relay.channel.event_stream import WAITING_MAX, EventStream, StreamState
from relay.channel.hello import hello
from relay.channel.notice import BURST
from relay.errors import MessageError, Refusal, RefusalCode
from tests.fixtures.channel import Owner, Timers, make_channel
from tests.fixtures.media import video_sample


def fields(chunk: bytes) -> list[dict[str, str]]:
    """The events in a part of an event stream, each as its fields."""
    return [
        dict(line.split(": ", 1) for line in event.splitlines())
        for event in chunk.decode().split("\n\n")
        if event
    ]


async def opened(
    channel: Channel, last_event: str = ""
) -> tuple[EventStream, list[dict[str, str]]]:
    stream = EventStream(channel)
    stream.open(hello(channel), last_event, person="p-1")
    return stream, fields(await stream.take(5))


async def test_hello_then_history_then_live_events() -> None:
    """Each event has its number as id, and its media time. The hello has the viewer's secret."""
    timers = Timers()
    channel = make_channel(timers=timers)
    channel.stream.publish(video_sample(90_000, key=True))
    channel.post(b'{"n":\n1}')
    stream, (greeting, first) = await opened(channel)
    said = json.loads(greeting["data"])
    assert greeting["event"] == "hello" and int(greeting["retry"]) > 0
    assert said["viewer"] == stream.id and said["channel"] == channel.id
    assert first["id"] == f"{channel.id}-1"
    assert json.loads(first["data"]) == {"media_time": 1_000_000, "event": {"n": 1}}
    channel.post(b'{"n":2}')
    channel.post(b'{"n":3}')
    channel.stream.publish(video_sample(93_000))
    live = fields(await stream.take(5))
    assert [json.loads(event["data"])["event"]["n"] for event in live] == [2, 3]
    assert channel.viewers == 0
    stream.leave()


async def test_a_last_event_id_resumes() -> None:
    """With the id of an event of this channel, only later events come. Any other id is ignored."""
    channel = make_channel()
    for number in range(3):
        channel.post(b"%d" % number)
    assert len((await opened(channel, f"{channel.id}-2"))[1]) == 1 + 1
    for other in ("", "x", "-", "other-2", f"{channel.id}-", f"{channel.id}-{'9' * 5_000}"):
        assert len((await opened(channel, other))[1]) == 1 + 3, other


async def test_nothing_comes_for_a_while() -> None:
    stream, _ = await opened(make_channel())
    assert await stream.take(0) == b""


async def test_a_viewer_that_takes_nothing_is_too_slow() -> None:
    """Above 64 KB that wait, the stream has to be cut, and holds nothing any more."""
    timers = Timers()
    channel = make_channel(timers=timers)
    stream, _ = await opened(channel)
    for _ in range(WAITING_MAX // 8_000 + 2):
        channel.post(bytes(8_000))
        timers.go_off()
    assert stream.state is StreamState.TOO_SLOW
    assert await stream.take(5) == b""
    channel.post(b"{}")
    timers.go_off()
    assert await stream.take(0) == b""


async def test_an_event_is_rendered_once_for_all_viewers() -> None:
    timers = Timers()
    channel = make_channel(timers=timers)
    first, _ = await opened(channel)
    second, _ = await opened(channel)
    channel.post(b"{}")
    timers.go_off()
    chunk = await first.take(5)
    assert chunk and chunk is await second.take(5)


async def test_a_channel_that_has_ended_refuses() -> None:
    channel = make_channel()
    channel.end()
    stream = EventStream(channel)
    with pytest.raises(Refusal) as refused:
        stream.open(hello(channel), "")
    assert (refused.value.status, refused.value.code) == (410, RefusalCode.ROOM_ENDED)
    assert not channel.members


@pytest.mark.parametrize("by_room", [True, False])
async def test_the_end_says_why(by_room: bool) -> None:
    channel = make_channel()
    stream, _ = await opened(channel)
    if by_room:
        channel.end()
    else:
        stream.close(RefusalCode.SERVER_CLOSING, "the server is restarting")
    (last,) = fields(await stream.take(5))
    code = RefusalCode.ROOM_ENDED if by_room else RefusalCode.SERVER_CLOSING
    assert last["event"] == "close" and json.loads(last["data"])["code"] == code
    assert stream.state is StreamState.ENDING


async def test_notices() -> None:
    """A time question is answered. A report and other notices go to the owner, with the person and
    the media time.
    """
    owner = Owner()
    stream, _ = await opened(make_channel(owner))
    answer = stream.receive_text('{"type":"time","id":4}')
    assert answer and answer["id"] == 4 and answer["now"] > 0
    report = {"type": "report", "media_time": 70, "player": "hls"}
    assert stream.receive_text(json.dumps(report)) is None
    assert stream.receive_text('{"type":"chat"}') is None
    assert owner.reports == [(1, report)]
    assert [(notice.person, notice.media_time) for notice in owner.notices] == [("p-1", 70)]
    for text in ("", "[]", '{"type":"time"}', '{"type":"report","media_time":1e999}'):
        with pytest.raises(MessageError):
            stream.receive_text(text)


async def test_notices_are_limited() -> None:
    stream, _ = await opened(make_channel())
    assert [stream.allows() for _ in range(2 * BURST)].count(True) <= BURST + 1


async def test_a_reader_waits_for_what_comes() -> None:
    timers = Timers()
    channel = make_channel(timers=timers)
    stream, _ = await opened(channel)
    taking: asyncio.Task[Any] = asyncio.create_task(stream.take(5))
    await asyncio.sleep(0)
    channel.post(b"7")
    timers.go_off()
    (event,) = fields(await taking)
    assert json.loads(event["data"])["event"] == 7
