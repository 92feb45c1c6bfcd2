"""Origins and edges over a real NATS: joins, gaps, silences, leases, changes of the owner."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import pytest_asyncio

from relay.channel.channel import Channel, ChannelState
from relay.channel.message import Message
from relay.channel.owner import Notice
from relay.edge.edges import LINGER
from relay.edge.feed import HEADER_SIZE, Header, Kind, pack
from relay.edge.join import JoinRefused, Snapshot
from relay.edge.leases import LEASE_S
from relay.edge.link import GIVE_UP, SILENCE, RoomOwner
from relay.edge.subjects import control_subject, feed_subject
from relay.errors import Refusal, RefusalCode
from relay.message import Kind as RecordKind
from relay.message import Record, unpack_records
from relay.sample import Sample, Track, TrackInfo
from relay.stream.stream import Stream
from tests.fixtures.channel import Owner, Watcher, payloads
from tests.fixtures.deadline import eventually
from tests.fixtures.edges import EdgeNode, Nodes, OriginNode, go_live, publish, publish_steadily
from tests.fixtures.live_samples import GOP
from tests.fixtures.nats import NatsServer


@pytest_asyncio.fixture
async def nodes(nats: NatsServer) -> AsyncIterator[Nodes]:
    made = Nodes(nats.account())
    yield made
    await made.close()


class Viewer(Watcher):
    """A viewer that also gets the messages of its join."""

    def __init__(self, channel: Channel, **options: object) -> None:
        super().__init__()
        self.messages: list[Message] = channel.subscribe(self, **options)  # type: ignore[arg-type]

    def track(self, track: Track) -> list[Record]:
        """The media records of a track, without clock records."""
        return [one for one in self._records(RecordKind.MEDIA) if one.track == track and one.body]

    @property
    def bodies(self) -> list[dict[str, object]]:
        return [json.loads(one.body) for one in self._records(RecordKind.EVENT)]

    @property
    def newest(self) -> int:
        """The number of the last video record."""
        return self.track(Track.VIDEO)[-1].sequence

    def _records(self, kind: RecordKind) -> list[Record]:
        return [
            record
            for message in self.messages
            for payload in payloads(message.frame)
            for record in unpack_records(payload)
            if record.kind is kind
        ]


class Reader:
    """Reads the samples of a stream, as WHEP does."""

    def __init__(self, stream: Stream) -> None:
        self.samples: list[Sample] = []
        stream.add_reader(self)

    def receive_track(self, info: TrackInfo) -> None: ...

    def receive_sample(self, sample: Sample) -> None:
        self.samples.append(sample)

    def end(self) -> None: ...


def assert_gapless(viewer: Viewer) -> None:
    """Both tracks have no gap and no overlap, from a keyframe on."""
    for track in Track:
        numbers = [record.sequence for record in viewer.track(track)]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), track
    assert viewer.track(Track.VIDEO)[0].flags & 1


async def caught_up(messages: list[Message], channel: Channel) -> None:
    """Returns when the last message is as new as the media of the origin."""
    await eventually(lambda: messages[-1].media_time >= channel.edge - 40_000)


def media_of(samples: list[Sample]) -> list[tuple[object, ...]]:
    """Returns what an edge must get of the samples, in order of the tracks."""
    return sorted(
        (one.track, one.dts, one.pts, one.data, one.key, one.disposable, one.duration, one.epoch)
        for one in samples
    )


async def live(nodes: Nodes) -> tuple[OriginNode, Channel, EdgeNode, list[Sample]]:
    """An origin with a live of which one second is over, an edge, and the samples to come."""
    origin, edge = await nodes.origin(), await nodes.edge()
    channel = origin.channel()
    samples = go_live(channel, 6)
    publish(channel, samples[:80])
    return origin, channel, edge, samples[80:]


async def test_an_edge_shows_what_the_origin_shows(nodes: Nodes) -> None:
    """A viewer of the edge gets the same bytes as one of the origin, with the same ids, numbers and
    times.
    """
    origin, channel, edge, samples = await live(nodes)
    channel.post(b'{"type":"room"}', key="room")
    copy = await edge.open(origin)
    here, there = Viewer(channel), Viewer(copy)
    assert (copy.id, copy.stream.id) == (channel.id, channel.stream.id)
    assert copy.stream.tracks == channel.stream.tracks
    publish(channel, samples)
    channel.post(b'{"type":"tally"}', history=False)
    await eventually(lambda: len(there.bodies) == len(here.bodies) == 2)
    assert there.records == here.records
    assert copy.edge == pytest.approx(channel.edge, abs=40_000)
    assert edge.edges.counters.gaps == edge.edges.counters.malformed == 0


async def test_joins_under_load_have_no_gap_and_no_overlap(nodes: Nodes) -> None:
    """Edges join and leave, and viewers join at them, while media flows."""
    origin, channel, first, samples = await live(nodes)
    edges = [first, *[await nodes.edge(f"c{number}-1") for number in range(3)]]
    flow = asyncio.create_task(publish_steadily(channel, samples))
    viewers: list[Viewer] = []
    for edge in edges:
        for _ in range(3):
            viewers.append(Viewer(await edge.open(origin)))
            await asyncio.sleep(0)
    await flow
    for viewer in viewers:
        await caught_up(viewer.messages, channel)
    for viewer in viewers:
        assert_gapless(viewer)
    assert origin.origin.counters.joins == len(edges)


async def test_a_thousand_viewers_join_with_one_join(nodes: Nodes) -> None:
    origin, _, edge, _ = await live(nodes)
    channels = await asyncio.gather(*(edge.open(origin) for _ in range(1_000)))
    assert len(set(channels)) == 1
    assert origin.origin.counters.joins == 1


async def test_the_cost_of_the_origin_does_not_grow_with_viewers(nodes: Nodes) -> None:
    """The origin sends the same messages to an edge with one viewer and with fifty."""
    origin, channel, edge, samples = await live(nodes)
    copy = await edge.open(origin)
    sent, viewer = [], Viewer(copy)
    for part in samples[:100], samples[100:200]:
        before = origin.origin.counters.messages
        publish(channel, part)
        await caught_up(viewer.messages, channel)
        sent.append(origin.origin.counters.messages - before)
        viewers = [Viewer(copy) for _ in range(50)]
    assert copy.viewers == 1 + len(viewers) * 2
    assert sent[0] == pytest.approx(sent[1], abs=3)
    assert channel.direct_viewers == 0


async def test_readers_of_samples(nodes: Nodes) -> None:
    """A reader that comes later gets the samples since the last IDR, and then every sample. Without
    readers, no samples are made.
    """
    origin, channel, edge, samples = await live(nodes)
    copy = await edge.open(origin)
    Viewer(copy)
    here = Reader(channel.stream)
    here.samples += channel.stream.history(0.0)
    assert copy.stream.history(0.0) == []
    there = Reader(copy.stream)
    assert there.samples[0].key
    assert len(there.samples) > 70
    publish(channel, samples[:150])
    await eventually(lambda: there.samples[-1].media_time >= channel.edge - 40_000)
    wanted, found = media_of(here.samples), media_of(there.samples)
    assert [one for one in found if one not in wanted] == []
    frames = [one for one in wanted if one[0] == Track.VIDEO]
    assert [one for one in found if one[0] == Track.VIDEO] == frames
    copy.stream.remove_reader(there)
    publish(channel, samples[150:])
    await eventually(lambda: copy.edge >= channel.edge - 40_000)
    assert len(copy.stream.window) == 0


async def test_events(nodes: Nodes) -> None:
    """States and history come with the join, later events with the media or soon without."""
    origin, channel, edge, samples = await live(nodes)
    channel.post(b'{"type":"a"}', key="a")
    channel.post(b'{"type":"b"}', key="b")
    channel.post(b'{"type":"gone"}', history=False)
    copy = await edge.open(origin)
    viewer = Viewer(copy, media=False)
    assert [body["type"] for body in viewer.bodies] == ["a", "b"]
    assert copy.newest_event == channel.newest_event == 3
    channel.post(b'{"type":"alone"}', history=False)
    await eventually(lambda: len(viewer.bodies) == 3)
    channel.post(b'{"type":"with"}', history=False)
    publish(channel, samples[:10])
    await eventually(lambda: len(viewer.bodies) == 4)
    channel.forget("a")
    await eventually(lambda: "a" not in [body["type"] for body in Viewer(copy).bodies][:1])
    assert [record.sequence for record in viewer._records(RecordKind.EVENT)] == [1, 2, 4, 5]
    assert any(message.no_media for message in viewer.messages)


async def test_a_person_is_closed_everywhere(nodes: Nodes) -> None:
    origin, channel, edge, _ = await live(nodes)
    copy = await edge.open(origin)
    banned, other = Viewer(copy, person="p1"), Viewer(copy, person="p2")
    channel.close_person("p1", RefusalCode.BANNED, "you are banned")
    await eventually(lambda: banned.closed == [RefusalCode.BANNED])
    assert other.closed == []


async def test_new_parameters(nodes: Nodes) -> None:
    """Media that is dropped, and a larger picture: viewers get the new init first."""
    origin, channel, edge, samples = await live(nodes)
    copy = await edge.open(origin)
    viewer = Viewer(copy)
    channel.forget_media()
    await eventually(lambda: copy.held == 0)
    wide = TrackInfo(Track.VIDEO, "avc1.42C01F", b"\1\x42\xc0\x1f\xff\xe0\0", 640, 360)
    channel.stream.set_track(wide, 1)
    await eventually(lambda: wide in viewer.tracks)
    assert copy.stream.tracks[Track.VIDEO] == wide
    publish(channel, samples)
    await eventually(lambda: copy.edge >= channel.edge - 40_000)
    assert_gapless(Viewer(copy))


async def test_viewers_of_edges_are_counted_until_the_lease_ends(nodes: Nodes) -> None:
    """At most 6 s after an edge is gone, its viewers count no more, and nothing is published."""
    origin, channel, edge, samples = await live(nodes)
    copy = await edge.open(origin)
    assert origin.origin.feeds == 1
    viewers = [Viewer(copy) for _ in range(3)]
    edge.clock.ahead += 2
    edge.edges.check()
    await eventually(lambda: channel.viewers == 3)
    assert channel.ranked_viewers == 3
    copy.unsubscribe(viewers[0])
    edge.clock.ahead += 2
    edge.edges.check()
    await eventually(lambda: channel.viewers == 2)
    assert origin.owner.viewers[-1] == 2
    origin.clock.ahead += LEASE_S
    origin.origin.expire()
    assert channel.viewers == 0
    assert origin.origin.feeds == 0
    sent = origin.origin.counters.messages
    publish(channel, samples[:50])
    assert origin.origin.counters.messages == sent


async def test_an_edge_without_viewers_lets_the_room_go(nodes: Nodes) -> None:
    origin, channel, edge, _ = await live(nodes)
    copy = await edge.open(origin)
    viewer = Viewer(copy)
    edge.clock.ahead += 2 * LINGER
    publish(channel, go_live(channel, 0.1, start=20))
    await eventually(lambda: copy.edge >= 20_000_000)
    edge.edges.check()
    assert edge.edges.get("room") is copy
    copy.unsubscribe(viewer)
    edge.clock.ahead += LINGER - 1
    edge.edges.check()
    assert edge.edges.get("room") is copy
    edge.clock.ahead += 1.1
    edge.edges.check()
    assert edge.edges.get("room") is None
    assert copy.state is ChannelState.CLOSED
    with pytest.raises(Refusal):
        Viewer(copy)


async def test_an_edge_that_stops_leaves_at_once(nodes: Nodes) -> None:
    origin, channel, edge, _ = await live(nodes)
    viewer = Viewer(await edge.open(origin))
    await edge.edges.stop()
    assert viewer.closed == [RefusalCode.SERVER_CLOSING]
    await eventually(lambda: origin.origin.feeds == 0)
    with pytest.raises(Refusal):
        await edge.open(origin)


async def test_lost_messages_are_made_up_for(nodes: Nodes) -> None:
    """After a gap, viewers get what they lost, without a keyframe and without an overlap."""
    origin, channel, edge, samples = await live(nodes)
    copy = await edge.open(origin)
    viewer = Viewer(copy)
    channel.post(b'{"type":"before"}', history=False)
    publish(channel, samples[:20])
    await eventually(lambda: len(viewer.bodies) == 1)
    origin.media.most_pending = 0
    channel.post(b'{"type":"lost"}', history=False)
    publish(channel, samples[20:40])
    assert origin.origin.counters.dropped > 0
    origin.media.most_pending = 1 << 20
    publish(channel, samples[40:60])
    await eventually(lambda: copy.edge >= channel.edge - 40_000)
    assert_gapless(viewer)
    assert [body["type"] for body in viewer.bodies] == ["before", "lost"]
    assert edge.edges.counters.gaps == 1
    assert_gapless(Viewer(copy))
    await eventually(lambda: len(origin.publisher.demands) > 0)


async def test_a_gap_behind_the_snapshot(nodes: Nodes) -> None:
    """The copy joins once more, because the first snapshot does not reach to the next message."""
    origin, channel, edge, samples = await live(nodes)
    copy = await edge.open(origin)
    viewer = Viewer(copy)
    feed = origin.origin._rooms["room"]
    ahead = Header(0, Kind.ALIVE, 0, 0, 1, feed._sequence + 10)
    edge.media.publish(feed_subject("a-1", 1, "room"), pack(ahead))
    await eventually(lambda: edge.edges.counters.joins >= 3)
    publish(channel, samples[:60])
    await caught_up(viewer.messages, channel)
    assert_gapless(viewer)


async def test_a_gap_that_cannot_be_filled(nodes: Nodes) -> None:
    """Without an answer, viewers get sound only, until the next keyframe."""
    origin, channel, edge, samples = await live(nodes)
    copy = await edge.open(origin)
    viewer = Viewer(copy)
    before = viewer.newest
    origin.media.most_pending = 0
    publish(channel, samples[:10])
    origin.media.most_pending = 1 << 20
    origin.control.most_pending = 0
    publish(channel, samples[10:40])
    await eventually(lambda: edge.edges.counters.failed > 0)
    await eventually(lambda: copy.edge >= channel.edge - 40_000)
    assert viewer.newest == before
    assert copy.held == 0
    publish(channel, samples[40:])
    await eventually(lambda: copy.edge >= channel.edge - 40_000)
    missed = [record for record in viewer.track(Track.VIDEO) if record.sequence > before]
    assert missed[0].flags & 1
    assert missed[0].sequence % GOP == 0
    origin.control.most_pending = 1 << 24
    await eventually(lambda: edge.edges.counters.joins == 2)


async def test_large_messages_travel_in_parts(nats: NatsServer, nodes: Nodes) -> None:
    """A frame that NATS would not accept, with events behind it."""
    origin, channel, edge, _ = await live(nodes)
    copy = await edge.open(origin)
    viewer = Viewer(copy)
    here = Viewer(channel)
    large = go_live(channel, 0.1, start=30)
    frame = next(one for one in large if one.track is Track.VIDEO)
    unit = (2_500_000).to_bytes(4, "big") + b"\x65" + bytes(2_499_999)
    channel.post(b'{"type":"with"}', history=False)
    publish(channel, [Sample(Track.VIDEO, frame.dts, frame.pts, unit, True, False, 0, 0, 0, 1)])
    await eventually(lambda: copy.edge == channel.edge)
    assert viewer.records[-2:] == here.records[-2:]
    assert viewer.bodies == [{"type": "with"}]
    assert origin.media.max_payload < len(unit)
    # The burst does not fit into a snapshot: an edge that joins later waits for a keyframe.
    late = await (await nodes.edge("c-1")).open(origin)
    assert late.held == 0
    assert late.stream.tracks == channel.stream.tracks
    assert origin.publisher.demands


async def test_a_silent_origin_is_joined_again(nodes: Nodes) -> None:
    """The lease has ended meanwhile: the edge notices the silence."""
    origin, channel, edge, samples = await live(nodes)
    copy = await edge.open(origin)
    viewer = Viewer(copy)
    origin.clock.ahead += LEASE_S
    origin.origin.expire()
    publish(channel, samples[:40])
    edge.clock.ahead += SILENCE + 0.1
    edge.edges.check()
    await eventually(lambda: edge.edges.counters.joins == 2)
    assert edge.edges.counters.silences == 1
    publish(channel, samples[40:])
    await eventually(lambda: copy.edge >= channel.edge - 40_000)
    assert_gapless(viewer)


async def test_an_origin_without_media_is_not_silent(nodes: Nodes) -> None:
    """While the creator is away, the feed says each second that it lives."""
    origin, _, edge, _ = await live(nodes)
    await edge.open(origin)
    arrived = edge.edges.counters.messages
    for _ in range(3):
        origin.clock.ahead += 1.1
        origin.origin.expire()
    await eventually(lambda: edge.edges.counters.messages >= arrived + 2)
    assert edge.edges.counters.gaps == 0


@pytest.mark.parametrize("how", ["pushed", "found"])
async def test_another_owner(nodes: Nodes, how: str) -> None:
    """The room goes on at another node: viewers stay, and hear only one publisher."""
    former, channel, edge, samples = await live(nodes)
    copy = await edge.open(former)
    viewer = Viewer(copy)
    publish(channel, samples[:60])
    await eventually(lambda: copy.edge >= channel.edge - 40_000)
    latter = await nodes.origin("z-1")
    other = latter.channel(epoch=2, like=channel)
    edge.where = RoomOwner("z-1", 2)
    if how == "pushed":
        edge.edges.move("room", "z-1", 2)
    else:
        former.origin.renumber("room", 3)
    await eventually(lambda: edge.edges.counters.joins == 2)
    publish(channel, samples[60:100])  # a former owner that does not know yet
    publish(other, go_live(other, 2, start=30, epoch=2))
    other.post(b'{"type":"new"}', history=False)
    await eventually(lambda: len(viewer.bodies) == 1)
    records = viewer.track(Track.VIDEO)
    assert [record.epoch for record in records[-60:]] == [2] * 60
    assert max(one.media_time for one in records if one.epoch == 1) < 30_000_000
    times = [record.media_time for record in records]
    assert times == sorted(set(times))
    assert viewer.closed == []


async def test_another_owner_with_other_ids(nodes: Nodes) -> None:
    """A room that has started again: viewers reconnect, and get the new one."""
    former, channel, edge, _ = await live(nodes)
    viewer = Viewer(await edge.open(former))
    latter = await nodes.origin("z-1")
    other = latter.channel(epoch=2)
    edge.where = RoomOwner("z-1", 2)
    former.origin.close("room")
    await eventually(lambda: viewer.closed == [RefusalCode.SERVER_CLOSING])
    assert (await edge.edges.open("room", "z-1", 2)).id == other.id


async def test_the_end_of_a_room(nodes: Nodes) -> None:
    origin, channel, edge, _ = await live(nodes)
    copy = await edge.open(origin)
    viewer = Viewer(copy)
    channel.post(b'{"type":"bye"}')
    channel.end()
    origin.origin.close("room")
    await eventually(lambda: viewer.closed == [RefusalCode.ROOM_ENDED])
    assert viewer.bodies == [{"type": "bye"}]
    assert edge.edges.get("room") is None


async def test_a_room_that_ended_during_a_silence(nodes: Nodes) -> None:
    origin, _, edge, _ = await live(nodes)
    viewer = Viewer(await edge.open(origin))
    edge.where = Refusal(410, RefusalCode.ROOM_ENDED, "the room has ended")
    edge.clock.ahead += SILENCE + 0.1
    edge.edges.check()
    await eventually(lambda: viewer.closed == [RefusalCode.ROOM_ENDED])


async def test_an_owner_that_does_not_return(nodes: Nodes) -> None:
    """The copy stays while the room may go on, but not for ever."""
    origin, _, edge, _ = await live(nodes)
    viewer = Viewer(await edge.open(origin))
    await origin.origin.stop()
    edge.where = None
    await eventually(lambda: edge.asked)
    assert viewer.closed == []
    edge.clock.ahead += GIVE_UP + 1
    await eventually(lambda: viewer.closed == [RefusalCode.SERVER_CLOSING])


async def test_a_room_that_cannot_be_joined(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("relay.edge.link.OPEN_WITHIN", 0.3)
    origin, _, edge, _ = await live(nodes)
    with pytest.raises(Refusal) as refused:
        await edge.open(origin, epoch=9)
    assert refused.value.status == 503
    assert edge.edges.counters.failed > 0
    origin.channel("room", epoch=9)
    await edge.open(origin, epoch=9)
    with pytest.raises(Refusal):
        await edge.open(origin, "other")


async def test_the_owner_is_found_at_the_second_try(nodes: Nodes) -> None:
    """The viewer came with an old address of the room."""
    origin, channel, edge, _ = await live(nodes)
    edge.where = RoomOwner(origin.node, 1)
    assert (await edge.edges.open("room", "gone-1", 0)).id == channel.id


async def test_a_copy_that_is_given_up_while_it_opens(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next viewer gets a new one, unless the channel has ended."""
    origin, channel, edge, _ = await live(nodes)
    opening = asyncio.create_task(edge.open(origin))
    await asyncio.sleep(0)
    edge.edges.close("room")
    again = await edge.open(origin)
    with pytest.raises(Refusal):
        await opening
    assert edge.edges.get("room") is again
    assert again.id == channel.id
    channel.close()
    monkeypatch.setattr("relay.edge.link.OPEN_WITHIN", 0.3)
    late = await nodes.edge("c-1")
    late.where = None
    with pytest.raises(Refusal):
        await late.edges.open("room", origin.node, 1)


