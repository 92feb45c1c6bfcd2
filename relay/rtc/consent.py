"""Decides which of a peer's addresses may be sent what (RFC 7675). Pure; `now` in seconds.

A source address can be forged, and so can the nomination of an address by a peer that holds valid
credentials. Only an answer to a check of the server proves that an address agrees to receive,
because the answer repeats a random transaction ID that was sent to this address alone.
"""

from collections.abc import Callable
from typing import Final, Generic, TypeVar

EXPIRES: Final = 30.0
"""Time without an answer after which nothing more is sent to an address, seconds (RFC 7675
§5.1).
"""
EVERY: Final = 5.0
"""Usual time between two checks of the server to the address in use, seconds."""
SPREAD: Final = 0.2
"""Share by which the time between two checks varies at random."""
AGAIN: Final = 1.0
"""Time after which an unanswered check to the address in use is followed by another, seconds."""
UNPROVEN_AGAIN: Final = 0.3
"""Time after which an unanswered check to an unproven address is followed by another, seconds."""
UNPROVEN_FOR: Final = 2.0
"""Time after the last datagram of an unproven address for which anything is sent there, seconds."""
AMPLIFICATION: Final = 3
"""Number of bytes that may be sent to an unproven address for each byte received from there."""
CLAIM: Final = 5.0
"""Time after the last datagram of a proven address for which no other session may take the address,
seconds.
"""
SHORTEST_WAIT: Final = 0.02
MAX_PENDING: Final = 8
"""Maximum number of checks to one address whose answers are awaited."""


class CandidatePair:
    """One of the server's sockets and one of the peer's addresses (RFC 8445 §6.1.2.2)."""

    __slots__ = ("answered_at", "asked_at", "heard", "heard_at", "pending", "received", "sent")

    def __init__(self) -> None:
        self.heard = False
        """Whether a datagram has arrived since `heard_at` was last set. The UDP port sets only this
        flag, because reading a clock for every datagram costs more.
        """
        self.heard_at: float | None = None
        self.answered_at: float | None = None
        """When the peer last proved that it receives at this address."""
        self.asked_at: float | None = None
        self.received = 0
        """Bytes of checks and of handshakes received."""
        self.sent = 0
        """Bytes sent while the pair was unproven."""
        self.pending: dict[bytes, float] = {}
        """When each unanswered check was sent, by transaction ID."""

    def proven(self, now: float) -> bool:
        """Whether the peer agreed within the last 30 s to receive at this address."""
        return self.answered_at is not None and now - self.answered_at < EXPIRES

    def silence(self, now: float) -> float:
        """Returns the time since the last datagram from this address, seconds."""
        if self.heard or self.heard_at is None:
            self.heard, self.heard_at = False, now
        return now - self.heard_at

    def claimed(self, now: float) -> bool:
        """Whether the address belongs to its session, so that no other session may take it.

        An address that was never proven can be taken: its datagrams may be forged.
        """
        return self.answered_at is not None and self.silence(now) < CLAIM


Pair = TypeVar("Pair", bound=CandidatePair)


