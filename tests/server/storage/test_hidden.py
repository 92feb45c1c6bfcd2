"""Hidden people."""

import pytest

from server.storage import hidden
from server.storage.hidden import HiddenRecord, Outcome
from server.storage.storage import Storage
from tests.fixtures.stored_people import store_person


async def test_people_are_hidden_and_shown_again(storage: Storage) -> None:
    await store_person(storage, "rude", "a")
    await store_person(storage, "loud", "b", handle="loud")
    assert await storage.hidden.add("me", "rude", 1.0) is Outcome.HIDDEN
    assert await storage.hidden.add("me", "loud", 2.0) is Outcome.HIDDEN
    assert await storage.hidden.add("me", "rude", 3.0) is Outcome.HIDDEN
    assert await storage.hidden.of("me") == [
        HiddenRecord("loud", "loud", 3, "loud", 2.0),
        HiddenRecord("rude", "a guest", 3, None, 1.0),
    ]
    assert await storage.hidden.of("rude") == []
    await storage.hidden.remove("me", "loud")
    await storage.hidden.remove("me", "none")
    assert [record.id for record in await storage.hidden.of("me")] == ["rude"]


async def test_an_unknown_person_is_not_hidden(storage: Storage) -> None:
    assert await storage.hidden.add("me", "none", 1.0) is Outcome.UNKNOWN
    assert await storage.hidden.of("me") == []


async def test_the_number_is_bounded(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hidden, "MAX_HIDDEN", 2)
    for name in ("a", "b", "c"):
        await store_person(storage, name, name)
    outcomes = [await storage.hidden.add("me", name, 1.0) for name in ("a", "b", "c", "a")]
    assert outcomes == [Outcome.HIDDEN, Outcome.HIDDEN, Outcome.TOO_MANY, Outcome.HIDDEN]
