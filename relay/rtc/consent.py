"""Decides what the server may send to each address of a peer (RFC 7675). Pure; `now` in seconds.

A peer with valid credentials can forge the source address of a datagram, and so direct the server's
media to a stranger. Therefore each address must be proven. An address is proven when it answers a
connectivity check that the server sent: the answer repeats a random transaction ID, which the
server sent to this address only.
"""

from collections.abc import Callable
from typing import Final, Generic, TypeVar

EXPIRES: Final = 30.0
"""Time after which the server sends nothing more to an address that answers no connectivity check,
seconds (RFC 7675 §5.1).
"""
EVERY: Final = 5.0
"""Mean time between two connectivity checks to the address in use, seconds."""
SPREAD: Final = 0.2
"""Maximum random deviation of the time between two checks, as a fraction of the mean time."""
AGAIN: Final = 1.0
"""Time until an unanswered connectivity check to the address in use is repeated, seconds."""
UNPROVEN_AGAIN: Final = 0.3
"""Time until an unanswered connectivity check to an unproven address is repeated, seconds."""
UNPROVEN_FOR: Final = 2.0
"""Time without a datagram after which the server sends nothing more to an unproven address,
seconds.
"""
AMPLIFICATION: Final = 3
"""Maximum number of bytes sent to an unproven address for each byte received from the address."""
LEFT_AFTER: Final = 0.2
"""Time without a datagram after which a peer that has restarted ICE has probably left the pair in
use, seconds.
"""
CLAIM: Final = 5.0
"""Time without a datagram after which another session may take over a proven address, seconds."""
SHORTEST_WAIT: Final = 0.02
MAX_PENDING: Final = 8
"""Maximum number of unanswered connectivity checks remembered for one address."""


class CandidatePair:
    """One of the server's sockets and one of the peer's addresses (RFC 8445 §6.1.2.2)."""

    __slots__ = ("answered_at", "asked_at", "heard", "heard_at", "pending", "received", "sent")

    def __init__(self) -> None:
        self.heard = False
        """Whether a datagram has arrived since `heard_at` was set. The UDP port only sets this flag
        for each datagram, because a flag costs less than reading the clock.
        """
        self.heard_at: float | None = None
        """Arrival time of the last datagram, in seconds."""
        self.answered_at: float | None = None
        """Time of the last answer that proves the address, in seconds."""
        self.asked_at: float | None = None
        """Time of the last connectivity check that the server sent, in seconds."""
        self.received = 0
        """Number of bytes received in STUN and DTLS datagrams. While the address is unproven, this
        number limits how much the server sends.
        """
        self.sent = 0
        """Number of bytes sent while the address was unproven."""
        self.pending: dict[bytes, float] = {}
        """Time at which each unanswered connectivity check was sent, by transaction ID."""

    def proven(self, now: float) -> bool:
        """Whether the address was proven within the last 30 s."""
        return self.answered_at is not None and now - self.answered_at < EXPIRES

    def silence(self, now: float) -> float:
        """Returns the time since the last datagram from this address, seconds."""
        if self.heard or self.heard_at is None:
            self.heard, self.heard_at = False, now
        return now - self.heard_at

    def claimed(self, now: float) -> bool:
        """Whether the address is reserved for this session: no other session may take it over. An
        address that was never proven is not reserved, because its datagrams may be forged.
        """
        return self.answered_at is not None and self.silence(now) < CLAIM


Pair = TypeVar("Pair", bound=CandidatePair)


