"""The moderators of a creator in the database."""

import pytest

from server.storage.moderators import MAX_MODERATORS, TooManyModerators
from server.storage.storage import Storage
from tests.server.storage.moderated import LOG, SAM, load

pytestmark = pytest.mark.usefixtures("moderated_room")


async def test_moderators(storage: Storage) -> None:
    await storage.moderators.add("p-minji", LOG, "p-sam")
    await storage.moderators.add("p-minji", LOG, "p-sam")
    assert (await load(storage)).moderators == {"p-sam"}
    assert await storage.moderators.of_creator("p-minji") == [SAM]
    assert await storage.moderators.includes("p-minji", "p-sam")
    assert await storage.moderators.among("p-minji", ["p-sam", "p-other"]) == {"p-sam"}
    await storage.moderators.remove("p-minji", LOG, "p-sam")
    assert not await storage.moderators.includes("p-minji", "p-sam")


async def test_a_creator_has_few_moderators(storage: Storage) -> None:
    for number in range(MAX_MODERATORS):
        await storage.moderators.add("p-minji", LOG, f"p{number}")
    with pytest.raises(TooManyModerators):
        await storage.moderators.add("p-minji", LOG, "one more")
    assert len((await load(storage)).moderators) == MAX_MODERATORS
