"""The tastes of people."""

from server.storage.storage import Storage
from server.storage.tastes import TasteRecord


async def test_a_taste_is_stored_and_forgotten(storage: Storage) -> None:
    """The choice whether the feed is personal remains."""
    tastes = storage.tastes
    assert await tastes.find("me") == TasteRecord("", True)
    await tastes.put("me", "{}", 1.0)
    await tastes.set_personal("me", False, 2.0)
    await tastes.set_personal("other", False, 2.0)
    assert await tastes.find("me") == TasteRecord("{}", False)
    await tastes.put("me", '{"tags":{}}', 3.0)
    assert await tastes.find("me") == TasteRecord('{"tags":{}}', False)
    await tastes.forget("me", 4.0)
    assert await tastes.find("me") == TasteRecord("", False)
