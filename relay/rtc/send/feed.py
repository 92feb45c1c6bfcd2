"""A stream for WebRTC viewers: packetised once, sent to each. It lives as long as somebody watches
this way.
"""

import asyncio
import secrets
from time import monotonic

from relay.media import h264
from relay.rtc.dtls import SrtpError
from relay.rtc.send.history import History, PacketisedFrame
from relay.rtc.send.packetise import packetise
from relay.rtc.send.session import SendSession
from relay.sample import TIMESCALE, Sample, Track, TrackInfo
from relay.stream.stream import Stream

KEEP = 60
"""Video frames that may be asked for again, also from before the last IDR: 2 s."""
MAX_FRAMES = 1_200
MAX_BYTES = 8 * 1024 * 1024
TICK = 0.2
REPORT_TICKS = 5
"""Every session gets a sender report as often as that; a new one at the next tick, since sound and
picture are in step only from then on.
"""


class Feed:
    """Reads `stream` from `open()` to `close()`, for as many sessions as there are."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.ssrcs = _ssrcs()
        self.video = History(
            self.ssrcs["video"], keep=KEEP, max_frames=MAX_FRAMES, max_bytes=MAX_BYTES, marked=True
        )
        self.audio = History(
            self.ssrcs["audio"], keep=1, max_frames=1, max_bytes=MAX_BYTES, marked=False
        )
        self._sessions: dict[SendSession, None] = {}
        self._connected = 0
        self._parameter_sets: list[bytes] = []
        self._unix = 0.0
        """Unix time of media time 0, seconds."""
        self._edge = (0.0, 0.0)
        """Media time of the newest sample, and when it came, in seconds of `time.monotonic`."""
        self._fresh: list[SendSession] = []
        """Sessions without a sender report so far."""
        self._ticks = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def viewers(self) -> int:
        return self._connected

    def open(self) -> None:
        """Takes what the stream has since its last IDR, and all that comes."""
        info = self.stream.tracks.get(Track.VIDEO)
        if info:
            self.receive_track(info)
        for sample in self.stream.history(0.0):
            self._note(sample)
            if sample.track is Track.VIDEO:
                self._append(sample)
        self.stream.add_reader(self)
        self._tick()

    def close(self) -> None:
        self.stream.remove_reader(self)
        if self._timer:
            self._timer.cancel()

    @property
    def idle(self) -> bool:
        """Nobody is here or on the way."""
        return not self._sessions

    def add(self, session: SendSession) -> None:
        """A session that is about to connect."""
        self._sessions[session] = None

    def connected(self, session: SendSession) -> None:
        """It counts as a viewer from now on."""
        self._connected += 1
        self._fresh.append(session)
        self.stream.viewers_changed()
        self.stream.joined(self._now_us())

    def remove(self, session: SendSession, *, counted: bool) -> None:
        """`counted`: it had been connected."""
        self._sessions.pop(session, None)
        if counted:
            self._connected -= 1
            self._fresh = [other for other in self._fresh if other is not session]
            self.stream.viewers_changed()

    def demand_keyframe(self) -> None:
        self.stream.demand_keyframe()

    # SampleReader

    def receive_track(self, info: TrackInfo) -> None:
        if info.track is Track.VIDEO:
            self._parameter_sets = h264.parameter_sets(info.config)
            self.video.forget_join_point()

    def receive_sample(self, sample: Sample) -> None:
        self._note(sample)
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
        """The room is over: every session with it."""
        for session in list(self._sessions):
            session.end("the room has ended")

    def _append(self, sample: Sample) -> PacketisedFrame:
        payloads = packetise(sample.data, self._parameter_sets if sample.key else ())
        return self.video.append(payloads, sample.pts, key=sample.key, disposable=sample.disposable)

    def _note(self, sample: Sample) -> None:
        if not self._unix:
            self._unix = (sample.publish - sample.media_time) / 1_000_000
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
                    session.end("nothing came from the viewer for a while")
        if self._unix and due:
            self._report(due, now)

    def _now_us(self) -> int:
        """The time by the clock that samples are published by, µs since the Unix epoch."""
        edge, came = self._edge
        return round((self._unix + edge + monotonic() - came) * 1_000_000)

    def _report(self, sessions: list[SendSession], now: float) -> None:
        edge, came = self._edge
        moment = edge + now - came
        timestamps = {
            "video": round(moment * TIMESCALE[Track.VIDEO]),
            "audio": round(moment * TIMESCALE[Track.AUDIO]),
        }
        for session in sessions:
            session.report(self._unix + moment, timestamps)


def _ssrcs() -> dict[str, int]:
    """Three different ones, none of them 0."""
    first = 1 + secrets.randbelow(0xFFFFFFF0)
    return {"video": first, "audio": first + 1, "rtx": first + 2}
