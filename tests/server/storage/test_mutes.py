"""The mutes in the database."""

import pytest

from server.storage.storage import Storage
from tests.server.storage.moderated import LOG, MINJI, NOW, ROOM, SAM, load

pytestmark = pytest.mark.usefixtures("moderated_room")


async def test_a_mute_and_its_end(storage: Storage) -> None:
    await storage.mutes.add("p-minji", LOG, "p-sam", NOW + 60)
    await storage.mutes.add("p-minji", LOG, "p-sam", NOW + 600)
    assert (await load(storage)).mutes == {"p-sam": NOW + 600}
    (mute,) = await storage.mutes.of_room(ROOM.room, NOW)
    assert (mute.person, mute.until, mute.at, mute.by) == (SAM, NOW + 600, NOW, MINJI)
    assert (await load(storage, NOW + 600)).mutes == {}
    await storage.mutes.remove("p-minji", LOG, "p-sam")
    assert (await load(storage)).mutes == {}
