"""A channel sends the media and events of one room to its viewers."""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import Any, Protocol

from relay.channel.event_log import PostedEvent
from relay.channel.event_queue import EventQueue, Timer
from relay.channel.fanout import DirectSocket, Viewer
from relay.channel.follower import Follower
from relay.channel.members import Member, Members
from relay.channel.message import Message, event_message, merge, with_events
from relay.channel.owner import ChannelOwner, NoOwner, Notice
from relay.channel.pulse import Pulse
from relay.channel.slot_reader import SlotReader
from relay.channel.standby import Standbys
from relay.errors import MessageError, Refusal, RefusalCode
from relay.sample import TrackInfo
from relay.stream.stream import STALE, Stream

logger = logging.getLogger(__name__)


ROOM_ENDED = "the room has ended"


class ChannelState(Enum):
    OPEN = "open"
    CLOSED = "closed"
    """The server is shutting down, but the room has not ended."""
    ENDED = "ended"
    """The room has ended."""


class Output(Protocol):
    """Serves viewers that get no messages from the channel, for example WHEP or HLS viewers."""

    @property
    def viewers(self) -> int:
        """The number of viewers of this output. The output calls `Channel.viewers_changed` when
        this number changes.
        """

    @property
    def ranked_viewers(self) -> int:
        """The number of viewers that determines the rank of the room in the list of rooms."""


