"""The last messages of a room in memory, and the order in which new messages are shown. Pure."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from server.people.person import ANONYMOUS
from server.social.author import Role
from server.social.message import Message, Reply, State

KEPT = 200
"""Number of messages that a room keeps in memory."""


class MessageLog:
    """The last KEPT messages of a room, including removed and held messages."""

    def __init__(self, messages: Iterable[Message] = (), *, complete: bool = True) -> None:
        """`messages`: the last messages in order. `complete`: whether the room has no earlier
        messages.
        """
        self._messages: OrderedDict[int, Message] = OrderedDict()
        self._numbers: dict[tuple[str, str], int] = {}
        self._complete = complete
        for message in messages:
            self.add(message)

    @property
    def first(self) -> int:
        """The lowest number from which on all messages are in memory."""
        if self._complete:
            return 0
        return next(iter(self._messages), 0)

    def add(self, message: Message) -> None:
        """Adds a message with a number above all others."""
        self._messages[message.n] = message
        self._numbers[message.person.id, message.id] = message.n
        while len(self._messages) > KEPT:
            _, oldest = self._messages.popitem(last=False)
            self._numbers.pop((oldest.person.id, oldest.id), None)
            self._complete = False

    def insert(self, message: Message) -> None:
        """Adds a message between earlier and later messages, in the order of the numbers."""
        messages = sorted((*self._messages.values(), message), key=lambda other: other.n)
        self._messages = OrderedDict((other.n, other) for other in messages)
        self._numbers[message.person.id, message.id] = message.n

    def get(self, n: int) -> Message | None:
        return self._messages.get(n)

    def find(self, person: str, client_id: str) -> Message | None:
        """Returns the message that the person sent with this id."""
        number = self._numbers.get((person, client_id))
        return None if number is None else self._messages.get(number)

    def change(self, numbers: Iterable[int], change: Callable[[Message], Message]) -> None:
        """Replaces each of these messages with the result of `change`. Ignores numbers of messages
        that are not in memory.
        """
        for number in numbers:
            if message := self._messages.get(number):
                self._messages[number] = change(message)

    def forget_person(self, person: str) -> list[int]:
        """Removes the author and the text from the messages of a deleted person. Also removes the
        quotations of these messages in replies. Returns the numbers of the messages.
        """
        numbers = {n for n, message in self._messages.items() if message.person.id == person}
        for n in numbers:
            self._numbers.pop((person, self._messages[n].id), None)
        self.change(numbers, forgotten)
        self.hide_quotes(numbers)
        return sorted(numbers)

    def hide_quotes(self, numbers: Iterable[int]) -> None:
        """Removes the quotations of the messages with these numbers from all replies."""
        self._quote({n: Reply(n, "", "") for n in numbers})

    def show_quote(self, reply: Reply) -> None:
        """Puts the quotation `reply` into all replies to the quoted message."""
        self._quote({reply.n: reply})

    def _quote(self, quotes: Mapping[int, Reply]) -> None:
        for n, message in self._messages.items():
            if message.reply_to and (quote := quotes.get(message.reply_to.n)):
                self._messages[n] = replace(message, reply_to=quote)

    def before(self, n: int, limit: int) -> list[Message] | None:
        """Returns the last `limit` shown messages with numbers below `n`, in order. Returns None if
        not all of them are in memory.
        """
        found: list[Message] = []
        for number, message in reversed(self._messages.items()):
            if number < n and message.state is State.SHOWN:
                found.append(message)
                if len(found) == limit:
                    return found[::-1]
        return found[::-1] if self._complete else None

    def after(self, n: int, limit: int) -> list[Message] | None:
        """Returns the first `limit` shown messages with numbers above `n`, in order. Returns None
        if not all of them are in memory.
        """
        if n + 1 < self.first:
            return None
        shown = (
            message
            for number, message in self._messages.items()
            if number > n and message.state is State.SHOWN
        )
        return [message for message, _ in zip(shown, range(limit), strict=False)]


def removed(message: Message, by: str, at: float) -> Message:
    return replace(message, state=State.REMOVED, removed_by=by, removed_at=at)


def restored(message: Message) -> Message:
    return replace(message, state=State.SHOWN, removed_by=None, removed_at=None)


def forgotten(message: Message) -> Message:
    return replace(
        message, person=ANONYMOUS, role=Role.GUEST, id="", text="", reply_to=None, mentions=()
    )


class Outgoing:
    """Shows messages in the order of their numbers, even if the messages were stored in another
    order.
    """

    def __init__(self) -> None:
        self._settled: OrderedDict[int, Message | None] = OrderedDict()
        self._open: OrderedDict[int, None] = OrderedDict()

    def open(self, n: int) -> None:
        """Announces a message that is about to be stored. `n` is above all earlier numbers."""
        self._open[n] = None

    def recover(self, message: Message) -> bool:
        """Takes a message that was stored, although the attempt to store it has reported a failure.
        Returns whether the message still waits for earlier messages. In this case, the message is
        shown after the earlier messages.
        """
        if message.n not in self._settled:
            return False
        self._settled[message.n] = message
        return True

    def settle(self, n: int, message: Message | None) -> list[Message]:
        """Takes the result of an attempt to store the message `n`. `message`: None if the attempt
        failed. Returns the messages that can be shown now, in order.
        """
        if n not in self._open:
            return []
        self._settled[n] = message
        ready: list[Message] = []
        while self._open:
            first = next(iter(self._open))
            if first not in self._settled:
                break
            del self._open[first]
            if shown := self._settled.pop(first):
                ready.append(shown)
        return ready
