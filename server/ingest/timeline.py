"""Converts RTP timestamps to media time. Pure: takes timestamps and `now` (seconds, any steady
clock), returns ticks.

The timestamps of each track start at a random number and follow their own clock. A sender report
(RFC 3550 §6.4.1) maps a timestamp to the sender's clock, which is common to both tracks. Before the
first report of a track, the arrival times of its fastest packets determine the media time. The
error is then the encoding delay of the track.

Audio has priority: its packets are placed end to end, because a gap or an overlap is audible and
stops some players. If this placement moves the audio away from its clock, the video is shifted by
the same amount. The tracks therefore stay together even if the publisher's two clocks drift apart.
"""

from dataclasses import dataclass

from relay.sample import AUDIO_RATE, VIDEO_RATE, Track

DRIFT = 1e-4
"""Maximum rate at which a RisingMinimum rises, in seconds per second. This rate exceeds the drift
of any crystal, and is far below the jitter of a network.
"""
SLEW = 0.004
"""Maximum correction of the video's media time per frame, seconds. A larger correction of up to
JUMP is spread over several frames.
"""
JUMP = 0.5
"""Threshold of the correction of the video's media time, seconds. A larger correction is applied at
once.
"""
IMPOSSIBLE = 0.3
"""Maximum seconds by which a packet can be faster than all earlier packets. A larger difference
means that the packet's timestamp has jumped.
"""
REANCHOR = 0.1
"""Maximum deviation of the audio from its clock, seconds. After a larger deviation, the media time
is computed again from the clock.
"""
DISAGREE = 0.15
"""Maximum disagreement between two consecutive sender reports, seconds: the time that has passed on
the sender's clock minus the time that has passed in RTP timestamps. In GStreamer (webrtcbin 1.22)
the timestamps of sender reports run twice as fast as the timestamps of packets.
"""
PAUSE, BEHIND, STRAGGLERS = 1.0, 0.5, 2
"""Limits that detect a jump of the audio timestamps after a pause of at least PAUSE seconds. The
timestamps have jumped if more than STRAGGLERS packets are over BEHIND seconds late. Up to
STRAGGLERS late packets may have been sent before the pause. Chromium causes these jumps: while
Chromium sends no track, the timestamps of packets stop, but the timestamps of sender reports
continue.
"""


CATCH_UP = 0.005
"""Decrease in lateness from one packet to the next, seconds. Packets whose lateness decreases at
least this fast waited in a socket or in the network during the pause: their timestamps have not
jumped.
"""


class RisingMinimum:
    """The minimum of all values so far. The minimum rises slowly to follow a drifting clock."""

    __slots__ = ("_at", "value")

    def __init__(self) -> None:
        self.value: float | None = None
        self._at = 0.0

    def add(self, value: float, now: float) -> float:
        if self.value is None:
            self.value = value
        else:
            elapsed = now - self._at
            risen = self.value + DRIFT * elapsed if elapsed > 0.0 else self.value
            self.value = value if value < risen else risen
        self._at = now
        return self.value


@dataclass(slots=True)  # a frozen dataclass takes twice as long to make
class Stamp:
    """The times of one sample."""

    ticks: int
    """Media time, ticks of the track's timescale."""
    captured: float
    """Time at which the camera or microphone recorded the sample, seconds on the same clock as
    `now`.
    """
    estimated: bool
    """Whether `captured` is an estimate from the arrival times of the fastest packets. The track
    then has no accepted sender report.
    """


