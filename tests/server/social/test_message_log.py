"""The messages in memory and the order in which messages are shown."""

import itertools
from dataclasses import replace

import pytest

from server.people.person import Person
from server.social.author import Role
from server.social.message import Message, Reply, State
from server.social.message_log import KEPT, MessageLog, Outgoing, removed, restored

MESSAGE = Message(1, "c-1", Person("p-1", "민지", 3), Role.GUEST, "hi", 10.0, 70)


def message(n: int, **values: object) -> Message:
    return replace(MESSAGE, n=n, id=f"c-{n}", **values)  # type: ignore[arg-type]


def numbers(messages: list[Message] | None) -> list[int] | None:
    return None if messages is None else [message.n for message in messages]


def log_of(*messages: Message, complete: bool = True) -> MessageLog:
    return MessageLog(messages, complete=complete)


def test_pages_of_a_complete_log() -> None:
    log = log_of(*(message(n) for n in range(1, 8)))
    log.change([3, 99], lambda message: removed(message, "p-9", 20.0))
    assert numbers(log.before(8, 3)) == [5, 6, 7]
    assert numbers(log.before(5, 9)) == [1, 2, 4]
    assert numbers(log.after(2, 2)) == [4, 5]
    assert numbers(log.after(0, 99)) == [1, 2, 4, 5, 6, 7]
    assert numbers(log.after(7, 2)) == [] and numbers(log.before(1, 5)) == []
    found = log.get(3)
    assert found and (found.state, found.removed_by, found.removed_at) == (
        State.REMOVED,
        "p-9",
        20.0,
    )
    log.change([3], restored)
    assert log.get(3) == message(3)


def test_an_incomplete_log_says_what_it_does_not_know() -> None:
    log = log_of(*(message(n) for n in (11, 12, 13)), complete=False)
    assert log.first == 11
    assert numbers(log.before(14, 3)) == [11, 12, 13] and numbers(log.before(14, 4)) is None
    assert numbers(log.after(10, 5)) == [11, 12, 13] and numbers(log.after(9, 5)) is None


def test_only_the_last_messages_are_kept() -> None:
    log = log_of(*(message(n) for n in range(1, KEPT + 3)))
    assert log.first == 3 and log.get(2) is None and log.find("p-1", "c-2") is None
    assert log.find("p-1", "c-3") == message(3) and log.find("p-2", "c-3") is None
    assert numbers(log.after(1, 5)) is None and numbers(log.after(2, 1)) == [3]


def test_held_messages_are_in_no_page() -> None:
    log = log_of(message(1, state=State.HELD), message(2))
    assert numbers(log.after(0, 5)) == numbers(log.before(9, 5)) == [2]


def test_a_deleted_person_is_forgotten() -> None:
    """This includes quotes in replies, and the entries that recognise a repeated message."""
    quote = replace(message(3), person=Person("p-2", "Sam", 7), reply_to=Reply(1, "민지", "hi"))
    log = log_of(message(1, state=State.HELD), message(2), quote)
    assert log.forget_person("p-1") == [1, 2]
    assert "p-1" not in str(vars(log)) and "민지" not in str(vars(log))
    assert log.forget_person("p-1") == []


def test_a_late_message_gets_its_place() -> None:
    log = log_of(message(1), message(3))
    log.insert(message(2))
    assert numbers(log.after(0, 5)) == [1, 2, 3] and log.find("p-1", "c-2") == message(2)


@pytest.mark.parametrize("order", list(itertools.permutations((1, 2, 3, 4))))
def test_messages_are_shown_in_order(order: tuple[int, ...]) -> None:
    """The order in which they are stored does not matter. A message that was not stored delays no
    other message.
    """
    outgoing = Outgoing()
    for n in (1, 2, 3, 4):
        outgoing.open(n)
    shown = [ready.n for n in order for ready in outgoing.settle(n, None if n == 2 else message(n))]
    assert shown == [1, 3, 4]
    assert outgoing.settle(4, message(4)) == []
