"""A stream: one publisher's media, fanned out to any number of viewers."""

import logging
import secrets
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any, Protocol

from relay.channel.burst import Burst
from relay.channel.fanout import Fanout, Line, Viewer
from relay.channel.outbox import Message, merge
from relay.channel.pulse import Pulse
from relay.channel.wsframe import BINARY, frame_header
from relay.media import bmff
from relay.message import Flag, Kind, Record, init_body, pack_record
from relay.sample import Demand, Event, Sample, Track, TrackInfo
from relay.stream.bitrate import BitRate
from relay.stream.live_edge import Edge
from relay.stream.window import Window

logger = logging.getLogger(__name__)

AUDIO_ALONE = 40_000
"""µs without video after which sound travels in a message of its own."""
CLOCK_EVERY = 1_000_000
"""µs between two clocks for who gets no media."""


class SampleReader(Protocol):
    """An exit that writes boxes or packets of its own, from samples: called synchronously, must
    neither block nor raise.
    """

    @property
    def viewers(self) -> int:
        """How many it serves; `viewers_changed()` tells when that is another number."""

    def receive_track(self, info: TrackInfo) -> None: ...

    def receive_sample(self, sample: Sample) -> None: ...

    def end(self) -> None:
        """The stream is over; nothing follows."""


class Stream:
    """Media in by `publish()`, which never waits; out to every viewer in the same call."""

    def __init__(
        self, name: str, window: Window, slot: int = 0, pulse: Pulse | None = None
    ) -> None:
        self.name = name
        self._pulse = pulse or Pulse()
        self._batch: list[Message] = []
        self.id = secrets.token_hex(8)
        """Changes when media time starts anew: a player then starts afresh."""
        self.window = window
        self.tracks: dict[Track, TrackInfo] = {}
        self.on_demand: Callable[[Demand], None] | None = None
        """Whoever publishes hears here what viewers need."""
        self.on_upstream: Callable[[bytes], None] | None = None
        self.on_viewers: Callable[[int], None] | None = None
        self.on_report: Callable[[int, Mapping[str, Any]], None] | None = None
        """A viewer, by its number on this stream, and what it says once a second of how it plays.
        Nothing of it has been looked at.
        """
        self.on_left: Callable[[int], None] | None = None
        """The viewer of this number is gone. Numbers do not come again."""
        self._slot = slot
        self._viewers = Fanout()
        self._onlookers = Fanout()
        """Who gets events, and once a second where media time stands, because the media comes to
        them on another way.
        """
        self._numbers: dict[Viewer, int] = {}
        self._next_number = count(1)
        self._clock_publish = -CLOCK_EVERY
        self._readers: dict[SampleReader, None] = {}
        self._picture_since: int | None = None
        """Media time of the first IDR with the present parameters of the picture, µs."""
        self._inits: dict[Track, Message] = {}
        self._burst = Burst()
        self._rate = BitRate()
        self._sounds: list[Sample] = []
        self._sequence = dict.fromkeys(Track, 0)
        self._epoch = dict.fromkeys(Track, 0)
        self._video_publish = 0
        self._retained: Message | None = None
        self._edge = Edge()
        self._idr: Sample | None = None

    @property
    def viewers(self) -> int:
        """Whoever gets media, on whichever way."""
        return len(self._viewers) + sum(reader.viewers for reader in self._readers)

    @property
    def octets(self) -> int:
        """Bytes that it wrote past its viewers to their connections; what each of them wrote is
        counted there.
        """
        return self._viewers.octets + self._onlookers.octets

    @property
    def direct_viewers(self) -> int:
        """Whoever gets the stream's own messages: those over WebSockets."""
        return len(self._viewers)

    @property
    def bitrate(self) -> float:
        """Video and audio, bit/s, over the last seconds; 0 in the first one."""
        return self._rate.value

    @property
    def edge(self) -> int:
        """The newest media time published, µs."""
        return self._edge.media_time

    def still(self) -> tuple[TrackInfo, Sample] | None:
        """The latest IDR and how to decode it, for whoever wants one picture; None before the
        first.
        """
        return (self.tracks[Track.VIDEO], self._idr) if self._idr else None

    def behind(self, media_time: int) -> int:
        """µs of media between a viewer that has come so far and the newest."""
        return self._edge.behind(media_time)

    # In

    def set_track(self, info: TrackInfo, publish: int) -> None:
        """A track's decoding parameters, before its first sample and whenever they change.
        `publish`: µs since the Unix epoch.
        """
        if self.tracks.get(info.track) == info:
            return
        self.tracks[info.track] = info
        if info.track is Track.VIDEO:
            self._picture_since = self._idr = None
        self._to_readers(lambda reader: reader.receive_track(info))
        body = init_body(info.codec, bmff.init_segment(info))
        record = Record(
            Kind.INIT, body, info.track, slot=self._slot, media_time=self.edge, publish=publish
        )
        message = _message([pack_record(record)], self.edge, publish, vital=True)
        self._inits[info.track] = message
        if info.track is Track.VIDEO:
            # What was sent with the old parameters cannot be decoded with the new ones: one joins
            # at the next IDR.
            self._burst.forget()
        self._send(message)

    def publish(self, sample: Sample) -> None:
        """Takes the next sample in decoding order and sends it on. Never waits."""
        self.window.append(sample)
        self._edge.advance(sample.media_time)
        self._rate.add(len(sample.data), sample.publish)
        if self._readers:
            self._to_readers(lambda reader: reader.receive_sample(sample))
        if sample.track is Track.VIDEO:
            if sample.key:
                self._idr = sample
                if self._picture_since is None:
                    self._picture_since = sample.media_time
            if self._onlookers:
                self._send_clock(sample)
            self._video_publish = sample.publish
            self._publish_message(sample)
        else:
            self._sounds.append(sample)
            if sample.publish - self._video_publish >= AUDIO_ALONE:
                self._publish_message(None)

    def publish_event(self, event: Event, *, retain: bool = False) -> None:
        """Sends an opaque event to every viewer; the last retained one goes to each joining viewer
        too.
        """
        record = Record(Kind.EVENT, event.body, slot=self._slot, media_time=event.at)
        message = _message([pack_record(record)], event.at, 0, vital=True)
        if retain:
            self._retained = message
        self._send(message)

    def end(self) -> None:
        """Ends the stream for every viewer."""
        if self._batch:
            self._send_now(merge(self._batch))
            self._batch.clear()
        self._to_readers(lambda reader: reader.end())
        for viewer in [*self._viewers, *self._onlookers]:
            viewer.end()

    # Out

    def subscribe(self, viewer: Viewer, *, media: bool = True) -> list[Message]:
        """Adds a viewer. Returns what it must get first: the retained event, the inits, everything
        since the last IDR.

        Without `media` it gets events, inits and the clock, and does not count as a viewer.
        """
        self._numbers[viewer] = next(self._next_number)
        if not media:
            self._onlookers.add(viewer)
            return [*([self._retained] if self._retained else []), *self._inits.values()]
        if self._batch:
            # It is in the burst of whoever joins now, and must not come a second time.
            self._send_now(merge(self._batch))
            self._batch.clear()
        self._viewers.add(viewer)
        self.viewers_changed()
        retained = [self._retained] if self._retained else []
        return [*retained, *self._inits.values(), *self._burst.messages]

    def joined(self, now: int) -> None:
        """Asks for a fresh IDR where a joining viewer met none, or an old one. `now`: µs since the
        Unix epoch.
        """
        if self.tracks and self._burst.is_stale(now):
            self.demand_keyframe()

    def unsubscribe(self, viewer: Viewer) -> None:
        number = self._numbers.pop(viewer, None)
        if self.on_left and number is not None:
            self.on_left(number)
        self._onlookers.remove(viewer)
        if self._viewers.remove(viewer):
            self.viewers_changed()

    def add_reader(self, reader: SampleReader) -> None:
        """From now on it gets every sample; what came before is in `window` and `tracks`."""
        self._readers[reader] = None

    def history(self, seconds: float) -> list[Sample]:
        """About the last seconds, from an IDR on, as far as the present parameters of the picture
        hold.
        """
        if self._picture_since is None:
            return []
        return self.window.since(max(self.edge - round(seconds * 1_000_000), self._picture_since))

    def remove_reader(self, reader: SampleReader) -> None:
        if self._readers.pop(reader, 0) is None:
            self.viewers_changed()

    def open_line(self, viewer: Viewer, line: Line) -> None:
        """From now on a viewer's messages go straight over its line, until that takes less than all
        of one; then `send` is called again.
        """
        self._viewers.open_line(viewer, line)
        self._onlookers.open_line(viewer, line)

    def close_line(self, viewer: Viewer) -> None:
        self._viewers.close_line(viewer)
        self._onlookers.close_line(viewer)

    def demand_keyframe(self) -> None:
        """Asks the publisher for an IDR; it limits the rate itself."""
        if self.on_demand:
            self.on_demand(Demand(keyframe=True, viewers=self.viewers))

    def upstream(self, body: bytes) -> None:
        """Passes a viewer's opaque message up to whoever publishes."""
        if self.on_upstream:
            self.on_upstream(body)

    def report(self, viewer: Viewer, report: Mapping[str, Any]) -> None:
        """Passes on how a viewer plays, unread."""
        number = self._numbers.get(viewer)
        if self.on_report and number is not None:
            self.on_report(number, report)

    def viewers_changed(self) -> None:
        """Tells whoever wants to know how many are watching."""
        if self.on_viewers:
            self.on_viewers(self.viewers)

    def _to_readers(self, call: Callable[[SampleReader], None]) -> None:
        for reader in list(self._readers):
            try:
                call(reader)
            except Exception:  # one exit must not cost the others a frame
                logger.exception("an exit of %s failed", self.name)

    # Messages

    def _publish_message(self, video: Sample | None) -> None:
        sounds, self._sounds = self._sounds, []
        audio_record = self._record(sounds, Track.AUDIO) if sounds else b""
        video_record = self._record([video], Track.VIDEO) if video else b""
        newest = video or sounds[-1]
        message = _message(
            [video_record, audio_record],
            self.edge,
            newest.publish,
            video=video is not None,
            key=video is not None and video.key,
            disposable=video is not None and video.disposable,
        )
        self._burst.add(message)
        self._send(message)

    def _record(self, samples: list[Sample], track: Track) -> bytes:
        first, last = samples[0], samples[-1]
        sequence = self._sequence[track]
        self._sequence[track] = sequence + 1
        flags = Flag.NONE
        if first.key:
            flags |= Flag.KEY
        if first.disposable:
            flags |= Flag.DISPOSABLE
        if first.capture_estimated:
            flags |= Flag.CAPTURE_ESTIMATED
        if first.epoch != self._epoch[track]:
            self._epoch[track] = first.epoch
            flags |= Flag.DISCONTINUITY
        body = bmff.fragment(samples, sequence, track)
        return pack_record(
            Record(
                Kind.MEDIA,
                body,
                track,
                flags,
                self._slot,
                first.epoch,
                sequence,
                first.media_time,
                first.capture,
                last.publish,
            )
        )

    def _send(self, message: Message) -> None:
        """To every viewer now; or, while the event loop is behind, together with the next ones."""
        batch = self._batch
        if batch and (message.vital or message.key):
            # Nothing overtakes; and a batch begins with its keyframe, so that it can be taken or
            # left as a whole.
            self._send_now(merge(batch))
            batch.clear()
        if not message.vital and (batch or self._pulse.batch > 1):
            batch.append(message)
            if len(batch) < self._pulse.batch:
                return
            message = merge(batch)
            batch.clear()
        self._send_now(message)

    def _send_clock(self, sample: Sample) -> None:
        """A media record without media, once a second: when the picture of this media time was
        captured.
        """
        if not 0 <= sample.publish - self._clock_publish < CLOCK_EVERY:
            self._clock_publish = sample.publish
            flags = Flag.CAPTURE_ESTIMATED if sample.capture_estimated else Flag.NONE
            record = Record(
                Kind.MEDIA,
                b"",
                Track.VIDEO,
                flags,
                self._slot,
                sample.epoch,
                0,
                sample.media_time,
                sample.capture,
                sample.publish,
            )
            message = _message([pack_record(record)], self.edge, sample.publish, vital=True)
            for viewer in self._onlookers.deliver(message):
                self.unsubscribe(viewer)

    def _send_now(self, message: Message) -> None:
        for fanout in (
            (self._viewers, self._onlookers)
            if message.vital and self._onlookers
            else (self._viewers,)
        ):
            for viewer in fanout.deliver(message):
                self.unsubscribe(viewer)


def _message(
    records: list[bytes],
    media_time: int,
    publish: int,
    *,
    video: bool = False,
    key: bool = False,
    disposable: bool = False,
    vital: bool = False,
) -> Message:
    """Frames records for the WebSocket; the last of two is the sound that a slow viewer gets
    alone.
    """
    size = sum(map(len, records))
    frame = b"".join((frame_header(BINARY, size), *records))
    sound = records[-1] if video and len(records) == 2 else b""
    audio = frame_header(BINARY, len(sound)) + sound if sound else b""
    return Message(frame, audio, media_time, publish, video, key, disposable, vital, int(video))
