"""Converts RTP timestamps to media time. Pure: timestamps and `now` (seconds, any steady clock) in,
ticks out.

The timestamps of each track start at a random number and follow their own clock. A sender report
(RFC 3550 §6.4.1) maps a timestamp to the sender's clock, which is common to both tracks. Before the
first report a track is placed by the arrival of its fastest packets; the error is its encoding
delay.

Audio has priority: its packets are placed end to end, because a gap or an overlap is audible and
stops some players, and the video is shifted by the same amount. So the tracks stay together even if
the publisher's two clocks drift apart.
"""

from dataclasses import dataclass

from relay.sample import TIMESCALE, Track

DRIFT = 1e-4
"""Maximum rate at which a minimum rises, in seconds per second. It exceeds the drift of any
crystal, and is far below the jitter of a network.
"""
SLEW = 0.004
"""Maximum correction for one frame, in seconds, when the estimate of the clocks changes."""
JUMP = 0.5
"""Corrections of at least this many seconds are applied at once."""
IMPOSSIBLE = 0.3
"""Maximum seconds by which a packet may be faster than all earlier ones. A larger difference means
that its timestamps have jumped.
"""
REANCHOR = 0.1
"""If the audio deviates from its clock by this many seconds, its position is computed again."""
DISAGREE = 0.15
"""Maximum seconds by which two consecutive reports may differ. In the sender reports of GStreamer
(webrtcbin 1.22) timestamps run twice as fast as in its packets.
"""
PAUSE, BEHIND, STRAGGLERS = 1.0, 0.5, 2
"""After PAUSE seconds without audio, timestamps may resume at any value. They have if more than
STRAGGLERS packets are BEHIND seconds late; fewer may be late packets from before the pause.
Chromium's packet timestamps stand still while no track is sent, but those of its reports continue.
"""


class RisingMinimum:
    """The minimum of all values so far. It may rise slowly, to follow a drifting clock."""

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
    """The place of a sample in time."""

    ticks: int
    """Media time in the track's timescale."""
    captured: float
    """When the camera or microphone recorded it, on the same clock as `now`."""
    estimated: bool
    """There is no sender report: `captured` is derived from the arrival of the fastest packets."""


class _TrackClock:
    """Maps one track's timestamps to the server's steady clock."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.report: tuple[float, int] | None = None
        """Sender's clock (seconds) and unwrapped timestamp in the last accepted sender report."""
        self.heard: tuple[float, int] | None = None
        """The same values of the last sender report, accepted or not."""
        self.arrival = RisingMinimum()
        self._arrived: float | None = None
        self._behind = -1
        """Number of late packets since a pause; -1 if there was no pause."""
        self._last: int | None = None

    def unwrap(self, timestamp: int) -> int:
        """Unwraps a 32-bit timestamp. Also accepts an unwrapped one."""
        if self._last is None:
            self._last = timestamp
            return timestamp
        step = (timestamp - self._last + 0x80000000 & 0xFFFFFFFF) - 0x80000000
        unwrapped = self._last + step
        self._last = max(self._last, unwrapped)
        return unwrapped

    def fell_behind(self, lateness: float, arrived: float) -> bool:
        """Whether the timestamps resumed at another value after a pause. `lateness`: by how many
        seconds the packet that arrived now is late.
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
        """The timestamps jumped: place packets by arrival until the next sender report."""
        self.report = self.heard = None
        self.arrival = RisingMinimum()
        self._behind = -1

    def take(self, sender_clock: float, at: int) -> bool:
        """Takes a sender report. Accepts it if it agrees with the one before; otherwise packets are
        placed by arrival until two reports agree.
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
    """The clock of one session. `start`: media time of its beginning, µs."""

    def __init__(self, start: int) -> None:
        self._start = start / 1_000_000
        self._clocks = {track: _TrackClock(TIMESCALE[track]) for track in Track}
        self._transit = RisingMinimum()
        """Arrival minus sender's clock of the fastest packet: the delays of network and encoder,
        plus the difference of the clocks.
        """
        self._offset = RisingMinimum()
        """Arrival minus sender's clock of the fastest sender report: the delay of the network plus
        the difference of the clocks.
        """
        self.round_trip = 0.0
        """The shortest round trip measured, in seconds. The owner sets it; half of it is subtracted
        from the offset.
        """
        self._origin: float | None = None
        """Time on the steady clock at media time `start`."""
        self._sound_base: int | None = None
        """Media ticks of audio timestamp 0."""
        self._lead = 0.0
        """Deviation of the audio from its clock, in seconds. The video is shifted by the same
        time.
        """
        self._shift: float | None = None
        self._last_dts = -1

    def report(self, track: Track, sender_clock: float, timestamp: int, now: float) -> None:
        """Takes a sender report: `timestamp` (32 bits) is at `sender_clock` (seconds)."""
        clock = self._clocks[track]
        at = clock.unwrap(timestamp)
        if not clock.take(sender_clock, at):
            return
        self._offset.add(now - sender_clock, now)
        if clock.arrival.value is None:
            return
        # Keep the fastest packet before the report: otherwise one late packet after the first
        # report would shift everything.
        fastest = clock.arrival.value + at / clock.rate - sender_clock
        if self._transit.value is None or fastest > self._transit.value - IMPOSSIBLE:
            self._transit.add(fastest, now)
        else:
            # The timestamps jumped between that packet and this report.
            clock.arrival = RisingMinimum()

    def forget(self, track: Track) -> None:
        """The track's source changed: new timestamps are unrelated to earlier ones."""
        self._clocks[track].forget()
        if track is Track.AUDIO:
            self._sound_base = None

    def frame(self, timestamp: int, arrived: float) -> Stamp:
        """Places a video frame; ticks strictly ascend."""
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
        """Places an audio packet; consecutive timestamps give consecutive ticks."""
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
        """The media time, in seconds, of a packet that arrives now without jitter; `start` before
        the first packet.
        """
        if self._origin is None:
            return self._start
        return now - self._origin + self._start + self._lead

    def captured_now(self, now: float) -> Stamp:
        """The stamp of audio that is generated now."""
        return Stamp(round(self.media_now(now) * TIMESCALE[Track.AUDIO]), now, True)

    def _lateness(self, clock: _TrackClock, timestamp: int, arrived: float) -> float:
        """Seconds by which a packet is later than the fastest one."""
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
        """Returns the media time in seconds, the capture time on the server's clock, and whether
        that is estimated.
        """
        sent = clock.sender_time(timestamp)
        if (
            sent is not None
            and self._transit.value is not None
            and arrived - sent < self._transit.value - IMPOSSIBLE
        ):
            # Accepting this timestamp would also move the other track into the past.
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
