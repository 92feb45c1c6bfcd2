"""One creator's session: what arrives over WebRTC becomes samples of the room's stream."""

import logging
import time
from collections.abc import Callable
from typing import Any

from relay.callbacks import ignore
from relay.errors import BitstreamError
from relay.media import h264, opus
from relay.rtc.receive.reassembly import EncodedFrame
from relay.rtc.receive.rtcp import SenderReport
from relay.rtc.receive.sdp import Offer
from relay.rtc.receive.session import UNREACHABLE_AFTER, ReceiveSession
from relay.rtc.rtp import RtpPacket
from relay.rtc.udp import UdpPort
from relay.sample import TIMESCALE, Demand, Sample, Track
from relay.stream.stream import Stream
from server.errors import RequestRefused
from server.ingest.counters import IngestCounters
from server.ingest.reception import Reception, Totals
from server.ingest.silence import ContinuousSound, Sound
from server.ingest.timeline import Stamp, Timeline
from server.ingest.transcoders import Transcoders
from server.ingest.transcoding import Transcoding

logger = logging.getLogger(__name__)

SILENT_FOR = 5.0
"""Seconds without sound or picture after which the creator counts as away."""
REORDERED = 90_000
"""Ticks by which a B-frame may be older than one sent before it."""


class IngestSession:
    """Publishes into `stream` from `begin()` on, until `close()`.

    `on_flow(True)` is called when media starts to come, `on_flow(False)` when none that can be
    shown has come for 5 s, `on_closed(reason)` when the creator hung up. `epoch` numbers the
    sessions of a stream.

    H.264 goes on as it comes. VP8 is transcoded, and so is H.264 from the moment it is seen to be
    out of order: B-frames, which would make every viewer wait and which WebRTC viewers cannot show.
    Raises Unavailable or NotAcceptable where that needs a transcoder which is not there.
    """

    def __init__(
        self,
        session_id: str,
        stream: Stream,
        port: UdpPort,
        offer: Offer,
        *,
        bitrate_cap: int,
        transcoders: Transcoders,
        counters: IngestCounters,
        on_flow: Callable[[bool], None],
        on_closed: Callable[[str], None],
    ) -> None:
        self.id = session_id
        self._stream = stream
        self._transcoders = transcoders
        self._on_closed = on_closed
        video = offer.find("video")
        self._transcoding = (
            self._transcode(video.codec) if video and video.codec != "H264" else None
        )
        self.rtc = ReceiveSession(port, offer, self, bitrate_cap=bitrate_cap, on_closed=on_closed)
        self._counters = counters
        counters.enter(self.rtc.counters)
        self.flowing: bool | None = None
        """None until that is known."""
        self._on_flow = on_flow
        self._unix = time.time() - time.monotonic()
        self._begun = False
        self._begun_at = 0.0
        self._epoch = 0
        self._timeline = Timeline(0)
        self._reception = Reception(0.0)
        self._sound = ContinuousSound(expected=offer.find("audio") is not None)
        self._sps = self._pps = b""
        self._parameters: tuple[bytes, bytes] | None = None
        """SPS and PPS of the init segment that viewers have."""
        self._newest = 0
        """Timestamp of the newest picture."""

    def begin(self, epoch: int, start: int) -> None:
        """From now on this session is the stream's publisher. `start`: media time in µs at which
        its first sample stands.
        """
        self._epoch = epoch
        self._timeline = Timeline(start)
        self._begun = True
        self._begun_at = time.monotonic()
        self._reception = Reception(self._begun_at)
        self._stream.on_demand = self._demanded
        self.rtc.request_keyframe()

    async def close(self) -> None:
        self._begun = False
        if self._stream.on_demand == self._demanded:
            self._stream.on_demand = None
        self._counters.leave(self.rtc.counters)
        await self.rtc.close()
        if self._transcoding:
            await self._transcoding.close()
        # Each of these holds this session: in a circle they and all below it would stay until a
        # full garbage collection.
        self._transcoding = None
        self._on_flow = self._on_closed = ignore

    def _demanded(self, demand: Demand) -> None:
        if demand.keyframe and self._transcoding:
            self._transcoding.request_keyframe()
        elif demand.keyframe:
            self.rtc.request_keyframe()

    # Media in (Sink)

    def receive_frame(self, picture: EncodedFrame) -> None:
        if not self._begun:
            return
        if self._transcoding:
            self._transcoding.receive(picture)
        elif picture.unit.key or not 0 < self._newest - picture.timestamp < REORDERED:
            self._newest = picture.timestamp
            self._publish_picture(picture)
        else:
            self._straighten(picture)

    def receive_audio(self, packet: RtpPacket, now: float) -> None:
        if not self._begun or not packet.payload:
            return
        try:
            duration = opus.packet_ticks(packet.payload)
        except BitstreamError as error:
            self.rtc.counters.rejected += 1
            logger.debug("sound dropped: %s", error)
            return
        stamp = self._timeline.sound(packet.timestamp, now)
        self._publish_sounds(self._sound.receive(stamp.ticks, duration, packet.payload), stamp, now)
        self._note_flow()

    def receive_report(self, track: Track, report: SenderReport, now: float) -> None:
        self._timeline.report(track, report.clock, report.timestamp, now)

    def receive_source(self, track: Track) -> None:
        self._timeline.forget(track)

    def tick(self, now: float) -> None:
        """Silence for sound that did not come, and whether anything comes at all."""
        if not self._begun:
            return
        if self._transcoding:
            self._transcoding.check(now)
        if self.rtc.round_trip is not None:
            self._timeline.round_trip = self.rtc.round_trip
        self._reception.measure(now, self._totals())
        # Packets that never made a picture are no live: a camera that is dead from the start, an
        # encoder that nobody understands.
        last = (
            max(self.rtc.counters.last_media or 0.0, self._begun_at)
            if self._parameters
            else self._begun_at
        )
        if now - last >= SILENT_FOR or self.rtc.silence(now) >= UNREACHABLE_AFTER:
            if self.flowing is not False:
                self.flowing = False
                self._on_flow(False)
        elif self._parameters is not None:
            stamp = self._timeline.captured_now(now)
            self._publish_sounds(self._sound.advance(stamp.ticks), stamp, now)

    def health(self) -> dict[str, Any]:
        """How this creator's media arrives, as API.md tells it."""
        trip = self.rtc.round_trip
        return {
            **self._reception.describe(time.monotonic()),
            "round_trip": None if trip is None else round(1_000 * trip),
        }

    def _totals(self) -> Totals:
        reassembly = self.rtc.reassembly
        return Totals(self.rtc.counters.payload_bytes, reassembly.repaired, reassembly.given_up)

    # Transcoding

    def _transcode(self, codec: str) -> Transcoding:
        return self._transcoders.open(
            self._stream.name,
            codec,
            on_picture=self._publish_picture,
            on_broken=lambda: self.rtc.request_keyframe(),
            on_failed=self._on_closed,
        )

    def _straighten(self, picture: EncodedFrame) -> None:
        """The first picture that is older than one before it: from the next IDR on all are
        transcoded.
        """
        try:
            self._transcoding = self._transcode("H264")
        except RequestRefused as error:
            self._begun = False
            self._on_closed(f"the encoder sends B-frames: {error}")
            return
        logger.info(
            (
                "room %s: the encoder sends B-frames; they are transcoded (set B-frames to 0 "
                "to have less delay)"
            ),
            self._stream.name,
        )
        self._sps = self._pps = b""
        self._transcoding.receive(picture)

    # Samples out

    def _publish_picture(self, picture: EncodedFrame) -> None:
        """Sends on an H.264 picture, the creator's own or the transcoder's."""
        if not self._begun:
            return
        unit = picture.unit
        self._sps, self._pps = unit.sps or self._sps, unit.pps or self._pps
        if not unit.data:
            return  # parameter sets in an access unit of their own, as OBS sends them
        if unit.key and not self._announce_parameters(picture.arrived):
            self.rtc.reassembly.needs_keyframe = True
            return
        if self._parameters is None:
            return
        self._reception.picture(picture.arrived, key=unit.key)
        stamp = self._timeline.picture(picture.timestamp, picture.arrived)
        self._stream.publish(
            self._sample(
                Track.VIDEO,
                stamp,
                picture.arrived,
                unit.data,
                key=unit.key,
                disposable=unit.disposable,
                duration=0,
            ),
        )
        self._note_flow()

    def _announce_parameters(self, arrived: float) -> bool:
        """Sends a new init segment where the IDR's parameter sets are new. False where there are
        none that can be read.
        """
        if (self._sps, self._pps) == self._parameters:
            return True
        try:
            info = h264.track_info(self._sps, self._pps)
        except BitstreamError as error:
            logger.debug("keyframe dropped: %s", error)
            return False
        publish = self._unix_us(arrived)
        self._stream.set_track(info, publish)
        self._stream.set_track(opus.track_info(), publish)
        self._parameters = (self._sps, self._pps)
        return True

    def _publish_sounds(self, sounds: list[Sound], stamp: Stamp, now: float) -> None:
        if self._parameters is None:
            # nothing to show yet: sound before the first picture would only make viewers wait
            return
        for sound in sounds:
            early = (stamp.ticks - sound.ticks) / TIMESCALE[Track.AUDIO]
            own = Stamp(sound.ticks, stamp.captured - early, stamp.estimated)
            self._stream.publish(
                self._sample(
                    Track.AUDIO,
                    own,
                    now,
                    sound.data,
                    key=True,
                    disposable=False,
                    duration=sound.duration,
                )
            )

    def _sample(
        self,
        track: Track,
        stamp: Stamp,
        arrived: float,
        data: bytes,
        *,
        key: bool,
        disposable: bool,
        duration: int,
    ) -> Sample:
        capture, publish = self._unix_us(stamp.captured), self._unix_us(arrived)
        return Sample(
            track,
            stamp.ticks,
            stamp.ticks,
            data,
            key,
            disposable,
            duration,
            capture,
            publish,
            self._epoch,
            stamp.estimated,
        )

    def _unix_us(self, now: float) -> int:
        return round((now + self._unix) * 1_000_000)

    def _note_flow(self) -> None:
        if not self.flowing and self._parameters is not None:
            self.flowing = True
            self._on_flow(True)
