"""Viewers on standby: what a channel sends to them, and that they count in nothing."""

import json

import pytest

from relay.channel.channel import Channel
from relay.channel.owner import Notice
from relay.channel.standby import BUNDLE_EVERY, KEYFRAME_EVERY, WAITING_MAX
from relay.errors import RefusalCode
from relay.media import opus
from relay.message import Flag, Kind, Record
from relay.sample import Track
from tests.fixtures import media
from tests.fixtures.channel import Owner, Timers, Watcher, make_channel, records_of
from tests.fixtures.media import sound_sample, video_sample


class Standing:
    """A live channel and its timers."""

    def __init__(self) -> None:
        self.owner, self.timers = Owner(), Timers()
        self.channel: Channel = make_channel(self.owner, timers=self.timers)
        self.channel.stream.set_track(media.video_track(), 0)
        self.channel.stream.set_track(opus.track_info(), 0)
        self.frames = 0

    def publish(self, *keys: bool) -> None:
        """Publishes frames, each with a sound."""
        for key in keys:
            number = self.frames
            self.frames += 1
            self.channel.stream.publish(sound_sample(number * 1_600, publish=number * 33_000))
            frame = video_sample(number * 3_000, key=key, publish=number * 33_000)
            self.channel.stream.publish(frame)

    def hold(self, *, media: bool = True) -> tuple[Watcher, list[Record]]:
        """A viewer that joins on standby, and what it gets first."""
        watcher = Watcher()
        return watcher, records_of(self.channel.subscribe(watcher, media=media, held=True))

    def next_bundle(self) -> None:
        """Lets the time until the next bundle pass. Other timers, of waiting events, go off
        before.
        """
        bundles = [each for each in self.timers.calls if each.seconds == BUNDLE_EVERY]
        for timer in list(self.timers.calls):
            if timer not in bundles:
                self.timers.calls.remove(timer)
                timer.call()
        for timer in bundles:
            self.timers.calls.remove(timer)
            timer.call()


def shown(records: list[Record]) -> list[tuple[int, bool]]:
    """The sequence number of each frame, and whether it is an IDR."""
    return [
        (record.sequence, Flag.KEY in record.flags)
        for record in records
        if record.kind is Kind.MEDIA and record.track == Track.VIDEO
    ]


def events_of(records: list[Record]) -> list[int]:
    return [json.loads(record.body) for record in records if record.kind is Kind.EVENT]


@pytest.mark.parametrize("watched", [False, True])
def test_a_standby_joins_with_the_newest_keyframe_and_gets_no_other_media(watched: bool) -> None:
    """This holds with and without viewers who play. The frames behind the keyframe are not
    sent.
    """
    room = Standing()
    player = Watcher()
    if watched:
        room.channel.subscribe(player)
    room.channel.post(b"1", key="room")
    room.publish(True, False, True, False)
    standby, first = room.hold()
    assert [record.kind for record in first[:3]] == [Kind.EVENT, Kind.INIT, Kind.INIT]
    assert shown(first) == [(2, True)]
    room.publish(False, False)
    assert standby.messages == []
    assert len(shown(player.records)) == (6 if watched else 0)
    assert room.channel.watched is watched


def test_a_keyframe_comes_now_and_then_and_only_once() -> None:
    room = Standing()
    room.publish(True)
    standby, _ = room.hold()
    for _ in range(2 * KEYFRAME_EVERY):
        room.next_bundle()
    assert standby.messages == []
    room.publish(False, True, False)
    for _ in range(2 * KEYFRAME_EVERY):
        room.next_bundle()
    assert shown(standby.records) == [(2, True)]


@pytest.mark.parametrize("watched", [False, True])
def test_events_come_in_bundles(watched: bool) -> None:
    room = Standing()
    if watched:
        room.channel.subscribe(Watcher())
    room.publish(True)
    standby, _ = room.hold()
    aside, first = room.hold(media=False)
    assert shown(first) == []
    for number in range(20):
        room.channel.post(str(number).encode())
        room.publish(False)
    assert standby.messages == aside.messages == []
    room.publish(True)
    room.next_bundle()
    assert len(standby.messages) == len(aside.messages) == 1
    for _ in range(KEYFRAME_EVERY):
        room.next_bundle()
    assert events_of(standby.records) == events_of(aside.records) == list(range(20))
    assert shown(standby.records) == [(21, True)] and shown(aside.records) == []


