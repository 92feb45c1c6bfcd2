"""The JSON of the HTTP interface: accepted requests and written answers."""

import json
from dataclasses import asdict
from typing import Any

import pytest
from pydantic import ValidationError

from relay.errors import RefusalCode
from server.http.payloads import (
    TITLE_LENGTH,
    CreateRoom,
    IceServer,
    RefusalBody,
    RoomList,
    reply,
)
from server.rooms.description import RoomDescription
from server.rooms.life import State

ROOM = RoomDescription("k3v9x2", "A", State.LIVE, 12, 1_790_000_000.0, None)


def read(response: Any) -> Any:
    assert (response.content_type, response.charset) == ("application/json", "utf-8")
    return json.loads(response.body)


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ({}, ""),
        ({"title": "Morning run 🏃"}, "Morning run 🏃"),
        ({"title": " two\n lines\t"}, "two lines"),
        ({"title": "\x00\u202e"}, ""),
        ({"title": "a" * TITLE_LENGTH, "other": 1}, "a" * TITLE_LENGTH),
        ({"title": " " * 500 + "a"}, "a"),
    ],
)
def test_titles_become_one_printable_line(body: dict[str, Any], title: str) -> None:
    """The limit counts what remains. Unknown members are ignored."""
    assert CreateRoom.model_validate(body).title == title


@pytest.mark.parametrize("title", [5, None, ["a"], "a" * (TITLE_LENGTH + 1)])
def test_titles_that_are_refused(title: object) -> None:
    with pytest.raises(ValidationError):
        CreateRoom.model_validate({"title": title})


def test_members_that_are_not_set_are_left_out() -> None:
    assert read(reply(IceServer, {"urls": ["stun:a"]})) == {"urls": ["stun:a"]}
    refusal = RefusalBody(error="wait", code=RefusalCode.RATE_LIMITED, retry_after=5)
    response = reply(RefusalBody, refusal, status=429)
    assert response.status == 429
    assert read(response) == {"error": "wait", "code": "rate_limited", "retry_after": 5}


def test_a_description_has_all_members() -> None:
    """Null is a value: the room was never live, and has no poster."""
    answer = read(reply(RoomList, {"rooms": [asdict(ROOM) | {"poster": None}]}))
    assert answer == {
        "rooms": [
            {
                "room": "k3v9x2",
                "title": "A",
                "state": "live",
                "viewers": 12,
                "created_at": 1_790_000_000.0,
                "live_since": None,
                "visibility": "public",
                "mood": "",
                "poster": None,
            }
        ]
    }


def test_an_answer_of_another_form_is_an_error() -> None:
    """A defect of the server is found where it is made."""
    for value in ({"urls": ["stun:a"], "other": 1}, {}):
        with pytest.raises(ValidationError):
            reply(IceServer, value)
