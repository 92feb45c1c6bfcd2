"""The payloads of feed messages: media, inits and events (FEED.md). Pure."""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from relay.channel.event_log import PostedEvent
from relay.channel.message import Message, binary_frame, init_message
from relay.channel.wsframe import BINARY, frame_header, header_size
from relay.edge.feed import DISPOSABLE, EVENTS, HEADER_SIZE, KEY, VIDEO, Header
from relay.edge.feed import Kind as FeedKind
from relay.errors import BitstreamError, MessageError, RefusalCode
from relay.media.bmff_reader import read_fragment, read_init
from relay.message import HEADER_SIZE as RECORD_HEADER
from relay.message import Flag, Kind, media_header, read_header, read_init_body
from relay.sample import AUDIO_RATE, Sample, Track, TrackInfo

_MEDIA: Final = int(Kind.MEDIA)
_CAPTURE_ESTIMATED: Final = int(Flag.CAPTURE_ESTIMATED)
_HISTORY: Final = 1
"""Flag of an event: joining viewers get it from the history."""
_RATES: Final = (90_000, AUDIO_RATE)


def payload_of(frame: bytes) -> memoryview:
    """Returns the payload of a WebSocket frame of the origin, without a copy."""
    return memoryview(frame)[header_size(frame) :]


# Media


class RecordHead:
    """The header of a media record, and the place of the record in a feed message."""

    __slots__ = (
        "capture",
        "end",
        "epoch",
        "flags",
        "media_time",
        "publish",
        "sequence",
        "start",
        "track",
    )

    def __init__(self, data: bytes, start: int, slot: int, track: int) -> None:
        """Raises MessageError if there is no media record of this slot and track."""
        kind, its_slot, its_track, flags, epoch, sequence, media_time, capture, publish, length = (
            read_header(data, start)
        )
        if (kind, its_slot, its_track) != (_MEDIA, slot, track):
            raise MessageError("the feed message has an unexpected record")
        self.track = track
        self.flags, self.epoch, self.sequence = flags, epoch, sequence
        self.media_time, self.capture, self.publish = media_time, capture, publish
        self.start = start
        self.end = start + RECORD_HEADER + length


class Media:
    """The media of one feed message: a video record, an audio record, or both."""

    __slots__ = ("audio", "data", "disposable", "end", "key", "slot", "video")

    def __init__(self, header: Header, data: bytes) -> None:
        """`data`: the message, with its header. Raises MessageError if its records do not match
        the header.
        """
        self.data = data
        self.slot = header.slot
        self.key = header.flags & (KEY | VIDEO) == KEY | VIDEO
        self.disposable = header.flags & DISPOSABLE != 0
        at = HEADER_SIZE
        self.video: RecordHead | None = None
        self.audio: RecordHead | None = None
        if header.flags & VIDEO:
            self.video = RecordHead(data, at, header.slot, 0)
            at = self.video.end
            if header.audio not in (0, at - HEADER_SIZE):
                raise MessageError("the feed message has its audio at another offset")
        if header.audio or not header.flags & VIDEO:
            self.audio = RecordHead(data, at, header.slot, 1)
            at = self.audio.end
        self.end = at
        """Offset of the end of the media in the message."""
        if not header.flags & EVENTS and at != len(data):
            raise MessageError("the feed message is longer than its records")

    @property
    def newest(self) -> RecordHead:
        """The record that was published last."""
        found = self.video or self.audio
        if found is None:
            raise MessageError("the feed message has no media")
        return found

    @property
    def media_time(self) -> int:
        """The newest media time of the records, µs."""
        video, audio = self.video, self.audio
        if video is None or audio is None:
            return self.newest.media_time
        return max(video.media_time, audio.media_time)

    def without_video(self) -> bool:
        """Removes the video. Returns whether audio is left."""
        self.video = None
        self.key = self.disposable = False
        return self.audio is not None

    def without_audio(self) -> None:
        """Removes the audio of a message with video."""
        self.audio = None

    def message(self, with_clock: bool) -> Message:
        """Returns the message for viewers. `with_clock`: whether viewers without media get a clock
        record.
        """
        newest, video, audio = self.newest, self.video, self.audio
        no_video = self._frame(audio, audio) if video and audio else b""
        clock = binary_frame(_clock(self.slot, video)) if video and with_clock else b""
        return Message(
            self._frame(video or newest, audio or newest),
            no_video,
            self.media_time,
            newest.publish,
            slot=self.slot,
            video=video is not None,
            key=self.key,
            disposable=self.disposable,
            video_frames=int(video is not None),
            no_media=clock,
        )

    def samples(self) -> list[Sample]:
        """Returns the samples of the records. Raises BitstreamError if they are not readable."""
        return [
            sample
            for head in (self.video, self.audio)
            if head is not None
            for sample in _samples(head, self.data[head.start + RECORD_HEADER : head.end])
        ]

    def _frame(self, first: RecordHead, last: RecordHead) -> bytes:
        size = last.end - first.start
        part = memoryview(self.data)[first.start : last.end]
        return b"".join((frame_header(BINARY, size), part))


