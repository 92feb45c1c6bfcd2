"""A feed: each frame is packetised once and goes to every session."""

from typing import Any

import pytest

from relay.channel.channel import Channel
from relay.media import opus
from relay.rtc.dtls import SrtpError
from relay.rtc.send.feed import Feed
from relay.rtc.send.history import PacketisedFrame
from relay.sample import Demand
from tests.fixtures.channel import Publisher, make_channel
from tests.fixtures.deadline import eventually
from tests.fixtures.media import sound_sample, video_sample, video_track


class Session:
    """A session that records the frames it is given."""

    def __init__(self) -> None:
        self.video: list[PacketisedFrame] = []
        self.audio: list[PacketisedFrame] = []
        self.reports: list[dict[str, int]] = []
        self.ended: list[str] = []
        self.is_silent = False
        self.broken = False

    def send_video(self, frame: PacketisedFrame) -> None:
        if self.broken:
            raise SrtpError("broken")
        self.video.append(frame)

    def send_audio(self, frame: PacketisedFrame) -> None:
        self.audio.append(frame)

    def silent(self, now: float) -> bool:
        return self.is_silent

    def report(self, unix: float, timestamps: dict[str, int]) -> None:
        self.reports.append(timestamps)

    def end(self, reason: str) -> None:
        self.ended.append(reason)


@pytest.fixture
def channel() -> Channel:
    """A channel with both tracks, and a keyframe and a frame."""
    channel = make_channel()
    channel.stream.set_track(video_track(), 0)
    channel.stream.set_track(opus.track_info(), 0)
    channel.stream.publish(video_sample(0, key=True))
    channel.stream.publish(video_sample(3_000))
    return channel


@pytest.fixture
async def feed(channel: Channel) -> Any:
    feed = Feed(channel)
    feed.open()
    yield feed
    feed.close()


def joined(feed: Feed) -> Any:
    session: Any = Session()
    feed.add(session)
    feed.connected(session)
    return session


async def test_a_frame_is_packetised_once_for_all_sessions(channel: Channel, feed: Feed) -> None:
    first, second = joined(feed), joined(feed)
    channel.stream.publish(video_sample(6_000))
    channel.stream.publish(sound_sample(0))
    assert len(first.video) == len(first.audio) == 1
    assert first.video[0] is second.video[0] and first.audio[0] is second.audio[0]


async def test_viewers_are_counted_once_they_are_connected(channel: Channel, feed: Feed) -> None:
    session: Any = Session()
    feed.add(session)
    assert (feed.viewers, feed.idle, channel.viewers) == (0, False, 0)
    feed.connected(session)
    assert (feed.viewers, channel.viewers) == (1, 1)
    feed.remove(session, counted=True)
    assert (feed.viewers, feed.idle, channel.viewers) == (0, True, 0)
    channel.stream.publish(video_sample(6_000))
    assert not session.video


async def test_a_new_viewer_demands_a_keyframe_if_there_is_none(
    channel: Channel, feed: Feed
) -> None:
    """A recent keyframe of the present size is enough."""
    publisher = Publisher()
    channel.stream.attach(publisher)
    joined(feed)
    assert not publisher.demands
    channel.stream.set_track(video_track(128), 0)
    joined(feed)
    assert publisher.demands == [Demand(keyframe=True)]


async def test_a_session_that_fails_ends_alone(channel: Channel, feed: Feed) -> None:
    broken, other = joined(feed), joined(feed)
    broken.broken = True
    channel.stream.publish(video_sample(6_000))
    assert broken.ended == ["broken"] and len(other.video) == 1 and not other.ended


async def test_the_end_of_the_room_ends_every_session(channel: Channel, feed: Feed) -> None:
    sessions = joined(feed), joined(feed)
    channel.stream.end()
    assert [session.ended for session in sessions] == [["the room has ended"]] * 2


async def test_reports_and_silence(feed: Feed) -> None:
    """A new session gets a sender report at once; a silent one is ended."""
    session = joined(feed)
    session.is_silent = True
    await eventually(lambda: session.reports)
    assert set(session.reports[0]) == {"video", "audio"}
    await eventually(lambda: session.ended)
    assert session.ended[0] == "the viewer sent nothing for 15 s"


def test_the_ssrcs_differ(channel: Channel) -> None:
    ssrcs = Feed(channel).ssrcs
    assert len({*ssrcs.values(), 0}) == 4 and max(ssrcs.values()) < 1 << 32
