"""A draft takes the media before and after its tap."""

import pytest

from relay.sample import Sample
from relay.stream.stream import Stream
from relay.stream.window import Window
from server.clips.cut import CutProblem, CutRefused
from server.clips.draft import GROWS_FOR, Draft
from server.clips.maker import ClipPictures, Tile
from tests.fixtures import live_samples as live

S = 1_000_000


def stream(*samples: Sample, window: float = 90) -> Stream:
    made = Stream("room", Window(window, 1 << 24))
    made.set_track(live.track(), 0)
    for sample in samples:
        made.publish(sample)
    return made


def samples(seconds: float, start: float) -> list[Sample]:
    return live.together(live.video(seconds, start=start), live.sound(seconds, start=start))


async def test_the_minute_before_the_tap() -> None:
    source = stream(*samples(80, 10))
    offered = await Draft.of_stream("clip", "p", source, 85 * S, 0.0).range()
    assert (offered.first, offered.until) == (24 * S, 90 * S)
    assert offered.keyframes == list(range(24 * S, 90 * S, 2 * S))


async def test_it_grows_after_the_tap() -> None:
    source = stream(*samples(20, 10))
    draft = Draft.of_stream("clip", "p", source, 30 * S, 0.0)
    assert (await draft.range()).until == pytest.approx(30 * S, abs=1)
    before = draft.size
    for sample in samples(2, 30):
        source.publish(sample)
    assert not draft.extend(1.0)
    assert (await draft.range()).until == pytest.approx(32 * S, abs=1) and draft.size > before
    for sample in samples(8, 32):
        source.publish(sample)
    assert draft.extend(2.0), "it stops to grow once"
    assert not draft.extend(3.0)
    assert (await draft.range()).until == pytest.approx(35 * S, abs=40_000)


async def test_the_window_may_forget_what_a_draft_holds() -> None:
    source = stream(*samples(20, 10))
    draft = Draft.of_stream("clip", "p", source, 30 * S, 0.0)
    source.window.limit(1, 1 << 24)
    assert (await draft.range()).first == 10 * S
    source.window.clear()
    for sample in samples(2, 30):
        source.publish(sample)
    assert draft.extend(1.0), "samples are missing between"
    assert (await draft.range()).until == pytest.approx(30 * S, abs=1)


async def test_it_does_not_wait_for_ever() -> None:
    draft = Draft.of_stream("clip", "p", stream(*samples(20, 10)), 30 * S, 0.0)
    assert not draft.extend(GROWS_FOR)
    assert draft.extend(GROWS_FOR + 1)


async def test_a_change_of_the_picture_size() -> None:
    """The draft offers the side of the tap."""
    source = stream(*samples(10, 10))
    source.set_track(live.track(96, 64), 0)
    for sample in live.video(10, start=20, width=96, height=64):
        source.publish(sample)
    after = await Draft.of_stream("clip", "p", source, 29 * S, 0.0).stretch()
    assert (after.info.width, after.start, after.end) == (96, 20 * S, 30 * S)
    before = await Draft.of_stream("clip", "p", source, 19 * S, 0.0).stretch()
    assert (before.info.width, before.start, before.end) == (64, 10 * S, 20 * S)


def test_pictures_of_fewer_moments_come_too_late() -> None:
    """Two sets of pictures may be made at the same time."""
    draft = Draft.of_stream("clip", "p", stream(*samples(10, 10)), 20 * S, 0.0)
    few, many = (
        ClipPictures(b"", b"", b"", b"strip", [Tile(at * S, 0, 0) for at in moments], 8, 8)
        for moments in ((10, 12), (10, 12, 14))
    )
    for pictures in (many, few):
        draft.show(pictures)
    assert (draft.pictures, draft.drawn) == (many, 1)
    draft.show(many)
    assert draft.drawn == 2


async def test_a_moment_that_the_window_has_lost() -> None:
    draft = Draft.of_stream("clip", "p", stream(*samples(10, 100)), 20 * S, 0.0)
    with pytest.raises(CutRefused) as refused:
        await draft.stretch()
    assert refused.value.problem is CutProblem.GONE
