"""A channel: who is sent what for one room."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Protocol

from relay.channel.event_log import EventLog, PostedEvent
from relay.channel.fanout import DirectSocket, Fanout, Viewer
from relay.channel.message import Message, event_message, merge, with_events
from relay.channel.pulse import Pulse
from relay.channel.slot_reader import SlotReader
from relay.errors import MessageError
from relay.sample import TrackInfo
from relay.stream.stream import Stream

logger = logging.getLogger(__name__)

EVENTS_WITHIN = 0.1
"""Seconds that an event waits for a media message; after that it goes out in one of its own."""
EVENT_MAX = 16 * 1024
"""Bytes of one event."""
PENDING_MAX = 32 * 1024
"""Bytes of events that wait for a media message; past them they go out at once."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a viewer says, other than how it plays."""

    viewer: int
    """The viewer's number in this channel."""
    person: str | None
    """As given at `subscribe`; opaque to the relay."""
    media_time: int
    """Where the viewer stands, µs."""
    body: Mapping[str, Any]
    """The notice itself: a JSON object that has a `type`. Only the type has been checked."""


class ChannelOwner(Protocol):
    """The room of a channel. Called synchronously."""

    def viewers_changed(self, viewers: int) -> None: ...

    def viewer_left(self, viewer: int) -> None:
        """The viewer of this number has left. Numbers are not used again."""

    def receive_report(self, viewer: int, report: Mapping[str, Any]) -> None:
        """How a viewer plays; its fields are unchecked."""

    def receive_notice(self, notice: Notice) -> None:
        """Raises MessageError for a notice that it does not know."""


class Output(Protocol):
    """Serves viewers that get no messages of the channel: WHEP sessions, HLS clients."""

    @property
    def viewers(self) -> int:
        """How many; it calls `Channel.viewers_changed` when the number changes."""


class Timer(Protocol):
    def cancel(self) -> None: ...


class _Member:
    """A viewer's place in the channel."""

    __slots__ = ("media_time", "number", "person")

    def __init__(self, number: int, person: str | None) -> None:
        self.number = number
        self.person = person
        self.media_time = -1
        """By its last report, µs; -1 before the first."""


