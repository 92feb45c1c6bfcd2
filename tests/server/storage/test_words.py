"""The words of a creator in the database."""

import pytest

from server.storage.storage import Storage
from tests.server.storage.moderated import LOG, load

pytestmark = pytest.mark.usefixtures("moderated_room")


async def test_words_are_replaced(storage: Storage) -> None:
    await storage.words.replace("p-minji", LOG, ("foo", "바보"))
    await storage.words.replace("p-minji", LOG, ("bar", "바보"))
    assert await storage.words.of_creator("p-minji") == ("bar", "바보")
    assert (await load(storage)).words == ("bar", "바보")
    await storage.words.replace("p-minji", LOG, ())
    assert (await load(storage)).words == ()
