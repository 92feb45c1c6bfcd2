"""The best moments of an ended live, from its recording."""

from server.people.person import ANONYMOUS
from server.rooms.commands.highlights import BestMoments, ReadHighlights
from server.social.author import Requester
from tests.server.recordings.conftest import House, publish

SECOND = 1_000_000


async def ended(house: House, *, peak: int) -> str:
    """A live of 40 s in which six people react at `peak`."""
    room = await house.live()
    publish(room, 1, 40)
    await house.storage.crowds.put(room.name, [(5, 1), (peak, 6), (peak + 9, 1)])
    room.finish()
    await house.ended(room.name)
    return room.name


async def read(house: House, room: str) -> BestMoments:
    return await house.rooms.ask(room, ReadHighlights(Requester(ANONYMOUS, "", "")))


async def test_a_moment_begins_at_a_keyframe_of_the_recording(house: House) -> None:
    room = await ended(house, peak=30)
    (moment,) = (await read(house, room)).moments
    assert moment.peak == 30 * SECOND and moment.people == 6
    starts = [each.media_time for each in await house.storage.recordings.segments(room)]
    assert moment.start in starts
    assert 22 * SECOND - 4 * SECOND < moment.start <= 22 * SECOND


async def test_a_moment_that_is_not_recorded_is_left_out(house: House) -> None:
    room = await ended(house, peak=60)
    assert (await read(house, room)).moments == ()


async def test_a_live_without_a_recording_has_no_moments(house: House) -> None:
    room = await ended(house, peak=30)
    await house.storage.recordings.discard(room, 1.0)
    assert (await read(house, room)).moments == ()
