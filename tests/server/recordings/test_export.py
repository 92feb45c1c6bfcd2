"""Everything of an ended live as files."""

import io
import json
import time
from dataclasses import replace
from typing import Any

import av
import pytest

from server.objects.errors import ObjectMissing
from server.people.person import Person
from server.recordings.export import Export
from server.rooms.life import RoomEvent
from server.storage.messages import MessageRecord
from server.storage.recordings import segment_key
from tests.fixtures import media
from tests.fixtures.stored_people import store_person
from tests.server.recordings.conftest import House, publish

SECOND = 1_000_000
MINJI = Person("p-minji", "민지", 3)


async def ended(house: House) -> str:
    """A live of 6 s, an interruption of 50 s, 4 s, and 4 s with another picture size."""
    room = await house.live()
    publish(room, 1, 6)
    room.happen(RoomEvent.MEDIA_STOPPED)
    publish(room, 56, 60, epoch=2)
    room.happen(RoomEvent.MEDIA_CAME)
    room.stream.set_track(media.video_track(48, 64), 0)
    for tick in range(5_400_000, 5_760_000, 3_000):
        room.stream.publish(media.video_sample(tick, key=tick % 180_000 == 0, epoch=2))
    room.finish()
    await house.ended(room.name)
    return room.name


async def write(house: House, room: str, n: int, person: Person, at: float, **more: Any) -> None:
    message = MessageRecord(
        *(room, 100 + n, person.id, f"c-{n}", person.name, person.colour, None, "guest"),
        *(1.5, round(at * SECOND), f"text {n}"),
    )
    await house.storage.messages.add(replace(message, **more))


async def opened(house: House, room: str) -> Export:
    record = await house.storage.rooms.find(room)
    assert record is not None
    export = Export(record, house.storage, house.objects, time.time)
    await export.open()
    return export


async def content(export: Export, name: str) -> bytes:
    body = await export.read(name)
    assert body is not None
    data = b"".join([part async for part in body.parts])
    assert body.size in (None, len(data))
    return data


async def test_each_piece_is_one_video_that_says_why(house: House) -> None:
    export = await opened(house, await ended(house))
    assert [(file.name, file.why) for file in export.files()] == [
        ("video-1.mp4", "the recording, 64×48"),
        ("chat-1.vtt", "the chat of video-1.mp4"),
        ("video-2.mp4", "the picture changed from 64×48 to 48×64"),
        ("chat-2.vtt", "the chat of video-2.mp4"),
        ("chat.json", "the chat"),
        ("hearts.json", "hearts and other taps"),
    ]
    for name, seconds, frames in (("video-1.mp4", 10, 300), ("video-2.mp4", 4, 120)):
        with av.open(io.BytesIO(await content(export, name)), mode="r") as container:
            assert container.duration == pytest.approx(seconds * av.time_base, abs=50_000)
            assert sum(packet.size > 0 for packet in container.demux(video=0)) == frames


async def test_the_chat_appears_at_its_place_in_each_video(house: House) -> None:
    room = await ended(house)
    await store_person(house.storage, MINJI.id, "d-1")
    for n, at in ((1, 3.5), (2, 30), (3, 57), (4, 62)):
        await write(house, room, n, MINJI, at)
    await write(house, room, 5, MINJI, 4, state="removed")
    export = await opened(house, room)
    first, second = [(await content(export, f"chat-{n}.vtt")).decode() for n in (1, 2)]
    assert "00:00:03.500 --> 00:00:08.500\n<v 민지>text 1</v>" in first
    assert "00:00:07.0" in first and "text 3" in first
    assert not any(f"text {n}" in first for n in (2, 4, 5))
    assert second.startswith("WEBVTT\n\n00:00:02.000") and "text 4" in second
    chat = json.loads(await content(export, "chat.json"))
    assert [(m["sequence"], m["video"]) for m in chat["messages"]] == [
        *((101, 1), (102, None), (103, 1), (104, 2))
    ]
    assert chat["room"] == room and chat["messages"][0]["seconds"] == 3.5


async def test_the_hearts_by_second(house: House) -> None:
    room = await ended(house)
    await house.storage.reactions.put(room, [(3, "heart", 5, 2, 2), (3, "any", 5, 2, 2)])
    await house.storage.reactions.put(room, [(57, "fire", 1, 1, 1), (57, "any", 1, 1, 1)])
    hearts = json.loads(await content(await opened(house, room), "hearts.json"))["hearts"]
    assert hearts == [
        {"second": 3, "emoji": {"heart": 5}},
        {"second": 57, "emoji": {"fire": 1}},
    ]


async def test_a_live_without_a_recording_has_chat_and_hearts(house: House) -> None:
    new = await house.rooms.create("Never live")
    room = house.rooms.in_memory.find(new.room.room)
    assert room is not None
    room.finish()
    await house.ended(room.name)
    export = await opened(house, room.name)
    assert [file.name for file in export.files()] == ["chat.json", "hearts.json"]
    assert json.loads(await content(export, "chat.json"))["messages"] == []


@pytest.mark.parametrize("name", ["", "video-0.mp4", "video-3.mp4", "../secret", "chat-1.json"])
async def test_a_file_that_does_not_exist(house: House, name: str) -> None:
    assert await (await opened(house, await ended(house))).read(name) is None


async def test_a_recording_that_was_deleted_meanwhile(house: House) -> None:
    room = await ended(house)
    export = await opened(house, room)
    await house.objects.delete([segment_key(room, 1)])
    with pytest.raises(ObjectMissing):
        await export.read("video-1.mp4")
