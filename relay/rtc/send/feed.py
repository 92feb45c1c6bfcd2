"""The WHEP viewers of one stream. The feed packetises each frame once and sends it to all WHEP
sessions. The feed exists while the stream has WHEP sessions.
"""

import asyncio
import secrets
from time import monotonic
from typing import Protocol

from relay.channel.channel import Channel
from relay.media import h264
from relay.rtc.dtls import SrtpError
from relay.rtc.send.history import History, PacketisedFrame
from relay.rtc.send.packetise import packetise
from relay.sample import TIMESCALE, Sample, Track, TrackInfo

KEEP = 60
"""Minimum number of video frames kept for retransmission (2 s of video), even if some of these
frames are older than the last keyframe.
"""
MAX_FRAMES = 1_200
MAX_BYTES = 8 * 1024 * 1024
TICK = 0.2
REPORT_TICKS = 5
"""Number of ticks between the sender reports of a session. A new session gets its first report at
the next tick, because the player synchronises audio and video only after that report.
"""


class Session(Protocol):
    """The interface through which the feed uses a session (SendSession)."""

    def send_video(self, frame: PacketisedFrame) -> None:
        """Raises SrtpError if the frame cannot be encrypted, as does `send_audio`."""

    def send_audio(self, frame: PacketisedFrame) -> None: ...

    def report(self, unix_time: float, timestamps: dict[str, int]) -> None: ...

    def silent(self, now: float) -> bool: ...

    def end(self, reason: str) -> None: ...


class Feed:
    """Reads the stream of a channel from `open()` to `close()`, and sends its media to the WHEP
    sessions.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self.stream = channel.stream
        self.ssrcs = _ssrcs()
        self.video = History(
            self.ssrcs["video"], keep=KEEP, max_frames=MAX_FRAMES, max_bytes=MAX_BYTES, marked=True
        )
        self.audio = History(
            self.ssrcs["audio"], keep=1, max_frames=1, max_bytes=MAX_BYTES, marked=False
        )
        self._sessions: dict[Session, None] = {}
        self._connected = 0
        self._parameter_sets: list[bytes] = []
        self._start = 0.0
        """Unix time at media time 0, in seconds; 0 before the first sample."""
        self._edge = (0.0, 0.0)
        """Media time of the newest sample, and arrival time of that sample (`time.monotonic`), both
        in seconds.
        """
        self._fresh: list[Session] = []
        """Connected sessions that have not been sent a sender report yet."""
        self._ticks = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def viewers(self) -> int:
        return self._connected

    @property
    def ranked_viewers(self) -> int:
        return self._connected

    def open(self) -> None:
        """Takes the stream's samples since the last keyframe, and reads new samples from now on."""
        info = self.stream.tracks.get(Track.VIDEO)
        if info:
            self.receive_track(info)
        for sample in self.stream.history(0.0):
            self._update_edge(sample)
            if sample.track is Track.VIDEO:
                self._append(sample)
        self.stream.add_reader(self)
        self._channel.add_output(self)
        self._tick()

    def close(self) -> None:
        self.stream.remove_reader(self)
        self._channel.remove_output(self)
        if self._timer:
            self._timer.cancel()

    @property
    def held(self) -> int:
        """Memory that the packetised frames use, bytes."""
        return self.video.size + self.audio.size

    @property
    def idle(self) -> bool:
        """Whether the feed has neither connected nor connecting sessions."""
        return not self._sessions

    def add(self, session: Session) -> None:
        """Adds a session that is not connected yet."""
        self._sessions[session] = None

    def connected(self, session: Session) -> None:
        """Counts a session as a viewer from now on."""
        self._connected += 1
        self._fresh.append(session)
        self._channel.viewers_changed()
        self.stream.demand_fresh_keyframe(self._now_us())

    def remove(self, session: Session, *, counted: bool) -> None:
        """Removes a session. `counted`: whether `connected` was called for this session."""
        self._sessions.pop(session, None)
        if counted:
            self._connected -= 1
            self._fresh = [other for other in self._fresh if other is not session]
            self._channel.viewers_changed()

    def demand_keyframe(self) -> None:
        self.stream.demand_keyframe()

    # SampleReader

    def receive_track(self, info: TrackInfo) -> None:
        if info.track is Track.VIDEO:
            self._parameter_sets = h264.parameter_sets(info.config)
            self.video.forget_join_point()

    def receive_sample(self, sample: Sample) -> None:
        self._update_edge(sample)
        if sample.track is Track.VIDEO:
            frame = self._append(sample)
            for session in list(self._sessions):
                try:
                    session.send_video(frame)
                except SrtpError as error:
                    session.end(str(error))
        else:
            frame = self.audio.append([sample.data], sample.pts)
            for session in list(self._sessions):
                try:
                    session.send_audio(frame)
                except SrtpError as error:
                    session.end(str(error))

    def end(self) -> None:
        """Ends all sessions, because the room has ended."""
        for session in list(self._sessions):
            session.end("the room has ended")

    def _append(self, sample: Sample) -> PacketisedFrame:
        payloads = packetise(sample.data, self._parameter_sets if sample.key else ())
        return self.video.append(payloads, sample.pts, key=sample.key, disposable=sample.disposable)

    def _update_edge(self, sample: Sample) -> None:
        if not self._start:
            self._start = (sample.publish - sample.media_time) / 1_000_000
        self._edge = (sample.media_time / 1_000_000, monotonic())

    # Reports

    def _tick(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(TICK, self._tick)
        self._ticks += 1
        now = monotonic()
        if self._ticks % REPORT_TICKS:
            due, self._fresh = self._fresh, []
        else:
            due, self._fresh = list(self._sessions), []
            for session in due:
                if session.silent(now):
                    session.end("the viewer sent nothing for 15 s")
        if self._start and due:
            self._report(due, now)

    def _now_us(self) -> int:
        """Returns the current time on the clock of `Sample.publish`, in µs since the Unix epoch."""
        edge, arrived = self._edge
        return round((self._start + edge + monotonic() - arrived) * 1_000_000)

    def _report(self, sessions: list[Session], now: float) -> None:
        edge, arrived = self._edge
        media_time = edge + now - arrived
        timestamps = {
            "video": round(media_time * TIMESCALE[Track.VIDEO]),
            "audio": round(media_time * TIMESCALE[Track.AUDIO]),
        }
        for session in sessions:
            session.report(self._start + media_time, timestamps)


def _ssrcs() -> dict[str, int]:
    """Returns three different SSRCs, none of them 0."""
    first = 1 + secrets.randbelow(0xFFFFFFF0)
    return {"video": first, "audio": first + 1, "rtx": first + 2}
