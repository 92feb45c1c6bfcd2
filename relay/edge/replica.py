"""The copy of a room's channel at an edge."""

import logging
from collections.abc import Callable
from enum import Enum

from relay.callbacks import ignore
from relay.channel.channel import Channel
from relay.channel.event_log import PostedEvent
from relay.channel.owner import ChannelOwner
from relay.channel.pulse import Pulse
from relay.channel.slot_reader import CLOCK_EVERY, SlotReader
from relay.edge.counters import EdgeCounters
from relay.edge.feed import ENDED, HEADER_SIZE, Header, Kind, Order, Parts, Place, read_header
from relay.edge.join import Snapshot
from relay.edge.payload import (
    Media,
    payload_of,
    read_close,
    read_events,
    read_init_record,
    read_key,
    samples_of,
)
from relay.errors import BitstreamError, MessageError
from relay.message import HEADER_SIZE as RECORD_HEADER
from relay.sample import Demand
from relay.stream.stream import Stream
from relay.stream.window import Window

logger = logging.getLogger(__name__)

WINDOW_S, WINDOW_BYTES = 20.0, 24 * 1024 * 1024
"""Limits of the window of a copied stream. It is used only while the stream has readers."""
HELD_MAX = 8 * 1024 * 1024
"""Maximum size of the feed messages that wait for a snapshot, bytes."""
SLOTS = 8
"""Maximum number of slots."""


class ReplicaState(Enum):
    JOINING = "joining"
    """The feed messages wait for a snapshot."""
    FOLLOWING = "following"
    ENDED = "ended"
    """The room has ended, or the copy was given up."""


class Trouble(Enum):
    """Why a copy needs a new snapshot."""

    GAP = "gap"
    """Feed messages were lost."""
    MOVED = "moved"
    """The room has another origin."""