class Consent(Generic[Pair]):
    """Selects, for one session, the candidate pair that carries media. Also decides on which pairs
    the server must send a connectivity check.
    """

    def __init__(
        self, chance: Callable[[], float], *, every: float = EVERY, media_suffices: bool = False
    ) -> None:
        """`chance`: returns a random number from 0 to 1. `every`: mean time between two
        connectivity checks that the server sends, seconds.

        `media_suffices`: whether received media counts as consent if the peer answers no check
        after the handshake. FFmpeg answers no check. Such consent is safe for a publisher, because
        the server sends a publisher much less data than the publisher sends.
        """
        self.selected: Pair | None = None
        """The pair that carries DTLS and media."""
        self.nominated: Pair | None = None
        """The pair on which the peer requested media last."""
        self._doubted = False
        """Whether the peer has restarted ICE and nominated no proven pair since then."""
        self._spare: Pair | None = None
        """The pair that was proven last, other than the selected one, while that one is doubted."""
        self._every = every
        self._media_suffices = media_suffices
        self._chance = chance
        self._next = 0.0
        """Time of the next connectivity check on the selected pair, in seconds."""
        self._connected = False
        self._answers = False
        """Whether the peer has answered a check since the handshake."""

    def receive_check(self, pair: Pair, size: int, now: float, *, nominated: bool) -> None:
        """Takes an authentic connectivity check that the peer sent. The first pair is selected at
        once. A nominated pair replaces the selected pair only if the nominated pair is proven.
        """
        self.receive_bytes(pair, size, now)
        if nominated:
            self.nominated = pair
        if self.selected is None or (nominated and pair.proven(now)):
            self._select(pair)

    def receive_bytes(self, pair: Pair, size: int, now: float) -> None:
        """Counts the bytes of a received datagram. While an address is unproven, the number of
        bytes received from it limits how much the server may send to it.
        """
        pair.heard, pair.heard_at = False, now
        pair.received += size

    def receive_answer(self, pair: Pair, transaction: bytes, now: float) -> float | None:
        """Takes an authentic answer to a connectivity check that the server sent; the answer proves
        the pair. Returns the round trip time, seconds; None if the server sent no connectivity
        check with this transaction ID on this pair.
        """
        asked_at = pair.pending.pop(transaction, None)
        if asked_at is None:
            return None
        pair.heard, pair.heard_at = False, now
        selected = self.selected
        if pair is self.nominated or selected is None or not selected.proven(now):
            self._select(pair)
        elif self._doubted and pair is not selected:
            self._spare = pair
        pair.answered_at = now
        self._answers = self._answers or self._connected
        if pair is self.selected:
            self._next = now + self._interval()
        return now - asked_at

    def complete_handshake(self, now: float) -> None:
        """Records that the DTLS handshake is complete. The handshake proves the selected pair,
        because the peer has answered random bytes that the server sent on this pair.
        """
        self._connected = True
        self._next = now + self._interval()
        if self.selected is not None:
            self.selected.answered_at = now

    def doubt(self, now: float) -> None:
        """Records that the peer restarts ICE, most likely because its network has changed. If
        nothing more arrives on the selected pair, any pair that is proven from now on replaces it.
        Browsers may need seconds to nominate one (RFC 8445 §12.1.2 does not require to wait).
        """
        self._doubted, self._spare = True, None
        if self.selected is not None:
            self.selected.silence(now)  # only datagrams from now on count

    def leave_silent(self, now: float) -> None:
        """Replaces the selected pair if the peer has left it."""
        selected, spare = self.selected, self._spare
        if spare is None or selected is None:
            return
        if not spare.proven(now):
            self._spare = None
        elif selected.silence(now) >= LEFT_AFTER:
            self._select(spare)
            self._next = now + self._interval()

    def _select(self, pair: Pair) -> None:
        self.selected = pair
        self._doubted, self._spare = False, None

    def _interval(self) -> float:
        """Returns the time until the next connectivity check on the selected pair, seconds."""
        return self._every * (1 + SPREAD * (2 * self._chance() - 1))

    def forgive(self, seconds: float) -> None:
        """Records that the process was paused for `seconds` and could send no connectivity checks.
        The peer could not answer during this time, so the time does not count towards EXPIRES.
        """
        if self.selected is not None and self.selected.answered_at is not None:
            self.selected.answered_at += seconds

    def forget(self) -> None:
        """Drops all pairs, because the session is closed."""
        self.selected = self.nominated = self._spare = None

    def may_send(self, pair: Pair, size: int, now: float) -> bool:
        """Whether a datagram of `size` bytes may be sent on this pair. If the result is True, the
        caller must send the datagram, because its bytes are counted.
        """
        if pair.proven(now):
            return True
        if pair.sent + size > AMPLIFICATION * pair.received or pair.silence(now) > UNPROVEN_FOR:
            return False
        pair.sent += size
        return True

    def must_prove(self, pair: Pair, now: float) -> bool:
        """Whether the server must send a connectivity check on this pair now to prove the pair."""
        return (
            not pair.proven(now)
            and (pair.asked_at is None or now - pair.asked_at >= UNPROVEN_AGAIN)
            and pair.silence(now) <= UNPROVEN_FOR
        )

    def due(self, now: float) -> list[Pair]:
        """Returns the pairs on which the server must send a connectivity check now."""
        selected, nominated = self.selected, self.nominated
        due = []
        if selected is not None and selected.proven(now) and now >= self._next:
            due.append(selected)
        for pair in (selected, nominated):
            if pair is not None and pair not in due and self.must_prove(pair, now):
                due.append(pair)
        return due

    def ask(self, pair: Pair, transaction: bytes, now: float) -> None:
        """Records that the server sends a connectivity check with this transaction ID."""
        pair.asked_at = now
        if len(pair.pending) >= MAX_PENDING:
            del pair.pending[next(iter(pair.pending))]
        pair.pending[transaction] = now
        if pair is self.selected:
            self._next = now + min(AGAIN, self._every)

    def wait(self, now: float) -> float:
        """Returns the time until a connectivity check may be due, or until the selected pair may
        count as silent, seconds.
        """
        selected, nominated = self.selected, self.nominated
        if self._spare is not None:
            return LEFT_AFTER
        for pair in (selected, nominated):
            if pair is not None and not pair.proven(now) and pair.silence(now) <= UNPROVEN_FOR:
                return UNPROVEN_AGAIN
        if selected is None or not selected.proven(now):
            return AGAIN
        return max(SHORTEST_WAIT, self._next - now)

    def expired(self, now: float) -> bool:
        """Whether the peer's consent to receive media has expired. Call this method only after the
        handshake.
        """
        selected = self.selected
        if selected is None or selected.proven(now):
            return False
        by_media = self._media_suffices and not self._answers
        return not by_media or selected.silence(now) >= EXPIRES
