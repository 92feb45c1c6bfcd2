"""The word lists of creators, for titles and captions of clips."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from server.clips.listed_words import ListedWords
from server.storage.moderation_log import LogRecord
from server.storage.storage import Storage

LOG = LogRecord("room", 0.0, None, "words")


@pytest_asyncio.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    opened = await Storage.open(tmp_path)
    yield opened
    await opened.close()


async def test_each_creator_has_a_list(storage: Storage) -> None:
    await storage.words.replace("p-minji", LOG, ["spoiler"])
    words = ListedWords(storage.words)
    assert await words.are_in("p-minji", "fine", "a spoiler")
    assert not await words.are_in("p-minji", "fine", "")
    assert not await words.are_in("p-sam", "a spoiler")
    await storage.words.replace("p-minji", LOG, ["fine"])
    assert not await words.are_in("p-minji", "a spoiler")
    assert await words.are_in("p-minji", "fine")


async def test_a_list_that_this_release_refuses(storage: Storage) -> None:
    await storage.words.replace("p-minji", LOG, ["spoiler", "***"])
    assert not await ListedWords(storage.words).are_in("p-minji", "a spoiler")
