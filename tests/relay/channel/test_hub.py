"""The hub: channels by name."""

import pytest

from relay.channel.hub import Hub
from relay.channel.owner import NoOwner
from relay.errors import RefusalCode
from relay.sample import Track
from relay.stream.window import OVERHEAD
from tests.fixtures.channel import Watcher
from tests.fixtures.media import video_sample


def test_a_name_is_one_channel_until_it_ends() -> None:
    """`open` makes a channel once; after `end` the name is free for a new one, with another id."""
    hub = Hub()
    first = hub.open("a", NoOwner())
    assert hub.get("a") is first
    with pytest.raises(ValueError, match="already"):
        hub.open("a", NoOwner())
    assert hub.open("b", NoOwner()) is not first
    assert hub.channels == [first, hub.get("b")]
    hub.end("a")
    assert hub.get("a") is None
    second = hub.open("a", NoOwner())
    assert second.id != first.id and second.stream.id != first.stream.id


def test_an_end_reaches_every_viewer_of_that_channel() -> None:
    """It reaches each viewer once, but none of another channel. An unknown name has no effect."""
    hub = Hub()
    here, there = Watcher(), Watcher()
    hub.open("a", NoOwner()).subscribe(here)
    hub.open("b", NoOwner()).subscribe(there)
    hub.end("a")
    hub.end("a")
    hub.end("unknown")
    assert (here.closed, there.closed) == ([RefusalCode.ROOM_ENDED], [])


def test_streams_are_bounded_by_the_hubs_limits() -> None:
    """Windows have the limits of seconds and bytes that the hub was given."""
    stream = Hub(window_seconds=1, window_bytes=OVERHEAD + 100).open("a", NoOwner()).stream
    stream.publish(video_sample(0, key=True, data=bytes(60)))
    stream.publish(video_sample(3_000, data=bytes(60)))
    assert stream.window.size == OVERHEAD + 60
    stream.publish(video_sample(300_000, data=bytes(30)))
    assert [sample.track for sample in stream.window] == [Track.VIDEO]
