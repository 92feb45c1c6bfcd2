"""Which texts can be an id."""

import secrets

import pytest

from server.http.identity import ID_BYTES
from server.http.ids import is_id
from server.rooms.creator_lists import random_id


def test_ids_that_the_server_makes() -> None:
    assert is_id(random_id()) and is_id(secrets.token_urlsafe(ID_BYTES))


@pytest.mark.parametrize("text", ["", "a" * 33, "a\0", "a\n", "a/b", "é", "१"])
def test_texts_that_are_no_id(text: str) -> None:
    assert not is_id(text)
