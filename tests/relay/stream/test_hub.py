"""The hub: streams by name."""

from relay.channel.outbox import Message
from relay.sample import Track
from relay.stream.hub import Hub
from tests.fixtures.media import video_sample


class Watcher:
    """A viewer that only notes the end."""

    ended = 0

    def send(self, message: Message) -> None: ...

    def end(self) -> None:
        self.ended += 1


def test_a_name_is_one_stream_until_it_ends() -> None:
    """`open` makes a stream once; after `end` the name is free for a new one, with another id."""
    hub = Hub()
    first = hub.open("a")
    assert hub.open("a") is first is hub.get("a")
    assert hub.open("b") is not first
    assert hub.streams == [first, hub.get("b")]
    hub.end("a")
    assert hub.get("a") is None
    assert hub.open("a").id != first.id


def test_ending_tells_every_viewer_and_an_unknown_name_nobody() -> None:
    """Each viewer of that stream hears of the end once; the others do not."""
    hub = Hub()
    here, there = Watcher(), Watcher()
    hub.open("a").subscribe(here)
    hub.open("b").subscribe(there)
    hub.end("a")
    hub.end("a")
    hub.end("nobody")
    assert (here.ended, there.ended) == (1, 0)


def test_streams_are_bounded_as_the_hub_was_told() -> None:
    """Seconds and bytes of the window are those given to the hub."""
    stream = Hub(window_seconds=1, window_bytes=100).open("a")
    stream.publish(video_sample(0, key=True, data=bytes(60)))
    stream.publish(video_sample(3_000, data=bytes(60)))
    assert stream.window.size == 60
    stream.publish(video_sample(300_000, data=bytes(30)))
    assert [sample.track for sample in stream.window] == [Track.VIDEO]
