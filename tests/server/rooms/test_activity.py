"""What people do in one room at present, through the parts of the room."""

from dataclasses import replace

from relay.channel.owner import Notice
from server.people.person import Person
from server.rooms.commands.chat import PostMessage
from server.rooms.social import RoomSocial
from server.social.activity import Activity
from server.storage.storage import Storage
from tests.fixtures.media import video_sample
from tests.fixtures.social import MINJI, SAM, make_context, requester

SECOND = 1_000_000


def room_of(owner: Person, storage: Storage | None = None) -> RoomSocial:
    context = make_context(storage)
    context.record = replace(context.record, owner=owner.id)
    context.channel.stream.publish(video_sample(50 * 90_000, key=True))
    return RoomSocial(context)


async def test_taps_and_joins_of_people_count_but_not_those_of_the_creator() -> None:
    social = room_of(MINJI)
    body = {"type": "taps", "media_time": 49 * SECOND, "counts": {"heart": [1]}}
    for number, person in enumerate((MINJI.id, SAM.id, SAM.id, None)):
        social.viewer_joined(number, person, True)
        social.receive_notice(Notice(number, person, 0, body))
    assert social.activity.measure() == Activity(watching=2, reacting=1, joined=1)
    social.forget_person(SAM.id)
    for viewer in range(4):
        social.viewer_left(viewer)
    assert social.activity.measure() == Activity()
    await social.close()


async def test_messages_count_and_replies_of_the_creator_to_other_people(storage: Storage) -> None:
    social = room_of(MINJI, storage)
    numbers = iter(range(10))

    async def write(person: Person, reply_to: int | None = None) -> None:
        command = PostMessage(requester(person), f"c-{next(numbers)}", "hi", reply_to=reply_to)
        await social.execute(command)

    social.viewer_joined(1, SAM.id, True)
    await write(MINJI)
    await write(MINJI, reply_to=1)
    assert social.activity.measure() == Activity(watching=1, joined=1)
    await write(SAM, reply_to=1)
    assert social.activity.measure() == Activity(watching=1, joined=1, reacting=1)
    await write(MINJI, reply_to=3)
    await write(MINJI, reply_to=3)
    assert social.activity.measure() == Activity(watching=1, joined=1, reacting=1, replied=1)
    await social.close()
