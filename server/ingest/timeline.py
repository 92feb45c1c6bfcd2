"""RTP timestamps to media time. Pure: timestamps and `now` (seconds, any steady clock) in, ticks
out.

Each track counts from a random number in its own clock. Sender reports (RFC 3550 §6.4.1) say which
moment of the sender's clock a timestamp is, and so put both tracks on one clock; until they come, a
track is placed by the arrival of its fastest packets, which is off by its encoding delay only.

Sound leads: it is laid end to end, since a gap or an overlap can be heard and stops some players,
and the picture follows whatever that does to the clock. So the two clocks of a creator may drift
without the two tracks drifting apart.
"""

from dataclasses import dataclass

from relay.sample import TIMESCALE, Track

DRIFT = 1e-4
"""By how much a minimum may rise, seconds per second: more than any crystal drifts, far less than a
network delays.
"""
SLEW = 0.004
"""Seconds by which one picture may move when the clocks turn out to stand differently."""
JUMP = 0.5
"""Seconds from which a difference is taken at once."""
IMPOSSIBLE = 0.3
"""Seconds by which a packet may seem faster than every one before it; beyond that its timestamps
jumped.
"""
REANCHOR = 0.1
"""Seconds that the sound may stand off its clock before it is laid anew."""
DISAGREE = 0.15
"""Seconds by which two reports in a row may put a timestamp at different moments. GStreamer's
(webrtcbin 1.22) count twice as fast as its packets.
"""
PAUSE, BEHIND, STRAGGLERS = 1.0, 0.5, 2
"""Seconds without sound after which its timestamps may go on from anywhere, by how much they then
fell behind the clock, and how many packets may do that because they were on their way during the
pause. Chromium's timestamps stand still while no track is being sent, though its reports count on.
"""


class RisingMinimum:
    """The least value seen, allowed to rise slowly so that a drifting clock is followed."""

    def __init__(self) -> None:
        self.value: float | None = None
        self._at = 0.0

    def add(self, value: float, now: float) -> float:
        if self.value is None:
            self.value = value
        else:
            self.value = min(value, self.value + DRIFT * max(0.0, now - self._at))
        self._at = now
        return self.value


@dataclass(frozen=True, slots=True)
class Stamp:
    """Where a sample belongs."""

    ticks: int
    """Media time in the track's timescale."""
    captured: float
    """When the lens or microphone took it, on the clock that `now` is of."""
    estimated: bool
    """No sender report yet: `captured` is the arrival of the fastest packets."""


class _TrackClock:
    """One track's timestamps on the steady clock of the server."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.report: tuple[float, int] | None = None
        """Sender's clock (seconds) and unwrapped timestamp of the last sender report that is
        believed.
        """
        self.heard: tuple[float, int] | None = None
        """The same of the last one, believed or not."""
        self.arrival = RisingMinimum()
        self._arrived: float | None = None
        self._behind = -1
        """Packets behind the clock since a pause; negative where there was none."""
        self._last: int | None = None

    def unwrap(self, timestamp: int) -> int:
        """A 32-bit timestamp, or one unwrapped elsewhere, on this track's endless count."""
        if self._last is None:
            self._last = timestamp
            return timestamp
        step = (timestamp - self._last + 0x80000000 & 0xFFFFFFFF) - 0x80000000
        unwrapped = self._last + step
        self._last = max(self._last, unwrapped)
        return unwrapped

    def fell_behind(self, lateness: float, arrived: float) -> bool:
        """Whether the timestamps of a track that paused do not go on as before. `lateness`: of the
        packet that came now.
        """
        if self._arrived is not None and arrived - self._arrived >= PAUSE:
            self._behind = 0
        self._arrived = arrived
        if lateness <= BEHIND:
            self._behind = -1
        elif self._behind >= 0:
            self._behind += 1
        return self._behind > STRAGGLERS

    def forget(self) -> None:
        """The timestamps do not go on as before: back to arrival, until the next sender report."""
        self.report = self.heard = None
        self.arrival = RisingMinimum()
        self._behind = -1

    def take(self, sender_clock: float, at: int) -> bool:
        """A sender report: believed if it agrees with the one before it. Otherwise packets are
        placed by their arrival until two agree.
        """
        before, self.heard = self.heard, (sender_clock, at)
        agrees = (
            before is None
            or abs((at - before[1]) / self.rate - (sender_clock - before[0])) <= DISAGREE
        )
        self.report = self.heard if agrees else None
        return agrees

    def sender_time(self, timestamp: int) -> float | None:
        if self.report is None:
            return None
        clock, at = self.report
        return clock + (timestamp - at) / self.rate