def test_many_events_do_not_wait() -> None:
    """Otherwise they would use memory without a bound."""
    room = Standing()
    room.channel.subscribe(Watcher())
    standby, _ = room.hold()
    body = json.dumps("x" * 4_000).encode()
    for _ in range(2 * WAITING_MAX // len(body)):
        room.channel.post(body, history=False)
        room.publish(True)
    assert len(standby.messages) == 1 and sum(len(each.frame) for each in standby.messages) < 70_000


def test_the_parameters_of_a_track_come_at_once() -> None:
    """The events before them keep their place."""
    room = Standing()
    room.channel.subscribe(Watcher())
    room.publish(True)
    standby, _ = room.hold()
    room.channel.post(b"1")
    room.publish(False)
    room.channel.stream.set_track(media.video_track(96), 1)
    assert [record.kind for record in standby.records] == [Kind.EVENT, Kind.INIT]
    assert len(standby.tracks) == 1


def test_a_standby_counts_in_nothing() -> None:
    """The owner hears of it when it plays, and again when it is back on standby. Each time that it
    plays, it has another number.
    """
    room = Standing()
    channel, owner = room.channel, room.owner
    standby = Watcher()
    channel.subscribe(standby, person="p-1", held=True)
    aside, _ = room.hold(media=False)
    assert (channel.viewers, channel.ranked_viewers, channel.standbys) == (0, 0, 2)
    assert not owner.viewers and not owner.joined
    channel.release(standby)
    assert (channel.viewers, channel.ranked_viewers, channel.standbys) == (1, 1, 1)
    number = owner.joined[0][0]
    assert owner.joined == [(number, "p-1", True)] and owner.viewers == [1]
    channel.hold(standby)
    assert owner.left == [number] and owner.viewers == [1, 0]
    channel.release(standby)
    assert owner.joined[1][0] > number
    clocks = [channel.wants_clock]
    channel.release(aside)
    clocks.append(channel.wants_clock)
    assert clocks == [False, True] and owner.joined[2][1:] == (None, False)
    channel.hold(aside)
    channel.unsubscribe(aside)
    channel.unsubscribe(standby)
    assert owner.left == [joined[0] for joined in (owner.joined[0], owner.joined[2])] + [
        owner.joined[1][0]
    ]
    assert channel.members == channel.standbys == 0


def test_a_standby_that_plays_gets_all_that_it_needs_in_order() -> None:
    """First the events that waited for it, then everything since the last keyframe, then live
    messages.
    """
    room = Standing()
    room.publish(True)
    standby, _ = room.hold()
    room.channel.post(b"1")
    room.publish(False, True, False)
    for timer in [each for each in room.timers.calls if each.seconds != BUNDLE_EVERY]:
        room.timers.calls.remove(timer)
        timer.call()
    first = records_of(room.channel.release(standby))
    assert events_of(first[:1]) == [1]
    assert shown(first) == [(2, True), (3, False)]
    room.publish(False)
    assert shown(standby.records) == [(4, False)]
    room.channel.hold(standby)
    room.publish(False, False)
    assert shown(standby.records) == [(4, False)]


def test_what_changes_nothing() -> None:
    """Holding a standby, releasing a viewer that plays, and both for a viewer that has left."""
    room = Standing()
    room.publish(True)
    player, stranger = Watcher(), Watcher()
    room.channel.subscribe(player)
    joined = list(room.owner.joined)
    assert room.channel.release(player) == room.channel.release(stranger) == []
    room.channel.hold(stranger)
    room.channel.hold(player)
    room.channel.hold(player)
    assert room.owner.joined == joined and room.owner.left == [joined[0][0]]


def test_the_timer_runs_only_for_standbys() -> None:
    room = Standing()
    standby, _ = room.hold()
    assert [timer.seconds for timer in room.timers.calls] == [BUNDLE_EVERY]
    room.channel.unsubscribe(standby)
    room.next_bundle()
    assert room.timers.calls == []
    standby, _ = room.hold()
    room.channel.close()
    assert room.timers.calls == []
    room.channel.hold(standby)
    assert room.timers.calls == []


def test_the_end_of_the_room_and_a_ban_reach_a_standby() -> None:
    room = Standing()
    first, second = Watcher(), Watcher()
    room.channel.subscribe(first, person="p-1", held=True)
    room.channel.subscribe(second, person="p-2", held=True)
    assert room.channel.close_person("p-1", RefusalCode.BANNED, "banned") == 1
    room.channel.post(b"1")
    room.channel.end()
    assert first.closed[0] is RefusalCode.BANNED and second.closed == [RefusalCode.ROOM_ENDED]
    assert events_of(second.records) == [1]


def test_a_standby_that_fails_is_dropped_alone() -> None:
    room = Standing()
    room.publish(True)
    failing, _ = room.hold()
    other, _ = room.hold()
    failing.send = None  # type: ignore[assignment, method-assign]
    room.channel.post(b"1")
    room.next_bundle()
    assert failing.closed == [RefusalCode.INTERNAL_ERROR] and room.channel.standbys == 1
    assert events_of(other.records) == [1]


def test_a_notice_of_a_member_that_plays_again_has_its_new_number() -> None:
    room = Standing()
    viewer = Watcher()
    room.channel.subscribe(viewer, person="p-1")
    room.channel.receive_report(viewer, {}, 5)
    room.channel.hold(viewer)
    room.channel.release(viewer)
    room.channel.receive_notice(viewer, {"type": "taps"})
    assert room.owner.notices == [Notice(2, "p-1", room.channel.edge, {"type": "taps"})]