class Consent(Generic[Pair]):
    """The candidate pairs of one session: which pair carries media, and which pairs must be asked
    for consent.
    """

    def __init__(
        self, chance: Callable[[], float], *, every: float = EVERY, media_suffices: bool = False
    ) -> None:
        """`chance`: returns a random number from 0 to 1, which varies the time between two checks.
        `every`: usual time between two checks, seconds. `media_suffices`: whether a peer that
        answers no check after the handshake consents by sending media. FFmpeg is such a publisher;
        it gets much less feedback than it sends.
        """
        self.selected: Pair | None = None
        """The pair that carries DTLS and media."""
        self._nominated: Pair | None = None
        self._every = every
        self._media_suffices = media_suffices
        self._chance = chance
        self._next = 0.0
        """When to ask the selected pair again."""
        self._connected = False
        self._answers = False
        """Whether the peer has answered a check since the handshake."""

    def receive_check(self, pair: Pair, size: int, now: float, *, nominated: bool) -> None:
        """Takes note of an authentic check of the peer. The session moves to a nominated pair only
        if the pair is proven.
        """
        self.receive_bytes(pair, size, now)
        if nominated:
            self._nominated = pair
        if self.selected is None or (nominated and pair.proven(now)):
            self.selected = pair

    def receive_bytes(self, pair: Pair, size: int, now: float) -> None:
        """Takes note of a datagram of the peer, which allows an answer to an unproven address."""
        pair.heard, pair.heard_at = False, now
        pair.received += size

    def receive_answer(self, pair: Pair, transaction: bytes, now: float) -> float | None:
        """Takes note of an authentic answer, which proves the pair. Returns the round trip time,
        seconds; None if no check with this transaction ID was sent on this pair.
        """
        asked_at = pair.pending.pop(transaction, None)
        if asked_at is None:
            return None
        pair.heard, pair.heard_at = False, now
        selected = self.selected
        if pair is self._nominated or selected is None or not selected.proven(now):
            self.selected = pair
        pair.answered_at = now
        self._answers = self._answers or self._connected
        if pair is self.selected:
            self._next = now + self._every * (1 + SPREAD * (2 * self._chance() - 1))
        return now - asked_at

    def complete_handshake(self, now: float) -> None:
        """Takes note that the DTLS handshake is complete. The handshake proves the selected pair:
        the peer has repeated random bytes that were sent there.
        """
        self._connected = True
        self._next = now + self._every * (1 + SPREAD * (2 * self._chance() - 1))
        if self.selected is not None:
            self.selected.answered_at = now

    def forgive(self, seconds: float) -> None:
        """Takes note that the process was paused, so that it asked nothing for this time."""
        if self.selected is not None and self.selected.answered_at is not None:
            self.selected.answered_at += seconds

    def forget(self) -> None:
        """Drops all pairs, because the session is closed."""
        self.selected = self._nominated = None

    def may_send(self, pair: Pair, size: int, now: float) -> bool:
        """Whether `size` bytes may be sent on this pair. If so, the caller must send them."""
        if pair.proven(now):
            return True
        if pair.sent + size > AMPLIFICATION * pair.received or pair.silence(now) > UNPROVEN_FOR:
            return False
        pair.sent += size
        return True

    def must_prove(self, pair: Pair, now: float) -> bool:
        """Whether an unproven pair must be asked now."""
        return (
            not pair.proven(now)
            and (pair.asked_at is None or now - pair.asked_at >= UNPROVEN_AGAIN)
            and pair.silence(now) <= UNPROVEN_FOR
        )

    def due(self, now: float) -> list[Pair]:
        """Returns the pairs to ask now."""
        selected, nominated = self.selected, self._nominated
        due = []
        if selected is not None and selected.proven(now) and now >= self._next:
            due.append(selected)
        for pair in (selected, nominated):
            if pair is not None and pair not in due and self.must_prove(pair, now):
                due.append(pair)
        return due

    def ask(self, pair: Pair, transaction: bytes, now: float) -> None:
        """Takes note that a check with this transaction ID is sent on this pair."""
        pair.asked_at = now
        if len(pair.pending) >= MAX_PENDING:
            del pair.pending[next(iter(pair.pending))]
        pair.pending[transaction] = now
        if pair is self.selected:
            self._next = now + min(AGAIN, self._every)

    def wait(self, now: float) -> float:
        """Returns the time until a pair may be due, seconds."""
        selected, nominated = self.selected, self._nominated
        for pair in (selected, nominated):
            if pair is not None and not pair.proven(now) and pair.silence(now) <= UNPROVEN_FOR:
                return UNPROVEN_AGAIN
        if selected is None or not selected.proven(now):
            return AGAIN
        return max(SHORTEST_WAIT, self._next - now)

    def expired(self, now: float) -> bool:
        """Whether the peer no longer agrees to receive media. Valid after the handshake."""
        selected = self.selected
        if selected is None or selected.proven(now):
            return False
        by_media = self._media_suffices and not self._answers
        return not by_media or selected.silence(now) >= EXPIRES
