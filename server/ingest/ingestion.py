"""Passes a connected publisher's media from the WebRTC session to the stream."""

import logging
import time
from collections.abc import Callable
from typing import Protocol

from relay.errors import BitstreamError
from relay.media import h264, opus
from relay.rtc.receive.reassembly import EncodedFrame
from relay.rtc.receive.rtcp import SenderReport
from relay.rtc.receive.session import UNREACHABLE_AFTER
from relay.rtc.rtp import RtpPacket
from relay.sample import AUDIO, AUDIO_RATE, VIDEO, Sample, Track
from relay.stream.stream import Stream
from server.errors import RequestRefused
from server.ingest.frame_source import DISCARD, FrameSource
from server.ingest.health import IngestHealth
from server.ingest.media_session import MediaSession
from server.ingest.missing import Arrivals, Missing, MissingNews, find_missing
from server.ingest.reception import Reception, Totals
from server.ingest.sample_allowance import EXCESS_PER_SECOND, PER_SECOND, SampleAllowance
from server.ingest.silence import ContinuousSound, Sound
from server.ingest.takeover import Takeover
from server.ingest.timeline import Stamp, Timeline
from server.ingest.transcoders import Reservation

logger = logging.getLogger(__name__)

SILENT_FOR = 5.0
"""The publisher counts as away after this many seconds without audio or video."""

TOO_MANY_SAMPLES = (
    f"the publisher sent more than {PER_SECOND + EXCESS_PER_SECOND} frames and audio packets a "
    "second"
)


class IngestionOwner(Protocol):
    """Interface of the owner of an Ingestion. The Ingestion calls the methods synchronously. It
    calls `media_came` for every frame and audio packet.
    """

    def media_came(self) -> None: ...

    def media_stopped(self) -> None:
        """Reports that no displayable media has arrived for SILENT_FOR seconds. Called again at
        every tick until media arrives.
        """

    def media_failed(self, reason: str) -> None:
        """Reports that the media has failed and that no more media follows."""


