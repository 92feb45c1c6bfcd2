"""Compares the messages that people sent with the messages that a restarted server shows. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Shown:
    """A message in the history of a room."""

    number: int
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Findings:
    """Ids of messages with a fault in the history."""

    lost: tuple[str, ...] = ()
    """Acknowledged messages that are missing."""
    twice: tuple[str, ...] = ()
    """Messages that occur more than once, or have the number of another message."""
    changed: tuple[str, ...] = ()
    """Messages whose number or text differs from the acknowledgement, or that were never sent."""


@dataclass(slots=True)
class Ledger:
    """The messages that were sent, by id."""

    sent: dict[str, str] = field(default_factory=dict)
    """Text of each message."""
    acknowledged: dict[str, int] = field(default_factory=dict)
    """Number of each message that the server has acknowledged."""

    @property
    def uncertain(self) -> list[str]:
        """The messages that got no answer. The authors send these messages again."""
        return [name for name in self.sent if name not in self.acknowledged]

    def compare(self, history: Iterable[Shown]) -> Findings:
        """Compares the whole history of the room with the sent messages."""
        shown = list(history)
        ids = Counter(message.id for message in shown)
        numbers = Counter(message.number for message in shown)
        return Findings(
            tuple(name for name in self.acknowledged if name not in ids),
            tuple(
                sorted(
                    {
                        message.id
                        for message in shown
                        if ids[message.id] > 1 or numbers[message.number] > 1
                    }
                )
            ),
            tuple(
                message.id
                for message in shown
                if message.text != self.sent.get(message.id)
                or message.number != self.acknowledged.get(message.id, message.number)
            ),
        )