class Channel:
    """Sends the media of its streams, one stream per slot, and the events of its room to any number
    of viewers.

    An event needs no system call of its own: it is appended to the next message.
    """

    def __init__(
        self,
        name: str,
        stream: Stream,
        owner: ChannelOwner,
        pulse: Pulse | None = None,
        call_later: Callable[[float, Callable[[], None]], Timer] | None = None,
        *,
        copied: bool = False,
    ) -> None:
        """`stream` gets slot 0. `call_later`: a function that is called instead of the event loop's
        `call_later`; if None, the event loop's method is called. `copied`: whether the messages and
        events come from the channel of another server (relay/edge). Then the channel makes no
        messages from samples.
        """
        self.name = name
        self.id = secrets.token_hex(8)
        """Id of the channel. Two channels may use the same event number, so a client needs this id
        to identify an event.
        """
        self.state = ChannelState.OPEN
        self._owner: ChannelOwner = owner
        self._pulse = pulse or Pulse()
        self._outputs: dict[Output, None] = {}
        self._events = EventQueue(self._send_events, call_later or _call_later)
        self._standbys = Standbys(self.keyframes, self.drop, call_later or _call_later)
        self._members = Members(self._standbys)
        self._slots: dict[int, SlotReader] = {}
        self._copied = copied
        self._follower: Follower | None = None
        self.ahead = 0
        """How far the clock of the stream's times is ahead of this machine's clock, µs. Not 0 only
        for the copy of a channel.
        """
        self.stream = stream
        """The stream in slot 0. The media time of an event is the media time of this stream."""
        self.add_stream(0, stream)

    # Streams

    def add_stream(self, slot: int, stream: Stream) -> None:
        """Sends the media of `stream` to viewers from now on. Raises ValueError if the slot is
        taken.
        """
        if slot in self._slots:
            raise ValueError(f"slot {slot} is taken")
        self._slots[slot] = reader = SlotReader(slot, stream, self)
        if not self._copied:
            stream.add_reader(reader)
        if self._members and stream.tracks:
            stream.demand_keyframe()

    def remove_stream(self, slot: int) -> None:
        """Stops sending the media of the stream in this slot. Does not end the stream."""
        reader = self._slots.pop(slot, None)
        if reader:
            self._flush(reader)
            reader.stream.remove_reader(reader)
            if self._follower is not None and self.state is ChannelState.OPEN:
                self._follower.remove_stream(slot)

    @property
    def slots(self) -> Iterator[tuple[int, Stream]]:
        return ((slot, reader.stream) for slot, reader in self._slots.items())

    @property
    def readers(self) -> list[SlotReader]:
        """The slot readers of all slots."""
        return list(self._slots.values())

    def reader(self, slot: int) -> SlotReader | None:
        """Returns the slot reader of a slot; None if the slot is empty."""
        return self._slots.get(slot)

    def now(self) -> int:
        """Returns the present time on the clock of the stream's times: µs since the Unix epoch."""
        return time.time_ns() // 1_000 + self.ahead

    @property
    def edge(self) -> int:
        """The newest media time published in slot 0, µs."""
        return self.stream.edge

    @property
    def bitrate(self) -> float:
        """The bit rate of all slots together, bit/s."""
        return sum(reader.stream.bitrate for reader in self._slots.values())

    @property
    def held(self) -> int:
        """Memory used by the bursts of all slots, bytes."""
        return sum(reader.burst.size for reader in self._slots.values())

    def behind(self, media_time: int) -> int:
        """Returns the duration of the media between `media_time` and the live edge, µs."""
        return self.stream.behind(media_time)

    def demand_keyframes(self) -> None:
        """Demands an IDR from the publisher of each slot."""
        for reader in self._slots.values():
            reader.stream.demand_keyframe()

    def demand_fresh_keyframes(self, now: int, age: int = STALE) -> None:
        """Demands an IDR in each slot that has had no IDR, or whose last IDR is older than `age`
        (µs): by default, too old for a joining viewer. `now`: µs since the Unix epoch.
        """
        for reader in self._slots.values():
            if reader.stream.tracks and reader.burst.empty:
                reader.stream.demand_keyframe()
            else:
                reader.stream.demand_fresh_keyframe(now, age)

    # Viewers

    @property
    def viewers(self) -> int:
        """The number of viewers that get media, over all transports."""
        return self.direct_viewers + sum(output.viewers for output in self._outputs)

    @property
    def ranked_viewers(self) -> int:
        """The number of viewers that determines the rank of the room in the list of rooms."""
        return self.direct_viewers + sum(output.ranked_viewers for output in self._outputs)

    @property
    def direct_viewers(self) -> int:
        """The number of WebSocket viewers that get media."""
        return len(self._members.with_media)

    @property
    def members(self) -> int:
        """The number of viewers that get the channel's messages, with or without media, or are on
        standby.
        """
        return len(self._members)

    @property
    def standbys(self) -> int:
        """The number of viewers on standby. They count in no other number of viewers."""
        return len(self._standbys)

    @property
    def octets(self) -> int:
        """Number of bytes that the channel wrote directly to viewers' sockets. Bytes that viewer
        objects write are not included.
        """
        return self._members.octets

    @property
    def watched(self) -> bool:
        return (
            len(self._members.with_media) > 0
            or len(self._members.without_media) > 0
            or self._follower is not None
        )

    @property
    def wants_clock(self) -> bool:
        return len(self._members.without_media) > 0

    def subscribe(
        self,
        viewer: Viewer,
        *,
        person: str | None = None,
        media: bool = True,
        after: int = 0,
        held: bool = False,
    ) -> list[Message]:
        """Adds a viewer. Returns the viewer's first messages, in this order: those states and past
        events whose event number is above `after`; the init records; all media since the last IDR
        of each slot.

        If `media` is False, the viewer gets only events, init records and clock records, and is not
        counted in `viewers`. If `held` is True, the viewer is on standby: instead of all media, it
        gets the last IDR of each slot. Raises Refusal if the channel is not open.
        """
        match self.state:
            case ChannelState.OPEN:
                pass
            case ChannelState.CLOSED:
                raise Refusal(503, RefusalCode.SERVER_CLOSING, "the server is restarting", 1)
            case ChannelState.ENDED:
                raise Refusal(410, RefusalCode.ROOM_ENDED, ROOM_ENDED)
        for reader in self._slots.values():
            # Send the waiting batch first. The burst already contains this batch, and the new
            # viewer must not get it twice.
            self._flush(reader)
        member = self._members.add(viewer, person, media, held)
        events = self._events.since(after)
        first = [event_message(events, self.edge)] if events else []
        for reader in self._slots.values():
            first += reader.inits.values()
        if held:
            return first + self.keyframes() if media else first
        return first + self._count(member)

    def hold(self, viewer: Viewer) -> None:
        """Puts a viewer on standby: it gets no media until `release`, is not counted as a viewer,
        and gets the events in bundles.
        """
        if self.state is ChannelState.OPEN and (member := self._members.move(viewer, held=True)):
            self._discount(member)

    def release(self, viewer: Viewer) -> list[Message]:
        """Ends the standby of a viewer. Returns what the viewer must get before the live messages:
        the events that waited for it, and all media since the last IDR of each slot.
        """
        for reader in self._slots.values():
            self._flush(reader)  # as in `subscribe`
        member = self._members.move(viewer, held=False)
        return self._standbys.waiting() + self._count(member) if member else []

    def keyframes(self) -> list[Message]:
        """Returns the newest IDR of each slot, with the audio of the same message."""
        found = (reader.burst.keyframe for reader in self._slots.values())
        return [message for message in found if message]

    def _count(self, member: Member) -> list[Message]:
        """Counts a member as a viewer. Returns all media since the last IDR of each slot, if the
        member gets media.
        """
        first: list[Message] = []
        if member.media:
            for reader in self._slots.values():
                first += reader.burst.messages
            self.viewers_changed()
        self._owner.viewer_joined(member.number, member.person, member.media)
        return first

    def _discount(self, member: Member) -> None:
        self._owner.viewer_left(member.number)
        if member.media:
            self.viewers_changed()

    def unsubscribe(self, viewer: Viewer) -> None:
        """Removes a viewer. The channel does not call the viewer afterwards. Does nothing if the
        viewer has already left.
        """
        member = self._members.remove(viewer)
        if member and not member.held:
            self._discount(member)

    def close_person(self, person: str, code: RefusalCode, text: str) -> int:
        """Closes every connection that joined as this person. Returns the number of closed
        connections.
        """
        viewers = self._members.of_person(person)
        for viewer in viewers:
            self._close_viewer(viewer, code, text)
        if self._follower is not None:
            self._follower.close_person(person, code, text)
        return len(viewers)

    def open_direct(self, viewer: Viewer, direct: DirectSocket) -> None:
        """Writes messages for this viewer directly to its socket from now on. After the socket has
        accepted only part of a message, the channel calls the viewer's `send` instead.
        """
        self._members.open_direct(viewer, direct)

    def close_direct(self, viewer: Viewer) -> None:
        """Calls the viewer's `send` for each message from now on, instead of writing to the
        socket.
        """
        self._members.close_direct(viewer)

    def add_output(self, output: Output) -> None:
        """Counts the viewers of `output` as viewers of this channel from now on."""
        self._outputs[output] = None
        self.viewers_changed()

    def remove_output(self, output: Output) -> None:
        if output in self._outputs:
            del self._outputs[output]
            self.viewers_changed()

    def viewers_changed(self) -> None:
        """Tells the owner the current number of viewers. Called after each change of that
        number.
        """
        self._owner.viewers_changed(self.viewers)

    # Reports and notices from viewers

    def receive_report(self, viewer: Viewer, report: Mapping[str, Any], media_time: int) -> None:
        """Takes a viewer's playback report. `media_time`: the viewer's playback position, µs."""
        if member := self._members.get(viewer):
            member.media_time = media_time
            try:
                self._owner.receive_report(member.number, report)
            except Exception:  # the viewer must not suffer from a defect of the room
                logger.exception("channel %s: a report was lost", self.name)

    def receive_notice(self, viewer: Viewer, body: Mapping[str, Any]) -> None:
        """Passes a viewer's notice, other than a report, to the room. Raises MessageError if the
        room does not know this type of notice.
        """
        member = self._members.get(viewer)
        if member is None:
            return
        at = member.media_time if member.media_time >= 0 else self.edge
        try:
            self._owner.receive_notice(Notice(member.number, member.person, at, body))
        except MessageError:
            raise
        except Exception:  # the viewer must not suffer from a defect of the room
            logger.exception("channel %s: a notice was lost", self.name)

    # Events

    def post(self, body: bytes, *, key: str | None = None, history: bool = True) -> None:
        """Sends an event (UTF-8 JSON) to every viewer, with the current media time. Does nothing if
        the channel is not open.

        With a `key`, the event becomes the state of that key. Every joining viewer gets the latest
        state of each key. With `history`, a joining viewer also gets the event if it is among the
        most recent events.

        Raises ValueError, and sends nothing, if a limit is exceeded: 16 KB for the event, 32 keys,
        or 64 KB for all states together.
        """
        if self.state is ChannelState.OPEN:
            wait = len(self._members) > 0
            event = self._events.post(body, self.edge, key, history, wait=wait)
            if self._follower is not None:
                self._follower.receive_event(event)

    def post_copy(self, event: PostedEvent) -> None:
        """Sends an event of another server's channel, unless its number is not above that of the
        last event. Raises ValueError as `post` does.
        """
        if self.state is ChannelState.OPEN and event.sequence > self._events.newest:
            self._events.add(event, wait=len(self._members) > 0)

    @property
    def newest_event(self) -> int:
        """The number of the newest event; 0 before the first event."""
        return self._events.newest

    def go_on(self, channel_id: str, newest_event: int) -> None:
        """Takes over the id and the numbers of the events of another server's channel. Call this
        before the first event.
        """
        self.id = channel_id
        self._events.number_after(newest_event)

    def forget(self, key: str) -> None:
        """Drops the state of a key, so that viewers who join later do not get this state. The
        caller must inform the present viewers with an event.
        """
        self._events.forget(key)
        if self._follower is not None:
            self._follower.forget(key)

    def _send_events(self) -> None:
        """Sends the waiting events. If messages are waiting in batches, sends the batches too, with
        the events at the end of the last batch. Otherwise sends the events in their own message.
        """
        held = [reader for reader in self._slots.values() if reader.batch]
        if held:
            last = held[-1].batch
            last[-1] = self._with_events(last[-1])
        for reader in held:
            self._flush(reader)
        if self._events.pending:
            self._deliver(event_message(self._events.take(), self.edge))

    # Messages from the slot readers (implements MessageSink)

    def receive_init(self, slot: SlotReader, info: TrackInfo, message: Message) -> None:
        self._flush(slot)
        if self._follower is not None:
            self._follower.receive_init(message)
        for viewer in self._members:
            try:
                viewer.receive_track(info)
            except Exception:  # an error of one viewer must not affect the others
                logger.exception("channel %s: a viewer was dropped", self.name)
                self.drop(viewer)
        self._deliver(self._with_events(message))

    def receive_message(self, slot: SlotReader, message: Message) -> None:
        """Sends a message now, or adds the message to a batch while the event loop is late."""
        if self._follower is not None:
            self._follower.receive_message(message)
        batch = slot.batch
        if batch and message.key:
            # A message with a keyframe must be the first of its batch, so that the outbox can send
            # or omit the batch as a whole.
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
        return with_events(message, self._events.take()) if self._events.pending else message

    def _flush(self, slot: SlotReader) -> None:
        if slot.batch:
            message = merge(slot.batch)
            slot.batch.clear()
            self._deliver(message)

    def _deliver(self, message: Message) -> None:
        for viewer in self._members.deliver(message):
            self.drop(viewer)
        if self._standbys:
            self._standbys.receive(message)

    def forget_media(self) -> None:
        """Drops all media that the channel and its streams hold. Viewers who join later get media
        from the next keyframe on.
        """
        for reader in self._slots.values():
            reader.burst.clear()
            reader.stream.window.clear()
        if self._follower is not None:
            self._follower.forget_media()

    # Copies of the channel at other servers (relay/edge)

    def follow(self, follower: Follower) -> None:
        """Passes everything that the channel sends to `follower` too, from now on. It gets media
        messages without events, and each event on its own.
        """
        self._follower = follower

    def unfollow(self) -> None:
        self._follower = None

    def events_since(self, number: int) -> list[PostedEvent]:
        """Returns those states and past events whose event number is above `number`, and the events
        that wait for a message.
        """
        pending = [event for event in self._events.pending if event.sequence > number]
        return self._events.since(number) + pending

    # End of the channel

    def end(self) -> None:
        """Ends the channel with its streams, and closes the connections of all viewers. Does
        nothing if the channel has already ended.
        """
        if self.state is not ChannelState.ENDED:
            self._end(ChannelState.ENDED, RefusalCode.ROOM_ENDED, ROOM_ENDED)

    def move(self) -> None:
        """Ends the channel in this process, because another process goes on with the room. The
        viewers reconnect.
        """
        if self.state is not ChannelState.ENDED:
            self._end(ChannelState.CLOSED, RefusalCode.SERVER_CLOSING, "another server goes on")

    def _end(self, state: ChannelState, code: RefusalCode, text: str) -> None:
        self._send_events()
        self._standbys.flush()
        self.state = state
        for reader in list(self._slots.values()):
            reader.stream.end()
        for viewer in self._members:
            self._close_viewer(viewer, code, text)
        self.close()

    def close(self) -> None:
        """Cancels the timer and drops the reference to the room. Otherwise the channel and the room
        would reference each other, and would stay in memory until a full garbage collection.
        """
        if self.state is ChannelState.OPEN:
            self.state = ChannelState.CLOSED
        self._events.close()
        self._follower = None
        self._standbys.close()
        self._owner = NoOwner()

    def drop(self, viewer: Viewer) -> None:
        """Removes a viewer that raised an exception, and closes its connection. The viewer may
        reconnect.
        """
        self.unsubscribe(viewer)
        self._close_viewer(viewer, RefusalCode.INTERNAL_ERROR, "a defect of the server")

    def _close_viewer(self, viewer: Viewer, code: RefusalCode, text: str) -> None:
        try:
            viewer.close(code, text)
        except Exception:  # the other viewers must still be closed
            logger.exception("channel %s: a viewer could not be closed", self.name)
            self.unsubscribe(viewer)


def _call_later(seconds: float, call: Callable[[], None]) -> Timer:
    return asyncio.get_running_loop().call_later(seconds, call)
