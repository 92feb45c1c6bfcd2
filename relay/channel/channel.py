"""A channel sends the media and events of one room to its viewers."""

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
"""Seconds that an event waits for a media message. Then it is sent without one."""
EVENT_MAX = 16 * 1024
"""Maximum bytes of one event."""
PENDING_MAX = 32 * 1024
"""Maximum bytes of events that wait for a media message. Above it they are sent at once."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice of a viewer, except reports."""

    viewer: int
    """The viewer's number in this channel."""
    person: str | None
    """The `person` given to `subscribe`. The relay does not interpret it."""
    media_time: int
    """The media time at the viewer's playback position, µs."""
    body: Mapping[str, Any]
    """The notice: a JSON object with a `type`. Only the type has been checked."""


class ChannelOwner(Protocol):
    """The room of a channel. Called synchronously."""

    def viewers_changed(self, viewers: int) -> None: ...

    def viewer_left(self, viewer: int) -> None:
        """The viewer with this number has left. Numbers are not used again."""

    def receive_report(self, viewer: int, report: Mapping[str, Any]) -> None:
        """Takes a viewer's playback report. Its fields are unchecked."""

    def receive_notice(self, notice: Notice) -> None:
        """Takes any other notice. Raises MessageError if the notice is unknown."""


class Output(Protocol):
    """Serves viewers that get no messages from the channel: WHEP sessions, HLS clients."""

    @property
    def viewers(self) -> int:
        """The number of viewers. The output calls `Channel.viewers_changed` when it changes."""


class Timer(Protocol):
    def cancel(self) -> None: ...


class _Member:
    """A viewer's entry in the channel."""

    __slots__ = ("media_time", "number", "person")

    def __init__(self, number: int, person: str | None) -> None:
        self.number = number
        self.person = person
        self.media_time = -1
        """Media time in the viewer's last report, µs; -1 before the first report."""


class Channel:
    """Sends the media of its streams, one in each slot, and the events of its room to any number of
    viewers.

    Events need no system calls of their own: each event is appended to the next message.
    """

    def __init__(
        self,
        name: str,
        stream: Stream,
        owner: ChannelOwner,
        pulse: Pulse | None = None,
        call_later: Callable[[float, Callable[[], None]], Timer] | None = None,
    ) -> None:
        """`stream` takes slot 0. `call_later` replaces the method of the event loop."""
        self.name = name
        self.id = secrets.token_hex(8)
        """Identifies the channel. Event numbers are unique only within one channel."""
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
        """The stream in slot 0. Its media time is the media time of events."""
        self.add_stream(0, stream)

    # Streams

    def add_stream(self, slot: int, stream: Stream) -> None:
        """Sends this stream to viewers from now on. Raises ValueError if the slot is taken."""
        if slot in self._slots:
            raise ValueError(f"slot {slot} is taken")
        self._slots[slot] = reader = SlotReader(slot, stream, self)
        stream.add_reader(reader)
        if self._members and stream.tracks:
            stream.demand_keyframe()

    def remove_stream(self, slot: int) -> None:
        """Stops sending the stream of this slot. The stream itself continues."""
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
        """The bit rate of all slots together, bit/s."""
        return sum(reader.stream.bitrate for reader in self._slots.values())

    def behind(self, media_time: int) -> int:
        """µs of media between `media_time` and the live edge."""
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
        """The number of all viewers with media, on any transport."""
        return len(self._with_media) + sum(output.viewers for output in self._outputs)

    @property
    def direct_viewers(self) -> int:
        """The number of WebSocket viewers with media."""
        return len(self._with_media)

    @property
    def octets(self) -> int:
        """Bytes written to direct sockets. Viewers count the bytes that they write themselves."""
        return self._with_media.octets + self._without_media.octets

    @property
    def wants_clock(self) -> bool:
        return len(self._without_media) > 0

    def subscribe(
        self, viewer: Viewer, *, person: str | None = None, media: bool = True, after: int = 0
    ) -> list[Message]:
        """Adds a viewer. Returns its first messages: the retained states, the history (events after
        number `after`), the inits, and everything since the last IDR of each slot.

        Without `media` it gets events, inits and the clock, and does not count as a viewer.
        """
        for reader in self._slots.values():
            # The batch is also in the burst and must not reach the new viewer twice.
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
        """Removes a viewer; it gets no further calls. Does nothing if it has left before."""
        member = self._members.pop(viewer, None)
        if member is None:
            return
        self._owner.viewer_left(member.number)
        self._without_media.remove(viewer)
        if self._with_media.remove(viewer):
            self.viewers_changed()

    def open_direct(self, viewer: Viewer, direct: DirectSocket) -> None:
        """Writes the viewer's messages to its socket from now on. When the socket does not accept a
        whole message, the channel calls `send` again.
        """
        self._with_media.open_direct(viewer, direct)
        self._without_media.open_direct(viewer, direct)

    def close_direct(self, viewer: Viewer) -> None:
        """Calls `send` for each message from now on."""
        self._with_media.close_direct(viewer)
        self._without_media.close_direct(viewer)

    def add_output(self, output: Output) -> None:
        """Counts the viewers of `output` from now on."""
        self._outputs[output] = None
        self.viewers_changed()

    def remove_output(self, output: Output) -> None:
        if output in self._outputs:
            del self._outputs[output]
            self.viewers_changed()

    def viewers_changed(self) -> None:
        """The number of viewers has changed."""
        self._owner.viewers_changed(self.viewers)

    # Upstream

    def receive_report(self, viewer: Viewer, report: Mapping[str, Any], media_time: int) -> None:
        """Takes a viewer's playback report. `media_time`: its playback position, µs."""
        if member := self._members.get(viewer):
            member.media_time = media_time
            try:
                self._owner.receive_report(member.number, report)
            except Exception:  # a defect of the room is not the viewer's mistake
                logger.exception("a report to %s was lost", self.name)

    def receive_notice(self, viewer: Viewer, body: Mapping[str, Any]) -> None:
        """Takes any other notice of a viewer. Raises MessageError if the room does not know it."""
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
        """Sends an event (UTF-8 JSON) to every viewer, stamped with the current media time.

        With a `key` the event is the state of that key: every joining viewer gets the latest state.
        With `history` it is also kept among the last events, which joining viewers get. Raises
        ValueError if it is longer than 16 KB.
        """
        if len(body) > EVENT_MAX:
            raise ValueError(f"the event has {len(body)} bytes; the maximum is {EVENT_MAX}")
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
        """Drops the state of this key: viewers that join later do not get it. Present viewers must
        be informed by an event.
        """
        self._log.forget(key)
        for event in self._pending:
            if event.key == key:
                event.key = None

    def _take_events(self) -> list[PostedEvent]:
        """Returns the waiting events and adds them to the log. Viewers that joined before get them
        with this message; viewers that join later get them from the log.
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
        """Sends a message now, or in a batch with the next ones while the event loop is late."""
        batch = slot.batch
        if batch and message.key:
            # A batch starts with its keyframe, so that it can be sent or omitted as a whole.
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
        """Ends the channel for its viewers, and its streams for their readers."""
        self._send_events()
        for slot in list(self._slots):
            self._slots[slot].stream.end()
        for viewer in [*self._with_media, *self._without_media]:
            viewer.end()
        self.close()

    def close(self) -> None:
        """Cancels the timer and drops the reference to the room. Otherwise a reference cycle would
        keep both in memory until a full garbage collection.
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
        raise MessageError("this room has ended")


def _aside(message: Message) -> Message:
    """The part of a message for viewers without media."""
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
