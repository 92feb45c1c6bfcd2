"""A message as JSON."""

from dataclasses import replace

from server.people.person import ANONYMOUS
from server.social.author import Role
from server.social.message import Kind, Message, Reply, State, describe_message, message_event
from tests.fixtures.social import MINJI

MESSAGE = Message(7, "c-7", MINJI, Role.MODERATOR, "<b>", 12.3456, 70, Reply(3, "Sam", "hi"))


def test_a_message() -> None:
    described = describe_message(MESSAGE)
    assert described == {
        "n": 7,
        "kind": "chat",
        "id": "c-7",
        "person": {
            "id": "p-minji",
            "name": "민지",
            "colour": 3,
            "handle": None,
            "role": "moderator",
        },
        "text": "<b>",
        "reply_to": {"n": 3, "name": "Sam", "text": "hi"},
        "at": 12346,
        "media_time": 70,
    }
    assert message_event(MESSAGE) == {"type": "message", "message": described}


def test_what_few_messages_have() -> None:
    held = describe_message(replace(MESSAGE, state=State.HELD, mentions=("p-1",), reply_to=None))
    assert (held["state"], held["mentions"], held["reply_to"]) == ("held", ["p-1"], None)


def test_a_line_of_the_room() -> None:
    line = Message(
        8, "", ANONYMOUS, Role.CREATOR, "slow_mode_on", 1.0, 5, kind=Kind.SYSTEM, values={"s": 10}
    )
    assert message_event(line) == {
        "type": "system",
        "n": 8,
        "kind": "system",
        "key": "slow_mode_on",
        "values": {"s": 10},
        "at": 1000,
        "media_time": 5,
    }