class Ingestion:
    """Converts frames, audio packets and sender reports into samples on one clock. An Ingestion is
    the sink of the WebRTC session and the output of the frame source.
    """

    __slots__ = (
        "__weakref__",
        "_began",
        "_epoch",
        "_missing_news",
        "_owner",
        "_parameters",
        "_parameters_error",
        "_pps",
        "_receiving",
        "_refusal",
        "_reception",
        "_reserve",
        "_rtc",
        "_samples",
        "_sound",
        "_sound_at",
        "_sps",
        "_stream",
        "_timeline",
        "_to_unix",
        "_undecoded_at",
        "source",
    )

    def __init__(
        self,
        rtc: MediaSession,
        source: FrameSource,
        stream: Stream,
        reserve: Callable[[], Reservation],
        owner: IngestionOwner,
        *,
        epoch: int,
        start: int,
        audio: bool,
    ) -> None:
        """`epoch`: number of the session on the stream. `start`: media time of the first sample,
        µs. `audio`: whether the publisher offered an audio track. `reserve` reserves a
        transcoder, and raises RequestRefused if none is available.
        """
        now = time.monotonic()
        self.source = source
        """The source that forwards or transcodes the publisher's frames. At the first B-frame, a
        transcoding source replaces the forwarding source.
        """
        self._rtc = rtc
        self._stream = stream
        self._reserve = reserve
        self._owner = owner
        self._epoch = epoch
        self._to_unix = time.time() - now
        self._began = now
        self._timeline = Timeline(start)
        self._reception = Reception(now)
        self._samples = SampleAllowance()
        self._receiving = False
        """Whether `receive_frame` is running. The session charges the time of this call to the
        publisher. A transcoder publishes its frames outside this call.
        """
        self._sound = ContinuousSound(expected=audio)
        self._sound_at: float | None = None
        """Time of the last audio packet, seconds."""
        self._undecoded_at: float | None = None
        """Time of the first frame at which decoding can start since the last keyframe for viewers,
        seconds.
        """
        self._missing_news = MissingNews()
        self._parameters_error = ""
        """Why the latest keyframe has no usable parameter sets."""
        self._refusal = ""
        """Why there is no transcoder for an encoder that sends no keyframes."""
        self._sps = self._pps = b""
        self._parameters: tuple[bytes, bytes] | None = None
        """SPS and PPS in the latest init segment; None before the first init segment."""

    @property
    def excessive(self) -> bool:
        """Whether the publisher has sent more samples than the server accepts."""
        return self._samples.excessive

    def health(self) -> IngestHealth:
        now = time.monotonic()
        return self._reception.health(now, self._rtc.round_trip, self._find_missing(now))

    # Media in (Sink)

    def receive_frame(self, frame: EncodedFrame) -> None:
        self._receiving = True
        if frame.entry and self._undecoded_at is None:
            self._undecoded_at = frame.arrived
        self.source.receive(frame)
        self._receiving = False

    def receive_audio(self, packet: RtpPacket, now: float) -> None:
        if not packet.payload:
            return
        self._sound_at = now
        try:
            duration = opus.packet_ticks(packet.payload)
        except BitstreamError as error:
            self._rtc.counters.rejected += 1
            logger.debug("audio packet dropped: %s", error)
            return
        stamp = self._timeline.sound(packet.timestamp, now)
        sounds = self._sound.receive(stamp.ticks, duration, packet.payload)
        if self._parameters is not None:
            self._publish_sounds(sounds, stamp, now)
            self._owner.media_came()

    def receive_report(self, track: Track, report: SenderReport, now: float) -> None:
        self._timeline.report(track, report.clock, report.timestamp, now)

    def receive_source(self, track: Track) -> None:
        self._timeline.forget(track)

    def tick(self, now: float) -> float:
        due_at = self.source.check(now)
        round_trip = self._rtc.round_trip
        if round_trip is not None:
            self._timeline.round_trip = round_trip
        if self._reception.measure(now, self._totals):
            self._log_missing(now)
        if self.excessive:
            self._owner.media_failed(TOO_MANY_SAMPLES)
            return now
        if self._has_stopped(now):
            self._owner.media_stopped()
            return now
        if self._parameters is None:
            return now
        stamp = self._timeline.captured_now(now)
        self._publish_sounds(self._sound.advance(stamp.ticks), stamp, now)
        return min(due_at, now + (self._sound.due - stamp.ticks) / AUDIO_RATE)

    # FrameOutput: methods that the frame source calls

    def publish_frame(self, frame: EncodedFrame) -> None:
        unit = frame.unit
        self._sps, self._pps = unit.sps or self._sps, unit.pps or self._pps
        if not unit.data:
            return  # OBS sends parameter sets in an access unit of their own
        if unit.key:
            self._refusal = ""
            if not self._announce_parameters(frame.arrived):
                self._rtc.drop_until_keyframe()
                return
        if self._parameters is None:
            return
        if unit.key:
            self._undecoded_at = None
        self._reception.frame(frame.arrived, key=unit.key)
        stamp = self._timeline.frame(frame.timestamp, frame.arrived)
        ticks, to_unix = stamp.ticks, self._to_unix
        self._publish(
            Sample(
                VIDEO,
                ticks,
                ticks,
                unit.data,
                unit.key,
                unit.disposable,
                0,
                round((stamp.captured + to_unix) * 1_000_000),
                round((frame.arrived + to_unix) * 1_000_000),
                self._epoch,
                stamp.estimated,
            ),
            charged=self._receiving,
        )
        self._owner.media_came()

    def request_keyframe(self) -> None:
        self._rtc.request_keyframe()

    def transcode(self, frame: EncodedFrame, shown: list[EncodedFrame]) -> None:
        """Replaces the source with a transcoding source, because `frame` is a B-frame."""
        try:
            reservation = self._reserve()
        except RequestRefused as refusal:
            self._owner.media_failed(f"the encoder sends B-frames: {refusal}")
            return
        logger.info(
            "room %s: the encoder sends B-frames, which are transcoded; set B-frames to 0 for less "
            "delay",
            self._stream.name,
        )
        self._take_over(reservation.start("H264", Takeover(tuple(shown))), frame)

    def receive_recovery_point(self, frame: EncodedFrame) -> None:
        """Replaces the source with a transcoding source, because the encoder sends no keyframes.
        Without a transcoder, the viewers who are present see the frames all the same.
        """
        showing = self._parameters is not None and not frame.broken
        try:
            reservation = self._reserve()
        except RequestRefused as refusal:
            self._refusal = str(refusal)
            if showing:
                self.publish_frame(frame)
            else:
                self._rtc.drop_until_keyframe()
            return
        logger.info(
            "room %s: the encoder sends recovery points in the place of keyframes, which are "
            "transcoded; switch off intra refresh for less delay",
            self._stream.name,
        )
        self._take_over(reservation.start("H264", Takeover(forwarding=showing)), frame)

    def _take_over(self, source: FrameSource, frame: EncodedFrame) -> None:
        self.source.deliver_to(DISCARD)
        self.source = source
        source.deliver_to(self)
        source.receive(frame)

    def source_failed(self, reason: str) -> None:
        self._owner.media_failed(reason)

    # Samples out

    def _announce_parameters(self, arrived: float) -> bool:
        """Publishes a new init segment if the parameter sets have changed. Returns False if the
        parameter sets are missing or cannot be read.
        """
        self._parameters_error = ""
        if (self._sps, self._pps) == self._parameters:
            return True
        try:
            info = h264.track_info(self._sps, self._pps)
        except BitstreamError as error:
            self._parameters_error = str(error)
            return False
        publish = self._unix_us(arrived)
        self._stream.set_track(info, publish)
        self._stream.set_track(opus.track_info(), publish)
        self._parameters = (self._sps, self._pps)
        return True

    def _publish_sounds(self, sounds: list[Sound], stamp: Stamp, now: float) -> None:
        """Publishes audio packets. Do not call this method before the parameter sets are known:
        audio before the first frame would only make viewers wait.
        """
        to_unix = self._to_unix
        publish = round((now + to_unix) * 1_000_000)
        for sound in sounds:
            ticks = sound.ticks
            early = (stamp.ticks - ticks) / AUDIO_RATE
            self._publish(
                Sample(
                    AUDIO,
                    ticks,
                    ticks,
                    sound.data,
                    True,
                    False,
                    sound.duration,
                    round((stamp.captured - early + to_unix) * 1_000_000),
                    publish,
                    self._epoch,
                    stamp.estimated,
                ),
                charged=True,
            )

    def _publish(self, sample: Sample, *, charged: bool) -> None:
        """Publishes a sample. The time that the delivery to viewers takes is not charged to the
        publisher, unless the publisher exceeds the allowance of samples. `charged`: whether the
        session charges the time of the current call to the publisher.
        """
        started = time.perf_counter_ns()
        self._stream.publish(sample)
        spent = time.perf_counter_ns() - started
        self._rtc.counters.delivery_ns += spent
        if self._samples.take(sample.publish):
            if charged:
                self._rtc.account.spent_ns -= spent
        elif self._samples.excessive:
            self._rtc.make_due()  # the next tick ends the session

    def _unix_us(self, now: float) -> int:
        return round((now + self._to_unix) * 1_000_000)

    def _has_stopped(self, now: float) -> bool:
        """Whether no displayable media has arrived for too long. Packets count only after the first
        complete keyframe, because a dead camera or an unknown encoder may send packets without a
        complete frame.
        """
        last = self._began
        if self._parameters:
            last = max(self._rtc.counters.last_media or 0.0, last)
        return now - last >= SILENT_FOR or self._rtc.silence(now) >= UNREACHABLE_AFTER

    def _log_missing(self, now: float) -> None:
        for item in self._missing_news.take(self._find_missing(now)):
            logger.info("room %s: no %s: %s", self._stream.name, item.what, item.text)

    def _find_missing(self, now: float) -> list[Missing]:
        counters, reassembly = self._rtc.counters, self._rtc.reassembly
        return find_missing(
            Arrivals(
                session=now - self._began,
                picture=_age(self._reception.frame_at, now),
                undecoded=_age(self._undecoded_at, now),
                video=_age(reassembly.last_arrival or None, now),
                sound=_age(self._sound_at, now),
                sound_offered=self._sound.expected,
                unknown_payloads=tuple(sorted(counters.unknown_payload_types)),
                undecodable=reassembly.undecodable,
                requests=self._rtc.unanswered,
                lost=reassembly.given_up,
                parameters_error=self._parameters_error,
                refusal=self._refusal,
            )
        )

    def _totals(self) -> Totals:
        reassembly = self._rtc.reassembly
        return Totals(self._rtc.counters.payload_bytes, reassembly.repaired, reassembly.given_up)


def _age(moment: float | None, now: float) -> float | None:
    return None if moment is None else now - moment