def _clock(slot: int, video: RecordHead) -> bytes:
    """Returns a clock record (PROTOCOL.md): the header of a video record without the body."""
    flags = video.flags & _CAPTURE_ESTIMATED
    return media_header(
        slot, 0, flags, video.epoch, 0, video.media_time, video.capture, video.publish, 0
    )


def _samples(head: RecordHead, body: bytes) -> list[Sample]:
    track = Track(head.track)
    # The reader of fragments takes from a track's parameters only which track it is.
    found = read_fragment(body, (TrackInfo(track, "", b""),), head.epoch)
    first, rate = found[0].pts, _RATES[track]
    return [
        Sample(
            track,
            sample.dts,
            sample.pts,
            sample.data,
            sample.key,
            sample.disposable,
            sample.duration if track is Track.AUDIO else 0,
            head.capture + (sample.pts - first) * 1_000_000 // rate,
            head.publish,
            head.epoch,
            head.flags & _CAPTURE_ESTIMATED != 0,
        )
        for sample in found
    ]


def samples_of(message: Message) -> list[Sample]:
    """Returns the samples in a media message that `Media.message` has made."""
    flags = (VIDEO if message.video else 0) | (KEY if message.key else 0)
    payload = bytes(payload_of(message.frame))
    audio = len(payload) - len(payload_of(message.no_video)) if message.no_video else 0
    header = Header(flags, FeedKind.MEDIA, message.slot, audio, 0, 0)
    return Media(header, bytes(HEADER_SIZE) + payload).samples()


# Inits


def read_init_record(record: bytes) -> tuple[TrackInfo, Message]:
    """Returns the parameters of the track, and the message for viewers. Raises MessageError if the
    record is no valid init record.
    """
    kind, slot, _, _, _, _, media_time, _, publish, length = read_header(record, 0)
    if kind != Kind.INIT or RECORD_HEADER + length != len(record):
        raise MessageError("the feed message has no init record")
    codec, segment = read_init_body(record[RECORD_HEADER:])
    try:
        (info,) = read_init(segment)
    except (BitstreamError, ValueError) as error:
        raise MessageError("the init segment in the feed message is not readable") from error
    return replace(info, codec=codec), init_message(record, slot, media_time, publish)


# Events


def pack_events(events: Iterable[PostedEvent]) -> bytes:
    """Returns events as bytes, each with its key."""
    parts: list[bytes] = []
    for event in events:
        key = (event.key or "").encode()
        parts += (bytes((len(key), _HISTORY if event.history else 0)), key, event.record)
    return b"".join(parts)


def read_events(data: bytes, at: int) -> list[PostedEvent]:
    """Returns the events from the position `at` to the end. Raises MessageError if they are not
    readable.
    """
    events = []
    while at < len(data):
        if at + 2 > len(data):
            raise MessageError("the event in the feed message is cut short")
        length, history = data[at], data[at + 1] & _HISTORY
        key, at = data[at + 2 : at + 2 + length], at + 2 + length
        kind, _, _, _, _, sequence, media_time, _, _, size = read_header(data, at)
        if kind != Kind.EVENT:
            raise MessageError("the feed message has a record that is no event")
        at += RECORD_HEADER
        name = _text(key) if length else None
        events.append(PostedEvent(sequence, media_time, data[at : at + size], name, bool(history)))
        at += size
    return events


# Other messages


def pack_close(person: str, code: RefusalCode, text: str) -> bytes:
    """Returns the payload of a message that closes the connections of a person."""
    return json.dumps({"person": person, "code": code.value, "text": text}).encode()


def read_close(data: bytes) -> tuple[str, RefusalCode, str]:
    """Returns the person, the code and the text. Raises MessageError if the payload is
    malformed.
    """
    try:
        fields = json.loads(_text(data))
        return str(fields["person"]), RefusalCode(fields["code"]), str(fields["text"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise MessageError("the feed message closes nothing") from error


def read_key(data: bytes) -> str:
    """Returns the key in the payload of a message that forgets a state."""
    return _text(data)


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise MessageError("the feed message has a text that is not UTF-8") from error