class Timeline:
    """The clock of one session.

    `start` is the media time, in µs, at which the session begins: the stream's time goes on where
    the absence ended.
    """

    def __init__(self, start: int) -> None:
        self._start = start / 1_000_000
        self._clocks = {track: _TrackClock(TIMESCALE[track]) for track in Track}
        self._transit = RisingMinimum()
        """Arrival minus sender's clock of the fastest packet: network, encoder and the clocks'
        difference.
        """
        self._offset = RisingMinimum()
        """Arrival minus sender's clock of the fastest sender report: network and the clocks'
        difference.
        """
        self.round_trip = 0.0
        """Seconds, the least seen; half of it is taken off the offset. Set by whoever measures
        it.
        """
        self._origin: float | None = None
        """Moment of the steady clock at which media time is `start`."""
        self._sound_base: int | None = None
        """Media ticks of sound timestamp 0."""
        self._lead = 0.0
        """How far the sound, laid end to end, stands from its clock; the picture is moved by the
        same.
        """
        self._shift: float | None = None
        self._last_dts = -1

    def report(self, track: Track, sender_clock: float, timestamp: int, now: float) -> None:
        """A sender report that arrived now: `timestamp` (32 bits) is the moment `sender_clock`
        (seconds).
        """
        clock = self._clocks[track]
        at = clock.unwrap(timestamp)
        if not clock.take(sender_clock, at):
            return
        self._offset.add(now - sender_clock, now)
        if clock.arrival.value is None:
            return
        # The fastest packet so far counts from now on as well: else one late packet behind the
        # first report would move everything.
        fastest = clock.arrival.value + at / clock.rate - sender_clock
        if self._transit.value is None or fastest > self._transit.value - IMPOSSIBLE:
            self._transit.add(fastest, now)
        else:
            clock.arrival = (
                RisingMinimum()
            )  # that packet's timestamp was of another count than this report's

    def forget(self, track: Track) -> None:
        """Another source goes on in this track: its timestamps have nothing to do with those
        before.
        """
        self._clocks[track].forget()
        if track is Track.AUDIO:
            self._sound_base = None

    def frame(self, timestamp: int, arrived: float) -> Stamp:
        """Places an access unit; ticks are strictly ascending."""
        clock = self._clocks[Track.VIDEO]
        unwrapped = clock.unwrap(timestamp)
        place, captured, estimated = self._place(clock, unwrapped, arrived)
        ideal = place + self._lead
        smooth = unwrapped / clock.rate
        wanted = ideal - smooth
        if self._shift is None or abs(wanted - self._shift) > JUMP:
            self._shift = wanted
        else:
            self._shift += max(-SLEW, min(SLEW, wanted - self._shift))
        ticks = max(round((smooth + self._shift) * clock.rate), self._last_dts + 1)
        self._last_dts = ticks
        return Stamp(ticks, captured, estimated)

    def sound(self, timestamp: int, arrived: float) -> Stamp:
        """Places an audio packet. Packets with consecutive timestamps are exactly end to end."""
        clock = self._clocks[Track.AUDIO]
        unwrapped = clock.unwrap(timestamp)
        if clock.fell_behind(self._lateness(clock, unwrapped, arrived), arrived):
            clock.forget()
        place, captured, estimated = self._place(clock, unwrapped, arrived)
        if (
            self._sound_base is None
            or abs((unwrapped + self._sound_base) / clock.rate - place) > REANCHOR
        ):
            self._sound_base = round(place * clock.rate) - unwrapped
        ticks = unwrapped + self._sound_base
        self._lead = ticks / clock.rate - place
        return Stamp(ticks, captured, estimated)

    def media_now(self, now: float) -> float:
        """Media time in seconds of what would arrive now from a sender without jitter; `start`
        before anything came.
        """
        if self._origin is None:
            return self._start
        return now - self._origin + self._start + self._lead

    def captured_now(self, now: float) -> Stamp:
        """A stamp for sound made here, now."""
        return Stamp(round(self.media_now(now) * TIMESCALE[Track.AUDIO]), now, True)

    def _lateness(self, clock: _TrackClock, timestamp: int, arrived: float) -> float:
        """By how much a packet came later than the fastest one, in seconds."""
        sent = clock.sender_time(timestamp)
        if sent is not None and self._transit.value is not None:
            return arrived - sent - self._transit.value
        return (
            0.0
            if clock.arrival.value is None
            else arrived - timestamp / clock.rate - clock.arrival.value
        )

    def _place(
        self, clock: _TrackClock, timestamp: int, arrived: float
    ) -> tuple[float, float, bool]:
        """Media seconds on the session's clock, capture on the server's clock, and whether that is
        estimated.
        """
        sent = clock.sender_time(timestamp)
        if (
            sent is not None
            and self._transit.value is not None
            and arrived - sent < self._transit.value - IMPOSSIBLE
        ):
            # Taken for true it would pull the other track along, into the past.
            clock.forget()
            sent = None
        by_arrival = timestamp / clock.rate + clock.arrival.add(
            arrived - timestamp / clock.rate, arrived
        )
        if sent is None or self._offset.value is None:
            moment = captured = by_arrival
        else:
            moment = sent + self._transit.add(arrived - sent, arrived)
            captured = min(arrived, sent + self._offset.value - self.round_trip / 2)
        if self._origin is None:
            self._origin = moment
        return moment - self._origin + self._start, captured, sent is None
