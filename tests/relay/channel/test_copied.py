"""A channel whose messages come from another server, and a channel that is followed."""

from relay.channel.channel import Channel
from relay.channel.event_log import PostedEvent
from relay.channel.message import Message
from relay.channel.owner import NoOwner
from relay.errors import RefusalCode
from tests.fixtures import media
from tests.fixtures.channel import Timers, Watcher, make_channel, make_stream
from tests.fixtures.media import video_sample


class Follower:
    """Records what a channel sends."""

    def __init__(self) -> None:
        self.inits: list[Message] = []
        self.messages: list[Message] = []
        self.events: list[PostedEvent] = []
        self.others: list[object] = []

    def receive_init(self, message: Message) -> None:
        self.inits.append(message)

    def receive_message(self, message: Message) -> None:
        self.messages.append(message)

    def receive_event(self, event: PostedEvent) -> None:
        self.events.append(event)

    def forget(self, key: str) -> None:
        self.others.append(key)

    def forget_media(self) -> None:
        self.others.append("media")

    def close_person(self, person: str, code: RefusalCode, text: str) -> None:
        self.others.append(person)

    def remove_stream(self, slot: int) -> None:
        self.others.append(slot)


def test_a_follower_gets_what_viewers_get() -> None:
    """Also without a viewer, and each event on its own."""
    channel, follower = make_channel(timers=Timers()), Follower()
    channel.follow(follower)
    channel.stream.set_track(media.video_track(), 0)
    channel.stream.publish(video_sample(0, key=True))
    channel.post(b"{}", key="room")
    channel.stream.publish(video_sample(3_000))
    assert [len(follower.inits), len(follower.messages)] == [1, 2]
    assert not any(message.events for message in follower.messages)
    assert [event.key for event in follower.events] == ["room"]
    channel.forget("room")
    channel.forget_media()
    channel.close_person("p1", RefusalCode.BANNED, "banned")
    channel.add_stream(1, make_stream())
    channel.remove_stream(1)
    assert follower.others == ["room", "media", "p1", 1]
    channel.unfollow()
    channel.post(b"{}")
    assert len(follower.events) == 1
    channel.follow(follower)
    channel.end()
    assert follower.others == ["room", "media", "p1", 1]


def test_a_copied_channel() -> None:
    """It makes no messages of its own, and keeps the numbers of the other channel's events."""
    timers = Timers()
    channel = Channel("room", make_stream(), NoOwner(), None, timers.call_later, copied=True)
    channel.go_on("9c", 7)
    viewer = Watcher()
    channel.subscribe(viewer)
    for number in (7, 8, 10, 8):
        channel.post_copy(PostedEvent(number, 0, b"{}", None, True))
    assert [event.sequence for event in channel.events_since(0)] == [8, 10]
    assert (channel.id, channel.newest_event) == ("9c", 10)
    timers.go_off()
    assert [record.sequence for record in viewer.records] == [8, 10]
    channel.stream.set_track(media.video_track(), 0)
    channel.stream.publish(video_sample(0, key=True))
    assert len(viewer.messages) == 1
