"""Rooms learn of changes, in this process and in others."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from server.rooms.moderation_changes import ModerationChanges
from server.storage.moderation_change import OPERATOR
from server.storage.moderation_log import LogRecord
from server.storage.storage import Storage
from tests.fixtures.social import Clock

NOW = 1_790_000_000.0
LOG = LogRecord("abc", NOW, None, "words")


@pytest_asyncio.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    opened = await Storage.open(tmp_path)
    yield opened
    await opened.close()


async def test_each_change_of_another_process_is_announced_once(storage: Storage) -> None:
    changes = ModerationChanges(storage.moderation, Clock(NOW), shared=False)
    called: list[str] = []
    changes.subscribe("minji", lambda: called.append("minji"))
    changes.subscribe("sam", lambda: called.append("sam"))
    await changes.read()
    assert called == []
    await storage.moderation.record("minji", LOG)
    await changes.read()
    await changes.read()
    assert called == ["minji"]
    await storage.moderation.record("minji", LOG)
    await changes.read()
    assert called == ["minji", "minji"]


async def test_the_operator_concerns_every_room(storage: Storage) -> None:
    changes = ModerationChanges(storage.moderation, Clock(NOW), shared=False)
    called: list[str] = []
    for creator in ("minji", "sam"):
        changes.subscribe(creator, lambda creator=creator: called.append(creator))  # type: ignore[misc]
    await storage.bans.add_by_operator("p", "b", NOW, None, "")
    await changes.read()
    assert sorted(called) == ["minji", "sam"]
    changes.announce(OPERATOR)
    assert len(called) == 4


async def test_a_closed_room_is_not_called(storage: Storage) -> None:
    changes = ModerationChanges(storage.moderation, Clock(NOW), shared=False)
    called: list[str] = []

    def changed() -> None:
        called.append("minji")

    changes.subscribe("minji", changed)
    changes.unsubscribe("minji", changed)
    changes.unsubscribe("minji", changed)
    changes.announce("minji")
    changes.announce(OPERATOR)
    assert called == []
