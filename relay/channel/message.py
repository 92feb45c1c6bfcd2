"""WebSocket messages for the fan-out. Each message is built only once, because every viewer gets
the same bytes.
"""

from collections.abc import Sequence

from relay.channel.event_log import PostedEvent
from relay.channel.wsframe import BINARY, frame_header, header_size


class Message:
    """A WebSocket message with its frame header, and shorter versions for viewers that get no video
    or no media.
    """

    __slots__ = (
        "disposable",
        "event_bytes",
        "events",
        "frame",
        "key",
        "media_time",
        "no_media",
        "no_video",
        "video_frames",
        "publish",
        "slot",
        "video",
        "vital",
    )

    def __init__(
        self,
        frame: bytes,
        no_video: bytes,
        media_time: int,
        publish: int,
        *,
        slot: int = 0,
        video: bool = False,
        key: bool = False,
        disposable: bool = False,
        vital: bool = False,
        video_frames: int = 0,
        no_media: bytes = b"",
        events: tuple[PostedEvent, ...] = (),
    ) -> None:
        self.frame = frame
        self.no_video = no_video
        """WebSocket frame with only the audio and the events, for a viewer that gets no video; may
        be empty. Valid only if the message contains video.
        """
        self.media_time = media_time
        """The newest media time in the message, µs."""
        self.publish = publish
        """Time of publication: µs since the Unix epoch."""
        self.slot = slot
        self.video = video
        self.key = key
        self.disposable = disposable
        self.vital = vital
        """Whether every viewer must get the message, for example because it contains an init
        record.
        """
        self.video_frames = video_frames
        """Number of video frames in the message."""
        self.no_media = no_media
        """WebSocket frame with only init records, clock records and events, for a viewer that gets
        no media; may be empty.
        """
        self.events = events
        self.event_bytes = sum(len(event.record) for event in events) if events else 0


def media_message(
    video: bytes,
    audio: bytes,
    media_time: int,
    publish: int,
    *,
    slot: int = 0,
    key: bool = False,
    disposable: bool = False,
    clock: bytes = b"",
) -> Message:
    """Builds a message from a video record, an audio record, or both. If there is no video record,
    `video` is empty; if there is no audio record, `audio` is empty. `clock`: the clock record for
    viewers that get no media.
    """
    frame = b"".join((frame_header(BINARY, len(video) + len(audio)), video, audio))
    return Message(
        frame,
        binary_frame(audio) if video and audio else b"",
        media_time,
        publish,
        slot=slot,
        video=bool(video),
        key=key,
        disposable=disposable,
        video_frames=int(bool(video)),
        no_media=binary_frame(clock) if clock else b"",
    )


def init_message(record: bytes, slot: int, media_time: int, publish: int) -> Message:
    """Builds a message from one packed init record."""
    frame = binary_frame(record)
    return Message(frame, b"", media_time, publish, slot=slot, vital=True, no_media=frame)


def event_message(events: Sequence[PostedEvent], media_time: int) -> Message:
    """Builds a message that contains only events."""
    frame = binary_frame(b"".join(event.record for event in events))
    return Message(frame, b"", media_time, 0, no_media=frame, events=tuple(events))


def with_events(message: Message, events: Sequence[PostedEvent]) -> Message:
    """Returns a copy of a message with the records of `events` appended."""
    records = b"".join(event.record for event in events)
    return Message(
        _extended(message.frame, records),
        _extended(message.no_video, records),
        message.media_time,
        message.publish,
        slot=message.slot,
        video=message.video,
        key=message.key,
        disposable=message.disposable,
        vital=message.vital,
        video_frames=message.video_frames,
        no_media=_extended(message.no_media, records),
        events=tuple(events),
    )


def merge(messages: Sequence[Message]) -> Message:
    """Merges several messages of one slot, in order. Only the first message may contain a keyframe:
    a viewer that starts at a keyframe could not decode the frames before the keyframe.
    """
    if len(messages) == 1:
        return messages[0]
    return Message(
        b"".join(message.frame for message in messages),
        b"".join(without_video(message) for message in messages),
        messages[-1].media_time,
        messages[-1].publish,
        slot=messages[0].slot,
        video=any(message.video for message in messages),
        key=messages[0].key,
        disposable=all(message.disposable for message in messages),
        video_frames=sum(message.video_frames for message in messages),
        no_media=b"".join(message.no_media for message in messages),
        events=tuple(event for message in messages for event in message.events),
    )


def without_video(message: Message) -> bytes:
    """Returns the bytes of a message without its video."""
    return message.no_video if message.video else message.frame


def binary_frame(payload: bytes) -> bytes:
    return frame_header(BINARY, len(payload)) + payload


def _extended(frame: bytes, records: bytes) -> bytes:
    """Returns a WebSocket frame with the payload of `frame`, followed by `records`. `frame` may be
    empty.
    """
    return binary_frame(frame[header_size(frame) :] + records) if frame else binary_frame(records)
