"""Which packets of a source are missing, and when to ask for them again. Pure; `now` in seconds."""

from dataclasses import dataclass

from relay.rtc.roundtrip import RoundTrip

MAX_NACKS = 128
"""Packets asked for at one time."""
MAX_PATIENCE = 0.02
"""Seconds that a first request waits at most on a path that delivers out of order."""


@dataclass(slots=True)
class _Gap:
    since: float
    asked: float | None = None
    times: int = 0


class Gaps:
    """The missing packets, by unwrapped sequence number, oldest first."""

    def __init__(self, round_trip: RoundTrip) -> None:
        self._round_trip = round_trip
        self._gaps: dict[int, _Gap] = {}
        self._patience = 0.0
        """Seconds before the first request: how late stragglers of late came by themselves."""

    def __bool__(self) -> bool:
        return bool(self._gaps)

    def __len__(self) -> int:
        return len(self._gaps)

    def add(self, first: int, behind: int, now: float) -> None:
        """From `first` on, before `behind`, nothing has arrived."""
        for missing in range(first, behind):
            self._gaps[missing] = _Gap(now)

    def fill(self, sequence: int, now: float, *, resent: bool) -> bool:
        """The packet has arrived, sent again or merely late. Returns whether it was missing."""
        gap = self._gaps.pop(sequence, None)
        if gap is None:
            return False
        if not resent:
            self._patience = min(MAX_PATIENCE, max(self._patience, now - gap.since))
        elif (
            gap.times == 1 and gap.asked is not None
        ):  # which of several requests was answered cannot be told
            self._round_trip.add(now - gap.asked)
            self._patience *= 0.9
        return True

    def nacks(self, now: float) -> list[int]:
        """16-bit sequence numbers to ask for now (RFC 4585 §6.2.1), in order; each comes again
        after a round trip.
        """
        wanted = []
        retry = self._round_trip.retry
        for sequence, gap in self._gaps.items():
            if now - gap.since >= self._patience if gap.asked is None else now - gap.asked >= retry:
                gap.asked = now
                gap.times += 1
                wanted.append(sequence & 0xFFFF)
                if len(wanted) == MAX_NACKS:
                    break
        return wanted

    def overdue(self, now: float) -> bool:
        """Whether the oldest has been missing for longer than is worth waiting."""
        return (
            bool(self._gaps)
            and now - next(iter(self._gaps.values())).since >= self._round_trip.deadline
        )

    def give_up(self, before: int) -> int:
        """Gives up everything before that number; returns how many packets that was."""
        given_up = [sequence for sequence in self._gaps if sequence < before]
        for sequence in given_up:
            del self._gaps[sequence]
        return len(given_up)

    def clear(self) -> None:
        self._gaps.clear()