async def test_a_cancellation_that_is_swallowed(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As wait_for of Python 3.11 does if the answer arrives at the same time. The copy that was
    given up gets no viewer.
    """
    origin, _, edge, _ = await live(nodes)
    request, answered = edge.control.request, asyncio.Event()

    async def swallow(subject: str, data: bytes, within: float) -> bytes:
        answer = await request(subject, data, within)
        answered.set()
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return answer

    monkeypatch.setattr(edge.control, "request", swallow)
    opening = asyncio.create_task(edge.open(origin))
    await answered.wait()
    edge.edges.close("room")
    with pytest.raises(Refusal):
        await opening
    assert edge.edges.channels == []


async def test_a_room_that_moves_while_it_opens(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The former owner does not know yet, and answers the join."""
    former, channel, edge, _ = await live(nodes)
    latter = await nodes.origin("z-1")
    latter.channel(epoch=2, like=channel)
    edge.where = RoomOwner("z-1", 2)
    request = edge.control.request

    async def move(subject: str, data: bytes, within: float) -> bytes:
        answer = await request(subject, data, within)
        edge.edges.move("room", "z-1", 2)
        return answer

    monkeypatch.setattr(edge.control, "request", move)
    await edge.edges.open("room", former.node, 1)
    assert latter.origin.feeds == 1
    assert edge.edges._links["room"].owner == edge.where


async def test_too_many_rooms(nodes: Nodes) -> None:
    origin, _, edge, _ = await live(nodes)
    edge.edges._max_rooms = 1
    await edge.open(origin)
    origin.channel("other")
    with pytest.raises(Refusal) as refused:
        await edge.open(origin, "other")
    assert refused.value.code is RefusalCode.SERVER_FULL


async def test_time_is_that_of_the_origin(nodes: Nodes) -> None:
    """Viewers of an edge whose clock is 3 s slow get the time of the origin."""
    origin, _, edge, _ = await live(nodes)
    edge.clock.ahead = -3
    origin.clock.ahead = 2
    copy = await edge.open(origin)
    await eventually(lambda: copy.ahead)
    assert copy.ahead == pytest.approx(5_000_000, abs=50_000)


async def test_a_busy_machine_measures_the_time(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The edge notices the first answers 100 ms late. The next ones show the difference."""
    origin, _, edge, _ = await live(nodes)
    late, request = [0.1] * 3, edge.control.request

    async def notice_late(subject: str, data: bytes, within: float) -> bytes:
        answer = await request(subject, data, within)
        await asyncio.sleep(late.pop() if late else 0)
        return answer

    monkeypatch.setattr(edge.control, "request", notice_late)
    copy = await edge.open(origin)
    assert copy.ahead < -40_000
    await eventually(lambda: copy.ahead > -20_000, 5)


async def test_demands_are_bundled(nodes: Nodes) -> None:
    origin, _, edge, _ = await live(nodes)
    copy = await edge.open(origin)
    demanded = len(origin.publisher.demands)
    for _ in range(20):
        copy.demand_keyframes()
    await eventually(lambda: len(origin.publisher.demands) == demanded + 1)


async def test_what_viewers_say(nodes: Nodes) -> None:
    origin, _, edge, _ = await live(nodes)
    edge.owner = Notices(edge)
    copy = await edge.open(origin)
    viewer = Viewer(copy, person="p1")
    for number in range(4_500):
        copy.receive_notice(viewer, {"type": "taps", "n": number})
    await eventually(lambda: len(origin.said) == 20)
    assert {(room, node) for room, node, _ in origin.said} == {("room", "b-1")}
    numbers = [item["n"] for _, _, items in origin.said for item in items]
    assert numbers == list(range(4_000))
    assert edge.edges.counters.dropped == 500


class Notices(Owner):
    def __init__(self, edge: EdgeNode) -> None:
        super().__init__()
        self._edge = edge

    def receive_notice(self, notice: Notice) -> None:
        self._edge.edges.say("room", notice.body)


async def test_forged_and_truncated_messages(nodes: Nodes) -> None:
    """They are dropped and counted. What is lost with them is made up for."""
    origin, channel, edge, samples = await live(nodes)
    copy = await edge.open(origin)
    viewer = Viewer(copy)
    heard: list[bytes] = []
    subject = feed_subject("a-1", 1, "room")
    subscription = await edge.media.subscribe(subject, lambda _, data, __: heard.append(data))
    publish(channel, samples[:3])
    await eventually(lambda: heard)
    await subscription.close()
    for size in range(0, len(heard[0]), 7):
        edge.media.publish(subject, heard[0][:size])
    sequence = int.from_bytes(heard[-1][12:20], "big") + 1
    forged = heard[0][:12] + sequence.to_bytes(8, "big") + b"\xff" * 50
    edge.media.publish(subject, forged)
    edge.media.publish(subject, b"\x02" + forged[1:])
    await eventually(lambda: edge.edges.counters.malformed > 0)
    publish(channel, samples[3:])
    await eventually(lambda: copy.edge >= channel.edge - 40_000)
    assert edge.edges.counters.old > 0
    assert viewer.closed == []
    assert len(heard[0]) > HEADER_SIZE


@pytest.mark.parametrize("word", ["join", "beat", "want", "say", "time"])
async def test_malformed_control_messages(nodes: Nodes, word: str) -> None:
    origin, _, edge, _ = await live(nodes)
    bad = [b"", b"{", b'{"v":1}', b'{"v":1,"edge":1,"room":2}', b'{"v":1,"edge":"b","rooms":[]}']
    bad += [b'{"v":1,"edge":"b","room":"room","items":[1]}', b'{"v":1,"edge":"b","rooms":{"r":1}}']
    for data in bad:
        edge.control.publish(control_subject("a-1", word), data)
    await eventually(lambda: origin.origin.counters.refused >= 2)
    await edge.open(origin)


async def test_a_node_of_another_version(nodes: Nodes, caplog: pytest.LogCaptureFixture) -> None:
    """It is refused, with one line."""
    origin, _, edge, _ = await live(nodes)
    data = b'{"v":3,"edge":"new-1","room":"room"}'
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            answer = await edge.control.request(control_subject("a-1", "join"), data, 5)
            with pytest.raises(JoinRefused, match="version"):
                Snapshot.read(answer)
    assert len(caplog.records) == 1
    assert "new-1" in caplog.text
    assert origin.origin.counters.refused == 3