class Replica:
    """Applies feed messages and snapshots to a copy of the channel. While `joining`, feed messages
    wait for the snapshot; `join` applies it.
    """

    def __init__(
        self,
        room: str,
        snapshot: Snapshot,
        owner: ChannelOwner,
        pulse: Pulse,
        counters: EdgeCounters,
        *,
        demand: Callable[[], None],
        trouble: Callable[[Trouble], None],
        now: Callable[[], int],
    ) -> None:
        """`demand` must ask the origin for a keyframe. `trouble` is called when the copy needs a
        new snapshot. `now` returns this node's clock, µs since the Unix epoch.
        """
        stream = Stream(room, Window(WINDOW_S, WINDOW_BYTES))
        stream.id = snapshot.stream
        self.channel = Channel(room, stream, owner, pulse, copied=True)
        # The snapshot has older events, which come next.
        self.channel.go_on(snapshot.channel, 0)
        self.state = ReplicaState.JOINING
        self._counters = counters
        self._demand = demand
        self._trouble = trouble
        self._now = now
        self._order = Order(snapshot.epoch, snapshot.sequence)
        self._parts = Parts()
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._slots: dict[int, _Slot] = {}
        self._watch_stream(stream)

    # Life

    def begin_join(self) -> None:
        """Lets feed messages wait for a snapshot from now on."""
        if self.state is ReplicaState.FOLLOWING:
            self.state = ReplicaState.JOINING

    def join(self, snapshot: Snapshot) -> bool:
        """Applies a snapshot, and then the feed messages that came after it. Returns False, and
        changes nothing, if the snapshot belongs to another channel or stream: then viewers must
        start again. Raises MessageError if the snapshot is malformed.
        """
        channel = self.channel
        if (snapshot.channel, snapshot.stream) != (channel.id, channel.stream.id):
            return False
        messages = list(snapshot)
        moved = snapshot.epoch != self._order.epoch
        self._order = Order(snapshot.epoch, snapshot.sequence)
        self._parts.clear()
        for reader in self.channel.readers:
            reader.burst.clear()
        for header, data in messages:
            try:
                if header.kind is Kind.MEDIA:
                    self._apply_burst(header, data, moved)
                else:
                    self._apply(header, data)
            except (MessageError, BitstreamError) as error:
                self._drop(error)
        channel.go_on(channel.id, max(channel.newest_event, snapshot.event))
        self._release()
        return True

    def fail_join(self) -> None:
        """Goes on without a snapshot: viewers get no video until the next keyframe."""
        if self.state is ReplicaState.JOINING:
            self._lose_video()
            self._release()

    def end(self) -> None:
        """Ends the room for its viewers."""
        self._forget()
        self.channel.end()

    def give_up(self) -> None:
        """Ends the copy, but not the room: the viewers reconnect."""
        if self.state is not ReplicaState.ENDED:
            self._forget()
            self.channel.move()

    def _forget(self) -> None:
        """Drops what refers to this object or is not needed any more."""
        self.state = ReplicaState.ENDED
        self._held.clear()
        for _, stream in self.channel.slots:
            stream.detach(self)
            stream.on_read = ignore

    @property
    def used(self) -> bool:
        """Whether the copy has viewers, of any kind."""
        return self.channel.members > 0 or self.channel.viewers > 0 or self.channel.stream.read

    # Feed messages

    def receive(self, data: bytes) -> None:
        """Takes a feed message, in the order of arrival."""
        self._counters.messages += 1
        self._counters.octets += len(data)
        if self.state is ReplicaState.FOLLOWING:
            self._receive(data)
        elif self.state is ReplicaState.JOINING:
            self._hold(data)

    def _hold(self, data: bytes) -> None:
        self._held.append(data)
        self._held_bytes += len(data)
        if self._held_bytes > HELD_MAX:  # what is lost here shows as a gap
            self._held.clear()
            self._held_bytes = 0

    def _release(self) -> None:
        self.state = ReplicaState.FOLLOWING
        held, self._held = self._held, []
        self._held_bytes = 0
        for data in held:
            if self.state is ReplicaState.FOLLOWING:
                self._receive(data)
            elif self.state is ReplicaState.JOINING:
                self._hold(data)

    def _receive(self, data: bytes) -> None:
        try:
            header = read_header(data)
            place = self._order.place(header)
            if place is Place.OLD:
                self._counters.old += 1
                return
            if place is Place.GAP:
                self._begin_gap(header, data)
                return
            whole = self._parts.add(header, data)
            if whole is not None:
                self._apply(header, whole)
        except (MessageError, BitstreamError) as error:
            self._drop(error)

    def _drop(self, error: Exception) -> None:
        self._counters.malformed += 1
        logger.debug("a feed message of %s was dropped: %s", self.channel.name, error)

    def _begin_gap(self, header: Header, data: bytes) -> None:
        """Waits for a snapshot with what was lost. The message waits too."""
        self._counters.gaps += 1
        self._parts.clear()
        # Not applied yet: if the snapshot fails, the message is the first after the gap.
        self._order.sequence = header.sequence - 1
        self.begin_join()
        self._hold(data)
        self._demand()
        self._trouble(Trouble.GAP)

    def _apply(self, header: Header, data: bytes) -> None:
        channel = self.channel
        match header.kind:
            case Kind.MEDIA:
                self._apply_media(Media(header, data), data)
            case Kind.INIT:
                self._apply_init(header, data[HEADER_SIZE:])
            case Kind.EVENTS:
                self._post(read_events(data, HEADER_SIZE))
            case Kind.ALIVE:
                pass
            case Kind.FORGET:
                channel.forget(read_key(data[HEADER_SIZE:]))
            case Kind.CLEAR:
                channel.forget_media()
            case Kind.CLOSE:
                channel.close_person(*read_close(data[HEADER_SIZE:]))
            case Kind.REMOVE:
                self._slots.pop(header.slot, None)
                channel.remove_stream(header.slot)
            case Kind.END:
                if data[HEADER_SIZE:] == ENDED:
                    self.end()
                else:
                    self.begin_join()
                    self._trouble(Trouble.MOVED)

    def _post(self, events: list[PostedEvent]) -> None:
        for event in events:
            try:
                self.channel.post_copy(event)
            except ValueError as error:  # the event exceeds a limit that its origin enforces
                self._drop(error)

    # Tracks and media

    def _apply_init(self, header: Header, record: bytes) -> None:
        info, message = read_init_record(record)
        reader = self._reader(header.slot)
        present = reader.inits.get(info.track)
        if (
            present is not None
            and payload_of(present.frame)[RECORD_HEADER:] == record[RECORD_HEADER:]
        ):
            return  # a snapshot repeats the inits
        reader.stream.set_track(info, message.publish)
        reader.take_init(info, message)

    def _apply_media(self, media: Media, data: bytes) -> None:
        reader, slot = self._reader(media.slot), self._slot(media.slot)
        if media.end < len(data):
            self._post(read_events(data, media.end))
        if media.video is not None:
            if media.key:
                slot.broken = False
            elif slot.broken and not media.without_video():
                return
        self._counters.add_delay(self._now() + self.channel.ahead - media.newest.publish)
        self._send(reader, slot, media)

    def _apply_burst(self, header: Header, data: bytes, moved: bool) -> None:
        """Applies a media message of a snapshot. Viewers get it unless they have it already."""
        media = Media(header, data)
        reader, slot = self._reader(media.slot), self._slot(media.slot)
        if media.key:
            slot.broken = False
        if slot.has(media, moved):
            reader.burst.add(media.message(False))
        else:
            self._send(reader, slot, media)

    def _send(self, reader: SlotReader, slot: "_Slot", media: Media) -> None:
        stream = reader.stream
        slot.note(media)
        if stream.read:
            for sample in media.samples():
                stream.publish(sample)
        else:
            if slot.unpacked:
                slot.unpacked = False
                stream.window.clear()
            size = media.end - HEADER_SIZE
            stream.pass_by(media.media_time, size, media.newest.publish, media.key)
        reader.take(media.message(self._clock_due(slot, media)))

    def _clock_due(self, slot: "_Slot", media: Media) -> bool:
        publish = media.newest.publish
        if not self.channel.wants_clock or media.video is None:
            return False
        if 0 <= publish - slot.clock_at < CLOCK_EVERY:
            return False
        slot.clock_at = publish
        return True

    def _lose_video(self) -> None:
        for reader in self.channel.readers:
            reader.burst.clear()
            self._slot(reader.number).broken = True

    # Slots and streams

    def _slot(self, number: int) -> "_Slot":
        return self._slots.setdefault(number, _Slot())

    def _reader(self, number: int) -> SlotReader:
        """Returns the reader of a slot, which is made if it is missing."""
        reader = self.channel.reader(number)
        if reader is None:
            if number >= SLOTS:
                raise MessageError(f"the feed message has the slot {number}")
            stream = Stream(self.channel.name, Window(WINDOW_S, WINDOW_BYTES))
            self.channel.add_stream(number, stream)
            self._watch_stream(stream)
            reader = self.channel.reader(number)
            assert reader is not None
        return reader

    def _watch_stream(self, stream: Stream) -> None:
        stream.attach(self)
        stream.on_read = lambda: self._unpack(stream)

    def _unpack(self, stream: Stream) -> None:
        """Publishes the media since the last IDR as samples, because the stream has got its first
        reader.
        """
        for reader in self.channel.readers:
            slot = self._slot(reader.number)
            if reader.stream is stream and not slot.unpacked:
                slot.unpacked = True
                for message in reader.burst.messages:
                    for sample in samples_of(message):
                        stream.publish(sample)

    def receive_demand(self, demand: Demand) -> None:
        """Asks the origin for what viewers need (implements Publisher)."""
        if demand.keyframe and self.state is not ReplicaState.ENDED:
            self._demand()