class _TrackClock:
    """Maps one track's timestamps to the server's steady clock."""

    __slots__ = ("_arrived", "_behind", "_last", "_lateness", "arrival", "heard", "rate", "report")

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.report: tuple[float, int] | None = None
        """Sender's clock (seconds) and unwrapped RTP timestamp of the last accepted sender
        report.
        """
        self.heard: tuple[float, int] | None = None
        """Sender's clock (seconds) and unwrapped RTP timestamp of the last sender report, accepted
        or not.
        """
        self.arrival = RisingMinimum()
        self._arrived: float | None = None
        self._behind = -1
        """Number of late packets since the last pause. -1 if there was no pause, or if a packet has
        arrived in time since the pause.
        """
        self._lateness = 0.0
        """Lateness of the previous packet, seconds."""
        self._last: int | None = None

    def unwrap(self, timestamp: int) -> int:
        """Returns the unwrapped value of a 32-bit timestamp. A timestamp that is already unwrapped
        is also accepted.
        """
        if self._last is None:
            self._last = timestamp
            return timestamp
        step = (timestamp - self._last + 0x80000000 & 0xFFFFFFFF) - 0x80000000
        unwrapped = self._last + step
        if step > 0:
            self._last = unwrapped
        return unwrapped

    def fell_behind(self, lateness: float, arrived: float) -> bool:
        """Whether the timestamps resumed at another value after a pause. `lateness`: seconds by
        which the packet that has just arrived is late.
        """
        if self._arrived is not None and arrived - self._arrived >= PAUSE:
            self._behind = 0
            self._lateness = lateness
        self._arrived = arrived
        if lateness <= BEHIND:
            self._behind = -1
        elif self._behind >= 0 and lateness > self._lateness - CATCH_UP:
            self._behind += 1
        self._lateness = lateness
        return self._behind > STRAGGLERS

    def forget(self) -> None:
        """Forgets all reports and arrival times, because the timestamps jumped. Packets are then
        placed by their arrival times until the next sender report.
        """
        self.report = self.heard = None
        self.arrival = RisingMinimum()
        self._behind = -1

    def take(self, sender_clock: float, at: int) -> bool:
        """Takes a sender report. Returns whether the report is accepted: it must agree with the
        previous report. After a disagreement, packets are placed by their arrival times until two
        consecutive reports agree.
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
    """Places the samples of one session in media time. `start`: media time at the beginning of the
    session, µs.
    """

    __slots__ = (
        "_audio",
        "_last_dts",
        "_lead",
        "_offset",
        "_origin",
        "_shift",
        "_sound_base",
        "_start",
        "_transit",
        "_video",
        "round_trip",
    )

    def __init__(self, start: int) -> None:
        self._start = start / 1_000_000
        self._video, self._audio = _TrackClock(VIDEO_RATE), _TrackClock(AUDIO_RATE)
        self._transit = RisingMinimum()
        """Minimum of arrival time minus sender's clock over all packets, seconds. This is the sum
        of network delay, encoding delay and clock difference.
        """
        self._offset = RisingMinimum()
        """Minimum of arrival time minus sender's clock over all sender reports, seconds. This is
        the sum of network delay and clock difference.
        """
        self.round_trip = 0.0
        """Shortest measured round-trip time, seconds, set by the owner. Half of the round-trip time
        is the estimated network delay, which is subtracted from the offset.
        """
        self._origin: float | None = None
        """Time on the server's steady clock that corresponds to the media time `start`, seconds."""
        self._sound_base: int | None = None
        """Media time that corresponds to the audio timestamp 0, ticks."""
        self._lead = 0.0
        """Deviation of the audio from its clock, in seconds. The video is shifted by the same
        time.
        """
        self._shift: float | None = None
        self._last_dts = -1

    def report(self, track: Track, sender_clock: float, timestamp: int, now: float) -> None:
        """Takes a sender report: the RTP timestamp `timestamp` (32 bits) belongs to the time
        `sender_clock` (seconds) on the sender's clock.
        """
        clock = self._clock(track)
        at = clock.unwrap(timestamp)
        if not clock.take(sender_clock, at):
            return
        self._offset.add(now - sender_clock, now)
        if clock.arrival.value is None:
            return
        # Keep the transit time of the fastest packet before the report. Otherwise one late packet
        # after the first report would shift all media times.
        fastest = clock.arrival.value + at / clock.rate - sender_clock
        if self._transit.value is None or fastest > self._transit.value - IMPOSSIBLE:
            self._transit.add(fastest, now)
        else:
            # The timestamps jumped between the fastest packet and this report.
            clock.arrival = RisingMinimum()

    def forget(self, track: Track) -> None:
        """Forgets the track's clock, because the media source of the track changed: the new
        timestamps are unrelated to the earlier timestamps.
        """
        self._clock(track).forget()
        if track is Track.AUDIO:
            self._sound_base = None

    def frame(self, timestamp: int, arrived: float) -> Stamp:
        """Places a video frame in media time. Ticks strictly increase from frame to frame."""
        clock = self._video
        unwrapped = clock.unwrap(timestamp)
        sent = clock.sender_time(unwrapped)
        place, captured, estimated = self._place(clock, unwrapped, sent, arrived)
        smooth = unwrapped / VIDEO_RATE
        wanted = place + self._lead - smooth
        shift = self._shift
        if shift is None or not -JUMP <= wanted - shift <= JUMP:
            shift = wanted
        elif wanted - shift > SLEW:
            shift += SLEW
        elif wanted - shift < -SLEW:
            shift -= SLEW
        else:
            shift += wanted - shift
        self._shift = shift
        ticks = round((smooth + shift) * VIDEO_RATE)
        if ticks <= self._last_dts:
            ticks = self._last_dts + 1
        self._last_dts = ticks
        return Stamp(ticks, captured, estimated)

    def sound(self, timestamp: int, arrived: float) -> Stamp:
        """Places an audio packet in media time. Consecutive timestamps give consecutive ticks."""
        clock = self._audio
        unwrapped = clock.unwrap(timestamp)
        sent = clock.sender_time(unwrapped)
        if clock.fell_behind(self._lateness(clock, unwrapped, sent, arrived), arrived):
            clock.forget()
            sent = None
        place, captured, estimated = self._place(clock, unwrapped, sent, arrived)
        base = self._sound_base
        if base is None or not -REANCHOR <= (unwrapped + base) / AUDIO_RATE - place <= REANCHOR:
            base = self._sound_base = round(place * AUDIO_RATE) - unwrapped
        ticks = unwrapped + base
        self._lead = ticks / AUDIO_RATE - place
        return Stamp(ticks, captured, estimated)

    def media_now(self, now: float) -> float:
        """Returns the media time, in seconds, of a packet that arrives now without jitter. Returns
        `start` before the first packet.
        """
        if self._origin is None:
            return self._start
        return now - self._origin + self._start + self._lead

    def captured_now(self, now: float) -> Stamp:
        """Returns the Stamp of audio that the server generates now."""
        return Stamp(round(self.media_now(now) * AUDIO_RATE), now, True)

    def _clock(self, track: Track) -> _TrackClock:
        return self._video if track is Track.VIDEO else self._audio

    def _lateness(
        self, clock: _TrackClock, timestamp: int, sent: float | None, arrived: float
    ) -> float:
        """Returns the seconds by which a packet is later than the fastest packet. `sent`: see
        `_place`.
        """
        transit = self._transit.value
        if sent is not None and transit is not None:
            return arrived - sent - transit
        fastest = clock.arrival.value
        return 0.0 if fastest is None else arrived - timestamp / clock.rate - fastest

    def _place(
        self, clock: _TrackClock, timestamp: int, sent: float | None, arrived: float
    ) -> tuple[float, float, bool]:
        """Returns a packet's media time in seconds, its capture time on the server's clock, and
        whether the capture time is estimated. `sent`: time on the sender's clock that belongs to
        `timestamp`, seconds; None without an accepted sender report.
        """
        transit = self._transit.value
        if sent is not None and transit is not None and arrived - sent < transit - IMPOSSIBLE:
            # The timestamp has jumped. If the packet were accepted, it would lower the minimum
            # transit time of both tracks, and the media time of the other track would jump back.
            clock.forget()
            sent = None
        smooth = timestamp / clock.rate
        by_arrival = smooth + clock.arrival.add(arrived - smooth, arrived)
        offset = self._offset.value
        if sent is None or offset is None:
            moment = captured = by_arrival
        else:
            moment = sent + self._transit.add(arrived - sent, arrived)
            captured = sent + offset - self.round_trip / 2
            if captured > arrived:
                captured = arrived
        origin = self._origin
        if origin is None:
            origin = self._origin = moment
        return moment - origin + self._start, captured, sent is None