class Channel:
    """Sends the media of its streams, one in each slot, and the events of its room to any number
    of viewers.

    An event costs no system call of its own: events that were posted since the last message travel
    behind the next one.
    """

    def __init__(
        self,
        name: str,
        stream: Stream,
        owner: ChannelOwner,
        pulse: Pulse | None = None,
        call_later: Callable[[float, Callable[[], None]], Timer] | None = None,
    ) -> None:
        """`stream` takes slot 0. `call_later` replaces that of the event loop."""
        self.name = name
        self.id = secrets.token_hex(8)
        """Numbers of events count within it."""
        self._owner: ChannelOwner = owner
        self._pulse = pulse or Pulse()
        self._call_later = call_later
        self._with_media = Fanout()
        self._without_media = Fanout()
        self._members: dict[Viewer, _Member] = {}
        self._numbers = count(1)
        self._outputs: dict[Output, None] = {}
        self._log = EventLog()
        self._event_numbers = count(1)
        self._pending: list[PostedEvent] = []
        self._pending_bytes = 0
        self._events_timer: Timer | None = None
        self._slots: dict[int, SlotReader] = {}
        self.stream = stream
        """The stream in slot 0, whose media time is that of the events."""
        self.add_stream(0, stream)

    # Streams

    def add_stream(self, slot: int, stream: Stream) -> None:
        """From now on viewers get this stream too. Raises ValueError where the slot is taken."""
        if slot in self._slots:
            raise ValueError(f"slot {slot} is taken")
        self._slots[slot] = reader = SlotReader(slot, stream, self)
        stream.add_reader(reader)
        if self._members and stream.tracks:
            stream.demand_keyframe()

    def remove_stream(self, slot: int) -> None:
        """The stream goes on, but no longer to viewers of this channel."""
        reader = self._slots.pop(slot, None)
        if reader:
            self._flush(reader)
            reader.stream.remove_reader(reader)

    @property
    def slots(self) -> Iterator[tuple[int, Stream]]:
        return ((slot, reader.stream) for slot, reader in self._slots.items())

    @property
    def edge(self) -> int:
        """The newest media time published in slot 0, µs."""
        return self.stream.edge

    @property
    def bitrate(self) -> float:
        """Of all slots, bit/s."""
        return sum(reader.stream.bitrate for reader in self._slots.values())

    def behind(self, media_time: int) -> int:
        """µs of media between a viewer that stands at `media_time` and the live edge."""
        return self.stream.behind(media_time)

    def demand_keyframes(self) -> None:
        """Asks the publisher in each slot for an IDR."""
        for reader in self._slots.values():
            reader.stream.demand_keyframe()

    def demand_fresh_keyframes(self, now: int) -> None:
        """Asks for an IDR in each slot whose burst is missing or old. `now`: µs since the Unix
        epoch.
        """
        for reader in self._slots.values():
            if reader.stream.tracks and not reader.burst.messages:
                reader.stream.demand_keyframe()
            else:
                reader.stream.demand_fresh_keyframe(now)

    # Viewers

    @property
    def viewers(self) -> int:
        """All that get media, whatever the transport."""
        return len(self._with_media) + sum(output.viewers for output in self._outputs)

    @property
    def direct_viewers(self) -> int:
        """Those that get the channel's own messages with media: over WebSockets."""
        return len(self._with_media)

    @property
    def octets(self) -> int:
        """Bytes written to direct sockets; what viewers write themselves they count."""
        return self._with_media.octets + self._without_media.octets

    @property
    def wants_clock(self) -> bool:
        return len(self._without_media) > 0

    def subscribe(
        self, viewer: Viewer, *, person: str | None = None, media: bool = True, after: int = 0
    ) -> list[Message]:
        """Adds a viewer. Returns what it must get first: the retained states and the history (of
        events after number `after`), the inits, and everything since the last IDR of each slot.

        Without `media` it gets events, inits and the clock, and does not count as a viewer.
        """
        for reader in self._slots.values():
            # What is held back is in the burst, and must not reach the new viewer twice.
            self._flush(reader)
        self._members[viewer] = _Member(next(self._numbers), person)
        events = self._log.since(after)
        first = [event_message(events, self.edge)] if events else []
        for reader in self._slots.values():
            first += reader.inits.values()
        if media:
            for reader in self._slots.values():
                first += reader.burst.messages
            self._with_media.add(viewer)
            self.viewers_changed()
        else:
            self._without_media.add(viewer)
        return first

    def unsubscribe(self, viewer: Viewer) -> None:
        """Nothing follows for this viewer; nothing happens where it has left before."""
        member = self._members.pop(viewer, None)
        if member is None:
            return
        self._owner.viewer_left(member.number)
        self._without_media.remove(viewer)
        if self._with_media.remove(viewer):
            self.viewers_changed()

    def open_direct(self, viewer: Viewer, direct: DirectSocket) -> None:
        """From now on the viewer's messages go to its socket, until that takes less than all of
        one; after that `send` is called again.
        """
        self._with_media.open_direct(viewer, direct)
        self._without_media.open_direct(viewer, direct)

    def close_direct(self, viewer: Viewer) -> None:
        """From now on `send` is called for each message."""
        self._with_media.close_direct(viewer)
        self._without_media.close_direct(viewer)

    def add_output(self, output: Output) -> None:
        """Its viewers count from now on."""
        self._outputs[output] = None
        self.viewers_changed()

    def remove_output(self, output: Output) -> None:
        if output in self._outputs:
            del self._outputs[output]
            self.viewers_changed()

    def viewers_changed(self) -> None:
        """The number of viewers is another one."""
        self._owner.viewers_changed(self.viewers)

    # Upstream

    def receive_report(self, viewer: Viewer, report: Mapping[str, Any], media_time: int) -> None:
        """A viewer says how it plays, and that it stands at `media_time`."""
        if member := self._members.get(viewer):
            member.media_time = media_time
            try:
                self._owner.receive_report(member.number, report)
            except Exception:  # a defect of the room is not the viewer's mistake
                logger.exception("a report to %s was lost", self.name)

    def receive_notice(self, viewer: Viewer, body: Mapping[str, Any]) -> None:
        """A viewer says something else. Raises MessageError where the room does not know it."""
        member = self._members.get(viewer)
        if member is None:
            return
        at = member.media_time if member.media_time >= 0 else self.edge
        try:
            self._owner.receive_notice(Notice(member.number, member.person, at, body))
        except MessageError:
            raise
        except Exception:  # a defect of the room is not the viewer's mistake
            logger.exception("a notice to %s was lost", self.name)

    # Events

    def post(self, body: bytes, *, key: str | None = None, history: bool = True) -> None:
        """Sends an event, UTF-8 JSON, to every viewer, stamped with the present media time.

        With a `key` it is the state of that key: every joining viewer gets the latest one. With
        `history` it is one of the last events, which joining viewers get too. Raises ValueError
        for one of over 16 KB.
        """
        if len(body) > EVENT_MAX:
            raise ValueError(f"an event of {len(body)} bytes")
        event = PostedEvent(next(self._event_numbers), self.edge, body, key, history)
        if not self._members:
            self._log.add(event)
            return
        self._pending.append(event)
        self._pending_bytes += len(event.record)
        if self._pending_bytes > PENDING_MAX:
            self._send_events()
        elif self._events_timer is None:
            call_later = self._call_later or asyncio.get_running_loop().call_later
            self._events_timer = call_later(EVENTS_WITHIN, self._send_events)

    def forget(self, key: str) -> None:
        """Viewers that join from now on get no state of this key. Those that are there learn of it
        only from an event.
        """
        self._log.forget(key)
        for event in self._pending:
            if event.key == key:
                event.key = None

    def _take_events(self) -> list[PostedEvent]:
        """The events that wait. From here on they are in the log: a viewer that joined before gets
        them with this message, one that joins later gets them first.
        """
        if self._events_timer:
            self._events_timer.cancel()
            self._events_timer = None
        events, self._pending = self._pending, []
        self._pending_bytes = 0
        for event in events:
            self._log.add(event)
        return events

    def _send_events(self) -> None:
        for reader in self._slots.values():
            self._flush(reader)
        if self._pending:
            self._deliver(event_message(self._take_events(), self.edge))

    # Messages (MessageSink)

    def receive_init(self, slot: SlotReader, info: TrackInfo, message: Message) -> None:
        self._flush(slot)
        for viewer in [*self._with_media, *self._without_media]:
            try:
                viewer.receive_track(info)
            except Exception:  # a viewer must not cost the others a frame
                logger.exception("a viewer of %s was dropped", self.name)
                self.unsubscribe(viewer)
        self._deliver(self._with_events(message))

    def receive_message(self, slot: SlotReader, message: Message) -> None:
        """Sends a message now; or, while the event loop is late, together with the next ones."""
        batch = slot.batch
        if batch and message.key:
            # A batch begins with its keyframe, so that it can be sent or left out as a whole.
            self._flush(slot)
        if not batch and self._pulse.batch <= 1:
            self._deliver(self._with_events(message))
        elif len(batch) + 1 < self._pulse.batch:
            batch.append(message)
        else:
            batch.append(self._with_events(message))
            self._flush(slot)

    def receive_end(self, slot: SlotReader) -> None:
        self.remove_stream(slot.number)

    def _with_events(self, message: Message) -> Message:
        return with_events(message, self._take_events()) if self._pending else message

    def _flush(self, slot: SlotReader) -> None:
        if slot.batch:
            message = merge(slot.batch)
            slot.batch.clear()
            self._deliver(message)

    def _deliver(self, message: Message) -> None:
        for viewer in self._with_media.deliver(message):
            self.unsubscribe(viewer)
        if message.no_media and self._without_media:
            for viewer in self._without_media.deliver(_aside(message)):
                self.unsubscribe(viewer)

    # The end

    def end(self) -> None:
        """Ends the streams for their readers, and the channel for its viewers."""
        self._send_events()
        for slot in list(self._slots):
            self._slots[slot].stream.end()
        for viewer in [*self._with_media, *self._without_media]:
            viewer.end()
        self.close()

    def close(self) -> None:
        """Ends the timer, and lets go of the room: in a circle of references both would stay
        until a full garbage collection.
        """
        if self._events_timer:
            self._events_timer.cancel()
            self._events_timer = None
        self._owner = NoOwner()


class NoOwner:
    """The owner of a channel that has ended."""

    def viewers_changed(self, viewers: int) -> None: ...

    def viewer_left(self, viewer: int) -> None: ...

    def receive_report(self, viewer: int, report: Mapping[str, Any]) -> None: ...

    def receive_notice(self, notice: Notice) -> None:
        raise MessageError("nothing takes this notice")


def _aside(message: Message) -> Message:
    """What viewers without media get of a message."""
    return Message(
        message.no_media,
        b"",
        message.media_time,
        message.publish,
        slot=message.slot,
        vital=True,
        no_media=message.no_media,
        events=message.events,
    )
