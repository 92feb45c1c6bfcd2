"""Makes WebSocket messages from the samples of the stream in one slot."""

from typing import Final, Protocol

from relay.channel.burst import Burst
from relay.channel.draft import CAPTURE_ESTIMATED, NO_PLACE, Draft, Records
from relay.channel.message import Message, init_message
from relay.media import bmff
from relay.message import Kind, Record, init_body, media_header, pack_record
from relay.sample import VIDEO, Sample, Track, TrackInfo
from relay.stream.stream import Stream

AUDIO_ALONE: Final = 40_000
"""Time since the last video frame after which audio is sent alone, µs. Before this time, audio
waits for the next video frame and is sent with it.
"""
CLOCK_EVERY: Final = 1_000_000
"""Time between two clock records for viewers without media, µs."""


class MessageSink(Protocol):
    """Receives the messages that the slot readers of one channel make."""

    @property
    def watched(self) -> bool:
        """Whether the channel has viewers, with or without media. If the channel has no viewers,
        the slot reader only adds each media message to its burst, and does not pass the message to
        the channel.
        """

    @property
    def wants_clock(self) -> bool:
        """Whether the channel has viewers without media, which need clock records."""

    def receive_init(self, slot: "SlotReader", info: TrackInfo, message: Message) -> None: ...

    def receive_message(self, slot: "SlotReader", message: Message) -> None: ...

    def receive_end(self, slot: "SlotReader") -> None: ...


class SlotReader:
    """Receives the samples of the stream in one slot. Implements SampleReader
    (relay/stream/stream.py).
    """

    __slots__ = (
        "_audio",
        "_clock_publish",
        "_sink",
        "_sounds",
        "_video",
        "_video_publish",
        "batch",
        "burst",
        "inits",
        "number",
        "stream",
    )

    def __init__(self, number: int, stream: Stream, sink: MessageSink) -> None:
        self.number = number
        self.stream = stream
        self.inits: dict[Track, Message] = {}
        self.burst = Burst()
        self.batch: list[Message] = []
        """Messages that the channel holds back while the event loop is late."""
        self._sink = sink
        self._sounds: list[Sample] = []
        self._video, self._audio = Records(), Records()
        self._video_publish = 0
        self._clock_publish = -CLOCK_EVERY
        for info in stream.tracks.values():
            self.receive_track(info)

    def receive_track(self, info: TrackInfo) -> None:
        edge, publish = self.stream.edge, self.stream.published
        body = init_body(info.codec, bmff.init_segment(info))
        record = Record(
            Kind.INIT, body, info.track, slot=self.number, media_time=edge, publish=publish
        )
        message = init_message(pack_record(record), self.number, edge, publish)
        self.inits[info.track] = message
        if info.track is Track.VIDEO:
            # Drop the earlier frames, because they cannot be decoded with the new parameters. New
            # viewers join at the next IDR.
            self.burst.clear()
        self._sink.receive_init(self, info, message)

    def receive_sample(self, sample: Sample) -> None:
        if sample.track is VIDEO:
            self._video_publish = sample.publish
            self._send(sample)
        else:
            self._sounds.append(sample)
            if sample.publish - self._video_publish >= AUDIO_ALONE:
                self._send(None)

    def end(self) -> None:
        self._sink.receive_end(self)

    def take_init(self, info: TrackInfo, message: Message) -> None:
        """Sends an init message that was made elsewhere (relay/edge), instead of making one."""
        self.inits[info.track] = message
        if info.track is Track.VIDEO:
            self.burst.clear()
        self._sink.receive_init(self, info, message)

    def take(self, message: Message) -> None:
        """Sends a media message that was made elsewhere."""
        self.burst.add(message)
        if self._sink.watched:
            self._sink.receive_message(self, message)

    def _send(self, video: Sample | None) -> None:
        sounds, self._sounds = self._sounds, []
        draft = Draft(
            self.number,
            video,
            self._video.place(video) if video else NO_PLACE,
            sounds,
            self._audio.place(sounds[0]) if sounds else NO_PLACE,
            self.stream.edge,
        )
        if not self._sink.watched:
            self.burst.keep(draft)
            return
        message = draft.write(self._clock(video) if video and self._sink.wants_clock else b"")
        self.burst.add(message)
        self._sink.receive_message(self, message)

    def _clock(self, video: Sample) -> bytes:
        """Returns a clock record once a second, otherwise empty bytes. A clock record is a media
        record without a body. Its media time and capture time are those of `video`.
        """
        if 0 <= video.publish - self._clock_publish < CLOCK_EVERY:
            return b""
        self._clock_publish = video.publish
        return media_header(
            self.number,
            VIDEO,
            CAPTURE_ESTIMATED if video.capture_estimated else 0,
            video.epoch,
            0,
            video.media_time,
            video.capture,
            video.publish,
            0,
        )
