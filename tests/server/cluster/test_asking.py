"""The messages between the nodes about commands."""

import pytest

from relay.errors import RefusalCode
from server.cluster.asking import (
    BadMessage,
    NotOwner,
    Question,
    read_question,
    read_reply,
    write_not_owner,
    write_question,
    write_refusal,
    write_reply,
)
from server.errors import Gone, RequestRefused
from server.rooms.commands.room import Describe, EndSession


def test_a_question_is_read_as_it_was_written() -> None:
    question = Question("id", "room", EndSession("key", "session"))
    assert read_question(write_question(question)) == question


def test_a_question_of_version_1_is_understood() -> None:
    data = b'{"v":1,"id":"a","room":"r","command":{"command":"describe"}}'
    assert read_question(data) == Question("a", "r", Describe())


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b'{"v":2}', b'{"v":1}', b'{"v":1,"id":"a","room":"r","command":{}}']
    + [b'{"v":1,"id":"a","room":"r","command":3}', b"[" * 4_000],
)
def test_other_questions_are_refused(data: bytes) -> None:
    with pytest.raises(BadMessage):
        read_question(data)


def test_a_reply_a_refusal_and_another_owner_are_told_apart() -> None:
    assert read_reply(write_reply(EndSession("", ""), None)) is None
    with pytest.raises(NotOwner):
        read_reply(write_not_owner())
    with pytest.raises(Exception, match="over") as refusal:
        read_reply(write_refusal(Gone(RefusalCode.ROOM_ENDED, "over")))
    assert not isinstance(refusal.value, RequestRefused)
    assert getattr(refusal.value, "status", 0) == 410


@pytest.mark.parametrize("data", [b"x", b'{"v":3,"reply":1}', b'{"v":1}', b'{"v":1,"refusal":{}}'])
def test_other_answers_are_refused(data: bytes) -> None:
    with pytest.raises(BadMessage):
        read_reply(data)