class _Slot:
    """What a copy remembers of the media of one slot."""

    __slots__ = ("_audio", "_time", "_video", "broken", "clock_at", "unpacked")

    def __init__(self) -> None:
        self.broken = False
        """Whether video is left out until the next keyframe, because a frame was lost."""
        self.unpacked = False
        """Whether the stream has samples since the last IDR."""
        self.clock_at = -CLOCK_EVERY
        """When the last clock record was published, µs."""
        self._video: tuple[int, int] | None = None
        self._audio: tuple[int, int] | None = None
        """Epoch and number of the last record of each track."""
        self._time = -1
        """The newest media time, µs."""

    def note(self, media: Media) -> None:
        """Remembers the media that viewers got last."""
        if media.video:
            self._video = (media.video.epoch, media.video.sequence)
        if media.audio:
            self._audio = (media.audio.epoch, media.audio.sequence)
        self._time = max(self._time, media.media_time)

    def has(self, media: Media, moved: bool) -> bool:
        """Returns whether viewers got this media already. `moved`: whether it comes from another
        origin, which numbers its records anew.
        """
        if moved:
            return media.media_time <= self._time
        head, last = (media.video, self._video) if media.video else (media.audio, self._audio)
        return head is not None and last is not None and (head.epoch, head.sequence) <= last
